"""Taxonomies on the command line: several languages, versions, crosswalks."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.integration.command import Answer, call, granted

S, OCC = "http://data.europa.eu/esco/skill/", "http://data.europa.eu/esco/occupation/"
SKILLS = {
    "en": [("b", "manage budgets", ""), ("t", "Terraform", ""), ("o", "old words", "new words")],
    "de": [("b", "Budgets verwalten", "Budgetverantwortung"), ("t", "Terraform", "")],
}
GERMAN = "Sie hat das Budget der Abteilung verwaltet."


def write(file: Path, rows: list[list[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows(rows)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    release = tmp_path / "esco-1.0"
    release.mkdir()
    for code, skills in SKILLS.items():
        rows = [[S + key, label, other] for key, label, other in skills]
        write(release / f"skills_{code}.csv", [["conceptUri", "preferredLabel", "altLabels"], *rows])
    write(
        release / "occupations_en.csv",
        [["conceptUri", "preferredLabel"], [OCC + "cfo", "chief financial officer"], [OCC + "dev", "cloud engineer"]],
    )
    write(
        release / "occupationSkillRelations.csv",
        [
            ["occupationUri", "relationType", "skillUri"],
            [OCC + "cfo", "essential", S + "b"],
            [OCC + "dev", "optional", S + "t"],
        ],
    )
    return tmp_path


def run(place: Path, *arguments: str) -> Answer:
    return call(*arguments, home=place / "home", folder=place)


def test_two_languages_find_the_same_skill(place: Path) -> None:
    done = run(place, "taxonomy", "import", "esco", "esco-1.0", "--language", "en", "--language", "de")
    assert done.code == 0, done.err
    for text in (GERMAN, "She managed the budgets of her department."):
        answer = run(place, "map", text, "--taxonomy", "esco", "--json")
        assert [s["label"] for s in answer.json["skills"]] == ["manage budgets"], text
        assert ("language" in answer.json) == (text == GERMAN)
    shown = run(place, "map", GERMAN, "--taxonomy", "esco")
    assert "read as de" in shown.out
    listed = run(place, "taxonomy", "list", "--json").json
    assert listed["taxonomies"] == ["starter", "esco"]
    assert listed["imports"][0]["further"] == ["de"]
    about = run(place, "taxonomy", "show", "esco", "--json").json
    assert (about["language"], about["further_languages"], about["skills"]) == ("en", ["de"], 3)


def test_lines_say_how_a_foreign_text_was_read(place: Path) -> None:
    rows = [{"id": 1, "text": "Wrote SQL queries for the team"}, {"id": 2, "text": GERMAN + " Mit SQL."}]
    (place / "in.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    answer = run(place, "map", "--file", "in.jsonl")
    english, german = (json.loads(line) for line in answer.out.splitlines())
    assert english.keys() == {"id", "skills"}
    assert german.keys() == {"id", "skills", "language", "note"}
    assert german["language"] == "de"
    assert [s["label"] for s in german["skills"]] == ["SQL"]


def test_versions_are_compared(place: Path) -> None:
    assert run(place, "taxonomy", "import", "esco", "esco-1.0").code == 0
    write(
        place / "esco-1.0" / "skills_en.csv",
        [
            ["conceptUri", "preferredLabel"],
            [S + "b", "manage all budgets"],
            [S + "n", "new words"],
            [S + "t", "Terraform"],
        ],
    )
    assert run(place, "taxonomy", "import", "esco", "esco-1.0", "--release", "1.1").code == 0
    diff = run(place, "taxonomy", "diff", "esco@1.0", "esco@1.1", "--json").json
    assert diff["kept"] == 2
    assert diff["renamed"] == [{"id": S + "b", "before": "manage budgets", "after": "manage all budgets"}]
    assert diff["succeeded"] == [{"id": S + "o", "label": "old words", "successor": S + "n", "by": "synonym"}]
    told = run(place, "taxonomy", "diff", "esco@1.0", "esco@1.1").out
    assert "manage budgets → manage all budgets" in told
    assert f"old words (now {S}n, by its synonym)" in told
    assert run(place, "taxonomy", "diff", "esco@1.0", "esco@9").code == 4
    assert run(place, "taxonomy", "import", "esco", "esco-1.0", "--release", "1/2").code == 3


def test_a_code_of_another_taxonomy_leads_to_job_profiles(place: Path) -> None:
    assert run(place, "taxonomy", "import", "esco", "esco-1.0").code == 0
    rows = [["11-3031.00", OCC + "cfo", "exact"], ["11-3031.00", OCC + "gone", "broader"], ["x", "", "exact"]]
    write(place / "walk.csv", [["from", "to", "relation"], *rows])
    arguments = (
        "taxonomy",
        "crosswalk",
        "import",
        "walk.csv",
        "--from",
        "onet",
        "--to",
        "esco",
        "--kind",
        "occupation",
    )
    done = run(place, *arguments)
    assert done.code == 0, done.err
    assert "walk.csv:4, field 'to': is empty" in done.out
    assert "1 ids are no occupations of esco" in done.out
    assert "onet is not imported" in done.out
    shown = run(place, "taxonomy", "show", "esco", "11-3031.00", "--json").json
    assert [(f["relation"], f["job_profile"]["title"]) for f in shown["found"]] == [
        ("exact", "chief financial officer")
    ]
    assert "manage budgets" in run(place, "taxonomy", "show", "esco", "11-3031.00").out
    links = run(place, "taxonomy", "crosswalk", "show", "11-3031.00", "--json").json["links"]
    assert [(k["relation"], k["label"]) for k in links] == [("exact", "chief financial officer"), ("broader", "")]
    (listed,) = run(place, "taxonomy", "crosswalk", "list", "--json").json["crosswalks"]
    assert listed["links"] == 2
    assert run(place, "taxonomy", "crosswalk", "show", listed["id"], "--json").json["relations"] == {
        "exact": 1,
        "broader": 1,
    }
    assert run(place, "taxonomy", "show", "esco", "99-9999.99").code == 4
    assert run(place, "taxonomy", "crosswalk", "show", "99-9999.99").code == 4
    assert run(place, *arguments[:-1], "animal").code == 3


def test_a_skill_is_shown(place: Path) -> None:
    answer = run(place, "taxonomy", "show", "starter", "sql")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("SQL")


def test_another_release_waits_is_taken_up_and_taken_back(place: Path) -> None:
    """Two releases after ESCO's column lists: what was in use stays in use until two people have said yes."""

    def ask(*arguments: str) -> Answer:
        done = call("taxonomy", *arguments, home=place / "home", folder=place, env={"ASCERTAIN_TAXONOMY": "esco"})
        assert done.code == 0, (arguments, done.err)
        return done

    def approve(proposal: str) -> None:
        for who in ("one@example.org", "two@example.org"):
            ask("decide", proposal, "yes", "--reason", "looked at", "--as", who)
        ask("apply", proposal, "--reason", "agreed")

    for who in ("one@example.org", "two@example.org"):
        granted(place / "home", who, "l_and_d", "--population", "all")
    ask("import", "esco", "esco-1.0")
    named = ask("propose", "synonym", "--skill", "manage budgets", "--name", "budgeting", "--json").json[0]["id"]
    approve(named)
    rows = [[S + "b", "manage all budgets"], [S + "n", "new words"], [S + "t", "Terraform"]]
    write(place / "esco-1.0" / "skills_en.csv", [["conceptUri", "preferredLabel"], *rows])
    assert "stay with it until people take this one up" in ask("import", "esco", "esco-1.0", "--release", "1.1").out
    assert ask("show", "--json").json["version"].startswith("esco-1.0+"), "an import alone changes nothing"
    write(place / "replaced.csv", [["from", "to", "relation"], [S + "o", S + "n", "exact"], [S + "x", "", "exact"]])
    told = ask("release", "propose", "--replaced", "replaced.csv", "--json").json
    assert told["release"]["followed"][0]["labels"] == ["new words"]
    assert told["release"]["relabelled"][0]["after"] == "manage all budgets"
    assert (told["release"]["relaid"], told["needed"]) == (1, 2)
    shown = ask("preview", told["id"]).out
    assert "old words → new words" in shown
    assert "1 changes of your own lie over it; 0 fit it no longer" in shown
    ask("release", "amend", told["id"], "--lead", f"{S}o={S}t", "--reason", "as the publisher says")
    approve(told["id"])
    assert ask("show", "--json").json["version"].startswith("esco-1.1+")
    assert ask("show", "esco", S + "b", "--json").json["synonyms"] == [], "the release alone has no names of ours"
    ask("revert", told["id"], "--reason", "too early")
    assert ask("show", "--json").json["version"].startswith("esco-1.0+")
