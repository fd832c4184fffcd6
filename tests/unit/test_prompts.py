"""The prompt files: strict, constant, versioned; every agent and task of the learner crew is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.prompts import read_prompts

AGENTS = """\
analyst:
  role: Analyst
  goal: Find gaps
  backstory: Careful
"""
TASKS = """\
analyse:
  agent: analyst
  description: Say what is missing
  expected_output: A list
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with both files, small and right."""
    (tmp_path / "agents.yaml").write_text(AGENTS)
    (tmp_path / "tasks.yaml").write_text(TASKS)
    return tmp_path


def test_the_shipped_prompts_name_the_five_agents() -> None:
    prompts = read_prompts()
    five = {"evidence_collector", "taxonomy_mapper", "gap_analyst", "learning_path_curator", "reviewer"}
    assert five <= set(prompts.agents)
    assert five <= {t.agent for t in prompts.tasks.values()}
    for agent in prompts.agents.values():
        assert agent.role.strip()
        assert agent.goal.strip()
        assert agent.backstory.strip()
    for task in prompts.tasks.values():
        assert task.description.strip()
        assert task.expected_output.strip()


def test_the_shipped_prompts_hold_nothing_that_crewai_would_substitute() -> None:
    for file in ("agents.yaml", "tasks.yaml"):
        text = (CONFIG_DIR / file).read_text(encoding="utf-8")
        assert not re.search(r"\{[A-Za-z_]\w*\}", text)


def test_both_files_are_read(folder: Path) -> None:
    prompts = read_prompts(folder)
    assert prompts.agents["analyst"].goal == "Find gaps"
    assert prompts.tasks["analyse"].agent == "analyst"


@pytest.mark.parametrize("file", ["agents.yaml", "tasks.yaml"])
def test_the_version_follows_both_files(folder: Path, file: str) -> None:
    before = read_prompts(folder).version
    assert read_prompts(folder).version == before
    path = folder / file
    path.write_text(path.read_text().replace("a", "ä", 1).replace("änalys", "analys", 1) + "# a remark\n")
    assert read_prompts(folder).version != before


@pytest.mark.parametrize("file", ["agents.yaml", "tasks.yaml"])
@pytest.mark.parametrize("hole", ["{name}", "{learner_id}", "{X1}"])
def test_a_placeholder_is_refused(folder: Path, file: str, hole: str) -> None:
    path = folder / file
    path.write_text(path.read_text().replace("Find gaps", f"Find {hole}").replace("missing", hole))
    with pytest.raises(ConfigError, match=rf"{file}: placeholder {re.escape(hole)} is not allowed") as e:
        read_prompts(folder)
    assert "tool" in (e.value.remedy or "")


@pytest.mark.parametrize("braces", ["{ not a hole }", "{}", "{1}", '{"json": 1}'])
def test_other_braces_are_fine(folder: Path, braces: str) -> None:
    (folder / "tasks.yaml").write_text(TASKS.replace("A list", f"'A list {braces}'"))
    assert braces in read_prompts(folder).tasks["analyse"].expected_output


def test_a_task_of_an_unknown_agent_is_named(folder: Path) -> None:
    (folder / "tasks.yaml").write_text(TASKS.replace("agent: analyst", "agent: ghost"))
    with pytest.raises(ConfigError, match=r"tasks\.yaml: analyse\.agent: there is no agent 'ghost'"):
        read_prompts(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("agents.yaml", "  goal: Find gaps\n", "", r"agents\.yaml: analyst\.goal: Field required"),
        ("agents.yaml", "Careful", "Careful\n  mood: good", r"agents\.yaml: analyst\.mood: Extra inputs"),
        ("tasks.yaml", "A list", "[1, 2]", r"tasks\.yaml: analyse\.expected_output: Input should be a valid string"),
        ("agents.yaml", "analyst:", "analyst: [", r"agents\.yaml is not valid YAML"),
        ("agents.yaml", AGENTS, "", r"agents\.yaml: "),
    ],
)
def test_a_malformed_file_is_named_with_its_field(folder: Path, file: str, old: str, new: str, says: str) -> None:
    path = folder / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=says):
        read_prompts(folder)


@pytest.mark.parametrize("file", ["agents.yaml", "tasks.yaml"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ConfigError, match=rf"cannot read {file}: No such file"):
        read_prompts(folder)


@pytest.mark.parametrize("file", ["agents.yaml", "tasks.yaml"])
def test_a_file_that_is_not_text_is_named(folder: Path, file: str) -> None:
    (folder / file).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=file):
        read_prompts(folder)
