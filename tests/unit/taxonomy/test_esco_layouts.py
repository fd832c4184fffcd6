"""ESCO releases as their columns and archives are documented: 1.1 in one folder, 1.2 as a zip a language."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ascertain.domain.skills import SkillFamily
from ascertain.errors import InputError
from ascertain.taxonomy.formats.esco import load_esco

S = "http://data.europa.eu/esco/skill/"
OCC = "http://data.europa.eu/esco/occupation/"
SKILLS = (
    "conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,hiddenLabels,status,modifiedDate,scopeNote,"
    "definition,inScheme,description"
)
OCCUPATIONS = (
    "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,hiddenLabels,status,modifiedDate,"
    "regulatedProfessionNote,scopeNote,definition,inScheme,description,code"
)
COLLECTION = (
    "conceptType,conceptUri,preferredLabel,status,skillType,reuseLevel,altLabels,description,broaderConceptUri,"
    "broaderConceptPT"
)
BROADER = "conceptType,conceptUri,broaderType,broaderUri"
RELATED = "originalSkillUri,originalSkillType,relationType,relatedSkillType,relatedSkillUri"
ASKED = "occupationUri,relationType,skillType,skillUri"
ASKED_LABELLED = "occupationUri,occupationLabel,relationType,skillType,skillUri,skillLabel"
LABELS = {
    "en": (["program in Haskell", "write in Haskell\nHaskell development"], ["manage", "lead staff"], "programmer"),
    "de": (["in Haskell programmieren", "Haskell-Entwicklung\nmit Haskell arbeiten"], ["führen", ""], "Programmierer"),
}


def table(header: str, *rows: Sequence[str], crlf: bool = False, bom: bool = False) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n" if crlf else "\n").writerows([header.split(","), *rows])
    return (b"\xef\xbb\xbf" if bom else b"") + text.getvalue().encode("utf-8")


def row(header: str, **cells: str) -> list[str]:
    names = header.split(",")
    assert set(cells) <= set(names), "no such column"
    return [cells.get(n, "") for n in names]


def files(language: str, *, newest: bool, crlf: bool = False, bom: bool = False) -> dict[str, bytes]:
    """A release of two skills and an occupation; ``newest``: as 1.2.1, where every file names its language."""
    first, second, job = LABELS[language]
    occupations = OCCUPATIONS + (",naceCode" if newest else "")
    asked = ASKED_LABELLED if newest else ASKED
    suffix = f"_{language}" if newest else ""

    def made(header: str, *rows: Mapping[str, str]) -> bytes:
        return table(header, *(row(header, **r) for r in rows), crlf=crlf, bom=bom)

    skill = {"conceptType": "KnowledgeSkillCompetence", "status": "released", "inScheme": f"{S}a,\n{S}b"}
    return {
        f"skills_{language}.csv": made(
            SKILLS,
            skill
            | {"conceptUri": S + "1", "skillType": "knowledge", "reuseLevel": "sector-specific"}
            | {"preferredLabel": first[0], "altLabels": first[1], "modifiedDate": "2024-01-25T11:28:50.295Z"}
            | {"description": 'A "lazy"\nlanguage, typed.'},
            skill
            | {"conceptUri": S + "2", "skillType": "skill/competence", "reuseLevel": "cross-sector"}
            | {"preferredLabel": second[0], "altLabels": second[1], "modifiedDate": "2023-11-30T15:53:37.136Z"},
            skill
            | {"conceptUri": S + "3", "skillType": "skill/competence", "reuseLevel": "cross-sector"}
            | {"preferredLabel": f"Hungarian ({language})"},
        ),
        f"occupations_{language}.csv": made(
            occupations,
            {"conceptType": "Occupation", "conceptUri": OCC + "a", "iscoGroup": "2512", "preferredLabel": job}
            | {"status": "released", "description": "Writes.", "code": "2512.1"},
        ),
        f"occupationSkillRelations{suffix}.csv": made(
            asked,
            {"occupationUri": OCC + "a", "relationType": "essential", "skillType": "knowledge", "skillUri": S + "1"},
            {"occupationUri": OCC + "a", "relationType": "optional", "skillType": "knowledge", "skillUri": S + "2"},
        ),
        f"broaderRelationsSkillPillar{suffix}.csv": made(
            BROADER,
            {"conceptType": "KnowledgeSkillCompetence", "conceptUri": S + "1"}
            | {"broaderType": "SkillGroup", "broaderUri": "http://data.europa.eu/esco/isced-f/0613"},
            {"conceptType": "KnowledgeSkillCompetence", "conceptUri": S + "1", "broaderUri": S + "2"},
        ),
        f"skillSkillRelations{suffix}.csv": made(
            RELATED, {"originalSkillUri": S + "1", "relationType": "optional", "relatedSkillUri": S + "2"}
        ),
        f"digitalSkillsCollection_{language}.csv": made(
            COLLECTION, {"conceptUri": S + "1", "preferredLabel": first[0], "altLabels": "a | b"}
        ),
        f"languageSkillsCollection_{language}.csv": made(COLLECTION, {"conceptUri": S + "3"}),
        f"greenSkillsCollection_{language}.csv": made(COLLECTION, {"conceptUri": S + "2"}),
        f"skillGroups_{language}.csv": made("conceptType,conceptUri,preferredLabel", {"conceptUri": S + "group"}),
    }


def put(folder: Path, parts: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in parts.items():
        (folder / name).write_bytes(data)
    return folder


def zipped(file: Path, top: str, parts: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in parts.items():
            z.writestr(f"{top}/{name}", data)
            z.writestr(f"__MACOSX/{top}/{name}", b"\x00\x05\x16\x07 attributes of a Mac")
    return file


def test_every_layout_reads_alike(tmp_path: Path) -> None:
    folder = load_esco(put(tmp_path / "ESCO dataset - v1.1.1", files("en", newest=False)))
    top = "ESCO dataset - v1.2.1 - classification - en - csv"
    archive = zipped(tmp_path / f"{top}.zip", top, files("en", newest=True, crlf=True, bom=True))
    newest = load_esco(archive)
    assert newest.problems == folder.problems == ()
    assert newest.skills == folder.skills
    assert newest.job_profiles == folder.job_profiles
    assert (folder.release, newest.release) == ("1.1.1", "1.2.1")
    haskell = newest.skills[0]
    assert haskell.synonyms == ("write in Haskell", "Haskell development")
    assert haskell.definition == 'A "lazy" language, typed.'
    assert haskell.broader == haskell.related == (S + "2",)
    assert [s.family for s in newest.skills] == [SkillFamily.FAST, SkillFamily.PROFESSIONAL, SkillFamily.DURABLE]
    assert [(r.skill_id, r.essential) for r in newest.job_profiles[0].requirements] == [
        (S + "1", True),
        (S + "2", False),
    ]


def test_the_release_is_named_by_a_folder_in_the_archive_too(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "download.zip", "ESCO dataset - v1.2.0 - de - csv", files("de", newest=True))
    assert load_esco(archive, language="de").release == "1.2.0"
    assert load_esco(put(tmp_path / "unnamed", files("en", newest=True))).release == "2024.01.25"


def test_a_release_in_another_language_stands_alone(tmp_path: Path) -> None:
    loaded = load_esco(put(tmp_path / "esco", files("de", newest=True)), language="de")
    assert loaded.skills[0].label == "in Haskell programmieren"
    assert loaded.job_profiles[0].title == "Programmierer"
    assert loaded.language == "de"


def test_archives_of_several_languages_in_one_folder(tmp_path: Path) -> None:
    for code in ("en", "de"):
        top = f"ESCO dataset - v1.2.0 - classification - {code} - csv"
        zipped(tmp_path / f"{top}.zip", top, files(code, newest=True))
    loaded = load_esco(tmp_path, more=["de"])
    assert loaded.problems == ()
    assert loaded.skills[0].label == "program in Haskell"
    german = loaded.names["de"]
    assert german[S + "1"].label == "in Haskell programmieren"
    assert german[S + "1"].synonyms == ("Haskell-Entwicklung", "mit Haskell arbeiten")
    assert german.keys() == {s.id for s in loaded.skills}
    assert loaded.release == "1.2.0"


def test_a_language_of_another_release_is_noticed(tmp_path: Path) -> None:
    german = files("de", newest=True)
    german["skills_de.csv"] += table(SKILLS, row(SKILLS, conceptUri=S + "9", preferredLabel="neu")).split(b"\n", 1)[1]
    loaded = load_esco(put(tmp_path / "esco", files("en", newest=True) | german), more=["de"])
    (problem,) = loaded.problems
    # The rows before span ten lines, because cells hold line breaks.
    assert (problem.file, problem.line, problem.field) == ("skills_de.csv", 10, "conceptUri")
    assert "another release" in problem.message


def test_a_language_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    folder = put(tmp_path / "esco", files("de", newest=True))
    with pytest.raises(InputError, match=r"skills_fr\.csv") as wrong:
        load_esco(folder, language="fr")
    assert wrong.value.remedy is not None
    assert "--language de" in wrong.value.remedy
    with pytest.raises(InputError, match=r"skills_en\.csv"):
        load_esco(folder)


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "esco.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputError, match="neither a folder nor a zip"):
        load_esco(tmp_path / "esco.zip")
