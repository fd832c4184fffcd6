from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ascertain.domain.evidence import EvidenceKind
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.rollout_file import read_rollout

SHIPPED = (CONFIG_DIR / "rollout.yaml").read_text()
EXAMPLE = re.sub(r"(?m)^# ?(?=pilots:|  )", "", SHIPPED).replace("enabled: false\npilots: []", "enabled: true")


def written(folder: Path, text: str) -> Path:
    file = folder / "rollout.yaml"
    file.write_text(text)
    return file


def test_as_shipped_no_rollout_is_in_force() -> None:
    assert read_rollout().enabled is False
    assert read_rollout().pilots == ()


def test_the_documented_example_is_a_good_one(tmp_path: Path) -> None:
    (pilot,) = read_rollout(written(tmp_path, EXAMPLE)).pilots
    assert (pilot.id, set(pilot.cohort.units), len(pilot.phases)) == ("cloud-berlin", {"engineering"}, 3)
    assert pilot.domain.under == {"cloud-computing"}
    assert EvidenceKind.TICKET not in (pilot.phases[0].kinds or ())
    assert pilot.phases[2].connections is None
    assert pilot.phases[2].kinds is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("units: [Engineering]", "units: []", r"pilots\.0\.cohort: .*names nobody"),
        ("units: [Engineering]", "unit: [Engineering]", r"pilots\.0\.cohort\.unit: Extra"),
        (
            "kinds: [completion, assessment, certification, badge]\n",
            "kinds: [vibes]\n",
            r"pilots\.0\.phases\.0\.kinds\.0: .*'comp",
        ),
        ("id: cloud-berlin", "id: Cloud Berlin", r"pilots\.0\.id: String should match"),
        ("ends: 2027-04-30", "ends: 2026-04-30", r"pilots\.0: .*before it starts"),
        ("under: [cloud-computing]", "under: []", r"stop"),
        ("go_accuracy: 0.8", "go_accuracy: 0.5", r"verdict: .*stop_accuracy must be below"),
        ("manual_minutes: [10, 25]", "manual_minutes: [25, 10]", r"verdict: .*from least to most"),
        ("manual_minutes: [10, 25]", "manual_minutes: 10", r"verdict\.manual_minutes: "),
        ("least_decisions: 30", "least_decisions: many", r"verdict\.least_decisions: "),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in EXAMPLE
    text = EXAMPLE.replace(old, new, 1)
    if says == "stop":
        text = text.replace("only: [terraform]", "only: []")
        says = r"pilots\.0\.skills: .*names no skill"
    with pytest.raises(ConfigError) as e:
        read_rollout(written(tmp_path, text))
    found = re.search(rf"rollout\.yaml:(\d+): {says}", str(e.value))
    assert found, str(e.value)
    line = text.splitlines()[int(found[1]) - 1]
    wanted = says.replace("\\", "").split(":")[0].split(".")
    key = next(w for w in reversed(wanted) if not w.isdigit())
    assert key in line or line.lstrip().startswith("- "), f"{key!r} is not in {line!r}"


def test_enabled_without_pilots_would_touch_nobody(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="would touch nobody"):
        read_rollout(written(tmp_path, SHIPPED.replace("enabled: false", "enabled: true")))


def test_two_pilots_of_one_name_are_refused(tmp_path: Path) -> None:
    doc = yaml.safe_load(EXAMPLE)
    doc["pilots"] *= 2
    with pytest.raises(ConfigError, match="two pilots have the id cloud-berlin"):
        read_rollout(written(tmp_path, yaml.safe_dump(doc)))


def test_text_that_is_no_yaml_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the rollout rollout\.yaml: (.|\n)*line 3"):
        read_rollout(written(tmp_path, "enabled: true\npilots: [\n"))
