from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascertain.domain.skills import Level, SkillFamily
from ascertain.errors import ConfigError, InputError
from ascertain.taxonomy.formats.custom import load_custom

DEFINITION = "Growing, cutting and selling flowers in a shop or on a market."


def skill(id_: str, **more: object) -> dict[str, object]:
    return {
        "id": id_,
        "label": id_.title(),
        "kind": "skill",
        "family": "technical",
        "synonyms": [],
        "definition": DEFINITION,
        **more,
    }


def write(path: Path, doc: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(doc, indent=1), encoding="utf-8")


def test_reads_skills_and_job_profiles(tmp_path: Path, config_dir: Path) -> None:
    write(
        tmp_path / "a.json",
        {"domain": "Flowers", "skills": [skill("roses", synonyms=["rose care"]), skill("tulips", broader=["roses"])]},
    )
    write(
        tmp_path / "roles" / "florist.json",
        {
            "id": "florist",
            "title": "Florist",
            "department": "Shop",
            "summary": "Sells flowers all day long.",
            "family": "Shop",
            "requirements": [
                {
                    "skill": "roses",
                    "level": 3,
                    "importance": 0.9,
                    "essential": True,
                    "critical": True,
                    "why": "Sells them.",
                }
            ],
        },
    )
    loaded = load_custom(tmp_path, schemas=config_dir / "schemas", name="flowers")
    assert loaded.problems == ()
    assert {s.id: s.synonyms for s in loaded.skills} == {"roses": ("rose care",), "tulips": ()}
    (profile,) = loaded.job_profiles
    (asked,) = profile.requirements
    assert (asked.skill_id, asked.level, asked.importance, asked.critical) == ("roses", Level.PRACTITIONER, 0.9, True)


def test_bad_skills_are_named_with_file_line_and_field_and_the_rest_is_read(tmp_path: Path, config_dir: Path) -> None:
    write(
        tmp_path / "a.json",
        {
            "domain": "Flowers",
            "skills": [
                skill("roses"),
                skill("tulips", kind="talent"),
                skill("roses", label="Other"),
                skill("lilies", label="ROSES"),
                skill("ferns", related=["moss"]),
                "text",
            ],
        },
    )
    (tmp_path / "b.json").write_text('{"domain": "x",\n "skills": [}', encoding="utf-8")
    write(tmp_path / "c.json", {"domain": "No skills"})
    loaded = load_custom(tmp_path, schemas=config_dir / "schemas")
    assert sorted(s.id for s in loaded.skills) == ["ferns", "roses"]
    assert next(s for s in loaded.skills if s.id == "ferns").related == ()
    fields = {(p.file, p.field) for p in loaded.problems}
    assert fields == {
        ("a.json", "kind"),
        ("a.json", "id"),
        ("a.json", "label"),
        ("a.json", "(whole)"),
        ("b.json", ""),
        ("c.json", "skills"),
        (tmp_path.name, "broader/related"),
    }
    text = (tmp_path / "a.json").read_text(encoding="utf-8").splitlines()
    at_kind = next(p for p in loaded.problems if p.field == "kind")
    assert '"tulips"' in text[at_kind.line - 1]
    assert next(p for p in loaded.problems if p.file == "b.json").line == 2


def test_bad_requirements_are_left_out(tmp_path: Path, config_dir: Path) -> None:
    write(tmp_path / "a.json", {"domain": "Flowers", "skills": [skill("roses")]})
    asked = {"level": 3, "importance": 0.9, "essential": True, "why": "Sells them."}
    role = {
        "id": "florist",
        "title": "Florist",
        "department": "Shop",
        "summary": "Sells flowers all day long.",
        "family": "Shop",
    }
    write(
        tmp_path / "roles" / "a.json",
        {
            **role,
            "requirements": [{"skill": "roses", **asked}, {"skill": "moss", **asked}, {"skill": "roses", **asked}],
        },
    )
    write(
        tmp_path / "roles" / "b.json",
        {**role, "id": "gardener", "requirements": [{"skill": "roses", **asked, "level": 9}]},
    )
    loaded = load_custom(tmp_path, schemas=config_dir / "schemas")
    assert [(p.id, len(p.requirements)) for p in loaded.job_profiles] == [("florist", 1)]
    assert {p.field for p in loaded.problems} == {
        "requirements.1.skill",
        "requirements.2.skill",
        "requirements.0.level",
    }


def test_csv(tmp_path: Path, config_dir: Path) -> None:
    file = tmp_path / "skills.csv"
    file.write_text(
        "\ufefflabel,id,synonyms,family,kind\n"
        "Roses,roses,rose care | roses | Rosa,durable,knowledge\n"
        "Tulips,tulips,,,\n"
        ",nameless,,,\n"
        "Ferns,ferns,,eternal,\n"
        "Moss,moss,,,talent\n"
        "Roses II,roses,,,\n"
        "short,row\n",
        encoding="utf-8",
    )
    loaded = load_custom(file, schemas=config_dir / "schemas")
    roses, tulips = loaded.skills
    assert roses.synonyms == ("rose care", "roses", "Rosa")
    assert (roses.family, roses.kind) == (SkillFamily.DURABLE, "knowledge")
    assert (tulips.family, tulips.kind) == (SkillFamily.PROFESSIONAL, "skill")
    assert [(p.line, p.field) for p in loaded.problems] == [
        (4, "label"),
        (5, "family"),
        (6, "kind"),
        (7, "id"),
        (8, ""),
    ]


def test_nothing_usable_is_an_error(tmp_path: Path, config_dir: Path) -> None:
    with pytest.raises(InputError, match="no usable skill"):
        load_custom(tmp_path, schemas=config_dir / "schemas")
    with pytest.raises(InputError, match="neither a folder"):
        load_custom(tmp_path / "x.xlsx", schemas=config_dir / "schemas")


def test_a_missing_schema_is_a_configuration_error(tmp_path: Path) -> None:
    write(tmp_path / "a.json", {"domain": "Flowers", "skills": [skill("roses")]})
    with pytest.raises(ConfigError, match=r"taxonomy\.schema\.json"):
        load_custom(tmp_path, schemas=tmp_path / "none")
