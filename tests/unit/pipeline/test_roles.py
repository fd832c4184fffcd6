"""Job profiles from files: what is shipped is read, what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ascertain.errors import InputError
from ascertain.pipeline.roles import read_roles

GOOD: dict[str, Any] = {
    "id": "analyst",
    "title": "Data Analyst",
    "department": "Data",
    "summary": "Answers questions with data, every day.",
    "family": "Data",
    "onet": "15-2051.01",
    "requirements": [
        {"skill": "sql", "level": 3, "importance": 1.0, "essential": True, "critical": True, "why": "Most questions."},
        {"skill": "python", "level": 2, "importance": 0.5, "essential": False, "why": "Some questions."},
    ],
}


def _write(folder: Path, name: str, **changes: Any) -> None:
    kept = {k: v for k, v in (GOOD | changes).items() if v is not None}
    (folder / name).write_text(json.dumps(kept), encoding="utf-8")


def test_the_shipped_profiles_are_read() -> None:
    profiles = read_roles()
    assert len(profiles) >= 10
    assert [p.id for p in profiles] == sorted(p.id for p in profiles)
    assert all(p.requirements for p in profiles)


def test_a_profile_is_read_whole(tmp_path: Path) -> None:
    _write(tmp_path, "a.json")
    (profile,) = read_roles(tmp_path)
    assert (profile.id, profile.title, profile.department) == ("analyst", "Data Analyst", "Data")
    assert profile.references == {"onet": "15-2051.01"}
    first, second = profile.requirements
    assert (first.skill_id, int(first.level), first.importance, first.essential, first.critical) == (
        "sql",
        3,
        1.0,
        True,
        True,
    )
    assert (second.essential, second.critical) == (False, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "(top)"),
        ({"title": 7}, "title"),
        ({"colour": "red"}, "(top)"),
        ({"requirements": []}, "requirements"),
        ({"requirements": [GOOD["requirements"][0] | {"level": 6}]}, "requirements.0.level"),
        ({"requirements": [*GOOD["requirements"], GOOD["requirements"][0] | {"skill": "X Y"}]}, "requirements.2.skill"),
        ({"requirements": [*GOOD["requirements"], GOOD["requirements"][0]]}, "requirements.2.skill"),
        ({"requirements": [GOOD["requirements"][0] | {"importance": 1.5}]}, "requirements.0.importance"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_field(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    _write(tmp_path, "a-good.json")
    _write(tmp_path, "b-bad.json", id="other", **changes)
    with pytest.raises(InputError) as caught:
        read_roles(tmp_path)
    assert (caught.value.where, caught.value.field) == ("b-bad.json", field)


def test_an_id_that_stands_twice_names_both_files(tmp_path: Path) -> None:
    _write(tmp_path, "a.json")
    _write(tmp_path, "b.json")
    with pytest.raises(InputError, match=r"b\.json, field 'id': the id 'analyst' stands in a\.json"):
        read_roles(tmp_path)


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b'{\n "id": }', "bad.json:2"),
        (b"\xff\xfe{", "bad.json"),
        (json.dumps(GOOD).replace("0.5", "NaN").encode(), "bad.json"),
        (b"[]", "bad.json"),
    ],
)
def test_what_is_no_profile_at_all_is_named(tmp_path: Path, raw: bytes, where: str) -> None:
    (tmp_path / "bad.json").write_bytes(raw)
    with pytest.raises(InputError) as caught:
        read_roles(tmp_path)
    assert caught.value.where == where


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no"):
        read_roles(tmp_path)
    with pytest.raises(InputError, match="holds no"):
        read_roles(tmp_path / "missing")
