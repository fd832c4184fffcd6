from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest

from ascertain.domain.skills import Level, SkillFamily
from ascertain.errors import InputError
from ascertain.taxonomy.formats.esco import load_esco

S = "http://data.europa.eu/esco/skill/"
OCC = "http://data.europa.eu/esco/occupation/"
SKILL_COLUMNS = [
    "conceptUri",
    "skillType",
    "reuseLevel",
    "preferredLabel",
    "altLabels",
    "hiddenLabels",
    "status",
    "modifiedDate",
    "description",
]


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as f:
        csv.writer(f).writerows([header, *rows])


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "ESCO dataset - v1.2.0"
    folder.mkdir()
    write(
        folder / "skills_en.csv",
        SKILL_COLUMNS,
        [
            [
                S + "1",
                "knowledge",
                "sector-specific",
                "Haskell",
                "Haskell\nHaskell 98\nhaskell techniques",
                "",
                "released",
                "2022-01-02T00",
                "A  language\nfor programs.",
            ],
            [
                S + "2",
                "skill/competence",
                "cross-sector",
                "manage staff",
                "lead staff | direct personnel",
                "",
                "released",
                "",
                "",
            ],
            [S + "3", "skill/competence", "transversal", "think critically", "", "crit. thinking", "released", "", ""],
            [S + "4", "skill/competence", "sector-specific", "use spreadsheets", "", "", "released", "", ""],
            ["not a uri", "knowledge", "", "broken", "", "", "released", "", ""],
            [S + "6", "knowledge", "", "", "", "", "released", "", ""],
            [S + "1", "knowledge", "", "Haskell again", "", "", "released", "", ""],
            [S + "7", "knowledge", "", "old", "", "", "obsolete", "", ""],
            [S + "8", "too few"],
        ],
    )
    write(folder / "digitalSkillsCollection_en.csv", ["conceptUri"], [[S + "1"], [S + "4"]])
    write(
        folder / "broaderRelationsSkillPillar.csv",
        ["conceptUri", "broaderUri"],
        [[S + "4", S + "2"], [S + "4", S + "group"]],
    )
    write(
        folder / "occupations_en.csv",
        ["conceptUri", "preferredLabel", "iscoGroup", "description"],
        [[OCC + "a", "programmer", "2512", "Writes."], [OCC + "b", "idle", "1", ""], ["x", "bad", "", ""]],
    )
    write(
        folder / "occupationSkillRelations.csv",
        ["occupationUri", "relationType", "skillUri"],
        [
            [OCC + "a", "optional", S + "1"],
            [OCC + "a", "essential", S + "1"],
            [OCC + "a", "optional", S + "2"],
            [OCC + "a", "maybe", S + "2"],
            [OCC + "z", "essential", S + "2"],
            [OCC + "a", "essential", S + "99"],
        ],
    )
    return folder


def test_reads_skills_with_their_synonyms_and_families(release: Path) -> None:
    skills = {s.id.rpartition("/")[2]: s for s in load_esco(release).skills}
    assert sorted(skills) == ["1", "2", "3", "4"]
    assert skills["1"].synonyms == ("Haskell 98", "haskell techniques")
    assert skills["1"].definition == "A language for programs."
    assert skills["2"].synonyms == ("lead staff", "direct personnel")
    assert skills["3"].synonyms == ("crit. thinking",)
    assert [skills[k].family for k in "1234"] == [
        SkillFamily.FAST,
        SkillFamily.PROFESSIONAL,
        SkillFamily.DURABLE,
        SkillFamily.TECHNICAL,
    ]
    assert skills["4"].broader == (S + "2",)
    assert skills["1"].kind == "knowledge"


def test_occupations_become_job_profiles(release: Path) -> None:
    loaded = load_esco(release)
    assert [p.title for p in loaded.job_profiles] == ["programmer"]
    asked = {r.skill_id: (r.importance, r.level, r.essential) for r in loaded.job_profiles[0].requirements}
    assert asked == {S + "1": (1.0, Level.PRACTITIONER, True), S + "2": (0.4, Level.FOUNDATION, False)}
    assert loaded.job_profiles[0].references["isco"] == "2512"


def test_every_bad_row_is_named_and_the_line_is_where_the_row_begins(release: Path) -> None:
    found = {(p.file, p.line, p.field) for p in load_esco(release).problems}
    # Line 2's row spans four lines, because its cells hold line breaks.
    assert found == {
        ("skills_en.csv", 9, "conceptUri"),
        ("skills_en.csv", 10, "preferredLabel"),
        ("skills_en.csv", 11, "conceptUri"),
        ("skills_en.csv", 12, "status"),
        ("skills_en.csv", 13, ""),
        ("occupations_en.csv", 4, "conceptUri"),
        ("occupationSkillRelations.csv", 5, "relationType"),
        ("occupationSkillRelations.csv", 6, "occupationUri"),
        ("occupationSkillRelations.csv", 7, "skillUri"),
    }


def test_a_zip_reads_like_its_folder_and_names_the_release(release: Path, tmp_path: Path) -> None:
    archive = tmp_path / "ESCO dataset - v1.2.0 - csv.zip"
    with zipfile.ZipFile(archive, "w") as z:
        for f in release.iterdir():
            z.write(f, f"inner/{f.name}")
    from_zip, from_folder = load_esco(archive), load_esco(release)
    assert from_zip == from_folder
    assert from_zip.release == "1.2.0"


def test_skills_alone_are_a_taxonomy(release: Path) -> None:
    for f in release.iterdir():
        if f.name != "skills_en.csv":
            f.unlink()
    loaded = load_esco(release)
    assert len(loaded.skills) == 4
    assert loaded.job_profiles == ()


def test_a_missing_column_file_or_folder_is_an_error_with_a_remedy(release: Path, tmp_path: Path) -> None:
    write(release / "skills_en.csv", ["conceptUri", "label"], [])
    with pytest.raises(InputError, match="preferredLabel") as wrong:
        load_esco(release)
    assert wrong.value.remedy
    with pytest.raises(InputError, match=r"skills_de\.csv"):
        load_esco(release, language="de")
    with pytest.raises(InputError, match="does not exist"):
        load_esco(tmp_path / "nowhere")


def test_a_file_that_is_not_utf8_is_an_error(release: Path) -> None:
    (release / "skills_en.csv").write_bytes(b"conceptUri,preferredLabel\n" + (S + "1").encode() + b",caf\xe9\n")
    with pytest.raises(InputError, match="UTF-8"):
        load_esco(release)
