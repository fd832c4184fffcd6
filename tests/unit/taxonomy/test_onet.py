from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.domain.skills import Level, SkillFamily
from ascertain.errors import InputError
from ascertain.taxonomy.formats.onet import load_onet
from ascertain.taxonomy.loaded import LoadedTaxonomy

SOC = "O*NET-SOC Code"
RATED = [SOC, "Element ID", "Element Name", "Scale ID", "Data Value", "Recommend Suppress", "Not Relevant"]


def write(path: Path, rows: list[list[str]]) -> None:
    path.write_text("".join("\t".join(r) + "\n" for r in rows), encoding="utf-8")


def common(folder: Path) -> None:
    write(
        folder / "Occupation Data.txt",
        [[SOC, "Title", "Description"], ["15-1252.00", "Software Developers", 'They "code".'], ["nonsense", "x", "y"]],
    )
    write(
        folder / "Content Model Reference.txt",
        [["Element ID", "Element Name", "Description"], ["2.A.1.a", "Reading", "Understanding sentences."]],
    )


RATINGS = [
    ["15-1252.00", "2.A.1.a", "Reading", "IM", "4.0", "N", ""],
    ["15-1252.00", "2.A.1.a", "Reading", "LV", "4.3", "N", "N"],
    ["15-1252.00", "2.B.1.a", "Social Perceptiveness", "IM", "2.5", "N", ""],
    ["15-1252.00", "2.B.1.b", "Coordination", "IM", "1.5", "N", ""],
    ["15-1252.00", "2.B.1.c", "Persuasion", "IM", "4.0", "Y", ""],
    ["15-1252.00", "2.B.1.d", "Negotiation", "IM", "n/a", "N", ""],
    ["15-1252.00", "2.B.1.d", "Negotiation", "LV", "nine", "N", ""],
    ["99-9999.99", "2.A.1.a", "Reading", "IM", "4.0", "N", ""],
]


@pytest.fixture
def classic(tmp_path: Path) -> Path:
    folder = tmp_path / "db_29_1_text"
    folder.mkdir()
    common(folder)
    write(folder / "Skills.txt", [RATED, *RATINGS])
    write(
        folder / "Technology Skills.txt",
        [
            [SOC, "Example", "Commodity Code", "Commodity Title", "Hot Technology", "In Demand"],
            ["15-1252.00", "C#", "43232402", "Development environment software", "Y", "Y"],
            ["15-1252.00", "C++", "43232402", "Development environment software", "Y", "N"],
            ["15-1252.00", "Email software", "43233501", "Email software", "N", "N"],
            ["15-1252.00", "", "43233501", "Email software", "N", "N"],
        ],
    )
    return folder


@pytest.fixture
def split(tmp_path: Path) -> Path:
    folder = tmp_path / "db_30_3_text"
    folder.mkdir()
    common(folder)
    write(folder / "Essential Skills.txt", [RATED, *(r for r in RATINGS if r[1].startswith("2.A"))])
    write(folder / "Transferable Skills.txt", [RATED, *(r for r in RATINGS if r[1].startswith("2.B"))])
    write(
        folder / "Software Skills.txt",
        [
            [SOC, "Workplace Example", "Element ID", "Element Name", "Hot Technology", "In Demand"],
            ["15-1252.00", "C#", "43232402", "Development environment software", "Y", "Y"],
            ["15-1252.00", "C++", "43232402", "Development environment software", "Y", "N"],
            ["15-1252.00", "Email software", "43233501", "Email software", "N", "N"],
        ],
    )
    return folder


def essence(loaded: LoadedTaxonomy) -> object:
    return sorted((s.id, s.label, s.family) for s in loaded.skills), loaded.job_profiles


def test_both_layouts_read_alike(classic: Path, split: Path) -> None:
    a, b = load_onet(classic), load_onet(split)
    assert essence(a) == essence(b)
    assert (a.release, b.release) == ("29.1", "30.3")


def test_skills_technologies_and_their_commodities(classic: Path) -> None:
    skills = {s.id: s for s in load_onet(classic).skills}
    assert skills["2.A.1.a"].definition == "Understanding sentences."
    assert skills["2.A.1.a"].family is SkillFamily.DURABLE
    assert skills["tech:c-sharp"].label == "C#"
    assert skills["tech:c-plus-plus"].broader == ("43232402",)
    assert skills["tech:c-plus-plus"].family is SkillFamily.FAST
    assert skills["43233501"].label == "Email software"
    assert "tech:email-software" not in skills


def test_ratings_become_requirements(classic: Path) -> None:
    (profile,) = load_onet(classic).job_profiles
    asked = {r.skill_id: (r.importance, r.level, r.essential) for r in profile.requirements}
    assert asked == {
        "2.A.1.a": (0.75, Level.ADVANCED, True),
        "2.B.1.a": (0.375, Level.PRACTITIONER, False),
        "tech:c-sharp": (0.6, Level.PRACTITIONER, True),
        "tech:c-plus-plus": (0.4, Level.FOUNDATION, False),
        "43233501": (0.2, Level.FOUNDATION, False),
    }


def test_bad_rows_are_named(classic: Path) -> None:
    found = {(p.file, p.line, p.field) for p in load_onet(classic).problems}
    assert found == {
        ("Occupation Data.txt", 3, SOC),
        ("Skills.txt", 8, "Data Value"),
        ("Skills.txt", 9, SOC),
        ("Technology Skills.txt", 5, "Example"),
    }


def test_a_folder_without_skills_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Essential Skills\.txt"):
        load_onet(tmp_path)
