"""Drafts of crosswalks, the rows that people said yes to, and job profiles that are led over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ascertain.domain.activity import JobProposal
from ascertain.domain.crosswalks import Link, Relation
from ascertain.domain.skills import Candidate, Level, Skill
from ascertain.errors import InputError
from ascertain.pipeline.accept_job import draft as accepted
from ascertain.taxonomy.concepts import ConceptStore
from ascertain.taxonomy.crosswalk import CrosswalkLibrary, skill_links
from ascertain.taxonomy.crosswalk_draft import Term, Verdict, draft, read_terms, write_draft
from ascertain.taxonomy.denying import read_denied

SKILLS = (
    Skill("sql", "SQL", synonyms=("Structured Query Language",)),
    Skill("excel", "Spreadsheets", synonyms=("Excel",)),
    Skill("a", "Sales", synonyms=("pipeline",)),
    Skill("b", "Data flows", synonyms=("pipeline",)),
)
TERMS = (
    Term("H1", "sql"),
    Term("H2", "Excel"),
    Term("H3", "Querying tables", definition="Writing queries."),
    Term("H4", "Loyalty"),
    Term("H5", "Pipeline"),
    Term("H6", "Selling", synonyms=("Sales",)),
    Term("H7", "Old one"),
    Term("H8", "Basket weaving"),
)


class Near:
    """Says what two texts are near to, and keeps what it was asked."""

    version = "near"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        self.asked += texts
        found = {
            "Querying tables. Writing queries.": ("sql", 0.9),
            "Pipeline": ("b", 0.6),
            "Basket weaving": ("a", 0.1),
        }
        return [
            [Candidate(s, s, p)] if (hit := found.get(t)) and (s := hit[0]) and (p := hit[1]) else [] for t in texts
        ]


def known(ident: str) -> Sequence[Link]:
    return [Link("H7", "excel", Relation.BROADER)] if ident == "H7" else []


def test_what_is_known_comes_before_what_is_near() -> None:
    near = Near()
    rows = draft(TERMS, SKILLS, near, read_denied(), floor=0.5, known=known)
    assert [(r.target, r.relation, r.verdict) for r in rows] == [
        ("sql", Relation.EXACT, Verdict.CERTAIN),
        ("excel", Relation.CLOSE, Verdict.UNSURE),
        ("sql", Relation.CLOSE, Verdict.UNSURE),
        ("", None, Verdict.NONE),
        ("b", Relation.CLOSE, Verdict.UNSURE),  # two skills have that name, so the name does not decide
        ("a", Relation.CLOSE, Verdict.UNSURE),
        ("excel", Relation.BROADER, Verdict.CERTAIN),
        ("", None, Verdict.NONE),
    ]
    assert rows[3].why.startswith("can never be a skill")
    assert near.asked == ["Querying tables. Writing queries.", "Pipeline", "Basket weaving"]


def decided(tmp_path: Path, yes: Sequence[str]) -> CrosswalkLibrary:
    file = tmp_path / "draft.csv"
    write_draft(file, draft(TERMS, SKILLS, Near(), read_denied(), floor=0.5, known=known))
    lines = file.read_text().splitlines()
    file.write_text("\n".join(x + "yes" if x.split(",")[0] in yes else x for x in lines) + "\n")
    library = CrosswalkLibrary(tmp_path / "home")
    library.import_crosswalk(file, "hris", "own")
    return library


def test_only_what_somebody_said_yes_to_is_imported(tmp_path: Path) -> None:
    library = decided(tmp_path, ["H1", "H3", "H4"])
    (walk,) = library.newest()
    assert sorted((k.source, k.target) for k in walk.links) == [("H1", "sql"), ("H3", "sql")], "H4 has no skill"
    with pytest.raises(InputError, match="is there already"):
        write_draft(tmp_path / "draft.csv", [])
    (tmp_path / "no.csv").write_text("from,to,relation,decision\nH1,sql,exact,\nH2,excel,exact,no\nH3,a,close,maybe\n")
    with pytest.raises(InputError, match="'maybe' is neither yes nor no"):
        library.import_crosswalk(tmp_path / "no.csv", "hris", "own")


def test_a_job_that_names_ids_is_led_over_it(tmp_path: Path) -> None:
    led = skill_links(ConceptStore("own-1+abc", SKILLS), decided(tmp_path, ["H1", "H6", "H7"]).newest())
    ids = ("H1", "H6", "H7", "H2", "Basket weaving")
    job = JobProposal("hris:job:1", "hris", "J1", "Analyst", "", "Data", ids, True, datetime(2026, 4, 7, tzinfo=UTC))
    made = accepted(job, Near(), 0.5, Level(3), deny=read_denied(), led=led)
    assert [(r.skill_id, r.why) for r in made.profile.requirements] == [
        ("a", "hris lists it for Analyst, as 'H6': close match of a crosswalk"),
        ("sql", "hris lists it for Analyst, as 'H1': exact match of a crosswalk"),
    ]
    assert made.unknown == ("H7", "H2", "Basket weaving"), "a wider skill is another demand; H2 has no yes"
    assert {k.source for k in made.led} == {"H1", "H6", "H7"}


def test_a_merged_skill_is_followed(tmp_path: Path) -> None:
    walks = decided(tmp_path, ["H2"])
    led = skill_links(ConceptStore("own-1+abc~1+def", SKILLS[:1]), walks.newest(), {"excel": ("sql",)})
    assert led("H2") == Link("H2", "sql", Relation.CLOSE)
    assert skill_links(ConceptStore("own-1+abc", SKILLS[:1]), walks.newest())("H2") is None


def test_a_list_without_ids_is_known_by_its_labels(tmp_path: Path) -> None:
    file = tmp_path / "skills.csv"
    file.write_text("label,synonyms\nSQL,Postgres | T-SQL\n,x\nSQL,\n")
    terms, problems = read_terms(file)
    assert terms == [Term("SQL", "SQL", ("Postgres", "T-SQL"))]
    assert [(p.line, p.field) for p in problems] == [(3, "label"), (4, "id")]
    file.write_text("label\n")
    with pytest.raises(InputError, match="holds no skill"):
        read_terms(file)
