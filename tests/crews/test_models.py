from __future__ import annotations

from pathlib import Path

import pytest

from agents.brains.models import ROLES, EndpointConfig, read_models
from ascertain.errors import ConfigError
from crews.learner import build

GOOD = """
version: "1"
brains:
  embedded: {kind: embedded}
  fast: {kind: openai, model: m, base_url: "http://127.0.0.1:1/v1"}
teams:
  mixed: {default: embedded, reviewer: fast}
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "models.yaml"
    file.write_text(text)
    return file


def test_a_team_names_a_brain_for_each_role(tmp_path: Path) -> None:
    team = read_models(written(tmp_path, GOOD)).team("mixed")
    assert tuple(team) == ROLES
    assert [c.kind for c in team.values()] == ["embedded"] * 4 + ["openai"]


def test_a_brain_may_stand_for_a_team(tmp_path: Path) -> None:
    assert {c.kind for c in read_models(written(tmp_path, GOOD)).team("fast").values()} == {"openai"}


def test_the_shipped_file_is_valid_and_defaults_to_embedded() -> None:
    models = read_models()
    assert {c.kind for c in models.team("embedded").values()} == {"embedded"}
    assert build().brain_version == build("embedded").brain_version
    for name in (*models.teams, *models.brains):
        assert models.team(name)


def test_an_unknown_brain_is_named_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"nonsense.*\n.*embedded"):
        build("nonsense")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("model: m,", "", "brains.fast.openai.model"),
        ("model: m,", "model: m, modle: x,", "modle"),
        ("http://127.0.0.1:1/v1", "file:///etc/passwd", "base_url"),
        ("kind: openai", "kind: magic", "brains.fast"),
        ("model: m,", "model: m, timeout_s: 0,", "timeout_s"),
        ("model: m,", "model: m, api_key_env: sk-secret-value,", "api_key_env"),
        ("reviewer: fast", "reviewer: slow", "slow"),
        ("reviewer: fast", "boss: fast", "boss"),
        ("default: embedded, ", "", "default"),
        ("brains:", "brains: [", "valid YAML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        read_models(written(tmp_path, GOOD.replace(old, new, 1)))
    assert field in str(caught.value)
    assert "sk-secret-value" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"models\.yaml"):
        read_models(tmp_path / "models.yaml")


def test_what_shapes_an_answer_is_in_the_version() -> None:
    one = EndpointConfig(kind="openai", model="m")
    assert one.version == EndpointConfig(kind="openai", model="m", timeout_s=5, api_key_env="K").version
    assert one.version != EndpointConfig(kind="openai", model="m", temperature=0.5).version
    assert one.version != EndpointConfig(kind="openai", model="n").version
