"""Denied names on their way in: import, an older import, proposals of terms, proposals of jobs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ascertain.domain.activity import JobProposal
from ascertain.domain.skills import JobProfile, Level, Requirement, Skill
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.accept_job import draft
from ascertain.taxonomy.denying import read_denied, without_denied
from ascertain.taxonomy.library import TaxonomyLibrary
from ascertain.taxonomy.loaded import LoadedTaxonomy, Names
from tests.crews.altered import walk_with
from tests.crews.world import TinyMapper

ROWS = """id,label,synonyms
sql,SQL,SQL queries
neg,Negotiation,
emp,Empathy,
care,Customer care,friendly|service
"""


def library(tmp_path: Path) -> TaxonomyLibrary:
    return TaxonomyLibrary(tmp_path / "lib", CONFIG_DIR, words_only=True)


def release(tmp_path: Path) -> Path:
    file = tmp_path / "own.csv"
    file.write_text(ROWS)
    return file


def test_an_import_leaves_them_out_and_says_so(tmp_path: Path) -> None:
    lib = library(tmp_path)
    report = lib.import_taxonomy("custom", release(tmp_path), name="own")
    assert [(d.id, d.name, d.what, d.group) for d in report.denied] == [
        ("emp", "Empathy", "skill", "emotion"),
        ("care", "friendly", "synonym", "personality"),
    ]
    assert all(d.why for d in report.denied)
    assert report.skills == 3
    bundle = lib.open("own")
    assert {s.id for s in bundle.taxonomy.skills()} == {"sql", "neg", "care"}
    assert bundle.taxonomy.skill("care").synonyms == ("service",)  # type: ignore[union-attr]


def test_what_pointed_to_them_is_mended() -> None:
    skills = (
        Skill("a", "Negotiation", related=("b", "c")),
        Skill("b", "Empathy"),
        Skill("c", "Listening", broader=("b",)),
    )
    job = JobProfile("j", "Agent", tuple(Requirement(s, Level(2), 0.5) for s in ("a", "b")))
    names = {"de": {"a": Names("Verhandlung", ("Loyalität",)), "b": Names("Einfühlung"), "c": Names("Zuhören")}}
    made, denied = without_denied(LoadedTaxonomy("x", "1", "en", skills, (job,), (), names), read_denied())
    assert [d.id for d in denied] == ["b"]
    assert [(s.id, s.related, s.broader) for s in made.skills] == [("a", ("c",), ()), ("c", (), ())]
    assert [r.skill_id for r in made.job_profiles[0].requirements] == ["a"]
    assert set(made.names["de"]) == {"a", "c"}
    assert made.names["de"]["a"].synonyms == ()


def test_a_label_in_a_further_language_is_enough() -> None:
    skills = (Skill("a", "Inner weather"), Skill("b", "SQL"))
    names = {"de": {"a": Names("Stimmung"), "b": Names("SQL")}}
    made, denied = without_denied(LoadedTaxonomy("x", "1", "en", skills, (), (), names), read_denied())
    assert [s.id for s in made.skills] == ["b"]
    assert denied[0].group == "emotion"


def test_a_taxonomy_imported_before_the_list_never_gives_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lib = library(tmp_path)
    with monkeypatch.context() as before:
        before.setattr("ascertain.taxonomy.library.without_denied", lambda loaded, deny: (loaded, ()))
        before.setattr("ascertain.taxonomy.library.denied_ids", lambda skills, deny: frozenset())
        lib.import_taxonomy("custom", release(tmp_path), name="own")
        old = library(tmp_path).open("own").mapper
        assert [c.skill_id for c in old.map(["Empathy"], top=3)[0]] == ["emp"]
    now = library(tmp_path).open("own").mapper
    assert now.map(["Empathy"], top=3)[0] == []
    assert "emp" not in {c.skill_id for c in now.rank(["Empathy"], 4)[0]}
    assert [c.skill_id for c in now.map(["SQL"], top=3)[0]] == ["sql"]
    assert now.version != old.version  # so that content is mapped again


def test_no_agent_can_propose_one() -> None:
    from dataclasses import replace

    from tests.crews import world

    case = world.case(
        evidence=tuple(replace(e, text="Empathy and Dowsing.") if e.id == "e2" else e for e in world.EVIDENCE)
    )

    def claim(answer: dict[str, list[dict[str, str]]]) -> None:
        answer["claims"] = [{"evidence_id": "e2", "quote": "Empathy and Dowsing.", "stance": "supports"}]

    def propose(answer: dict[str, list[dict[str, str]]]) -> None:
        (asked,) = answer["picks"]
        answer["picks"] = [asked | {"skill_id": "none", "proposed_term": t} for t in ("Empathy", "Dowsing")]

    found = walk_with({"evidence_collector": claim, "taxonomy_mapper": propose}, case=case)
    assert found.proposals == ("Dowsing",)
    assert [d.why for d in found.drops if d.stage == "taxonomy_mapper"] == ["can never be a skill (emotion)"]


def test_a_job_proposal_asks_for_none_of_them() -> None:
    named = ("SQL", "Loyalty", "Basket weaving")
    wanted = JobProposal(
        "hris:job:1", "hris", "J1", "Analyst", "", "Data", named, True, datetime(2026, 4, 7, tzinfo=UTC)
    )
    made = draft(wanted, TinyMapper(), 0.5, Level(3), deny=read_denied())
    assert [r.skill_id for r in made.profile.requirements] == ["sql"]
    assert made.denied == ("Loyalty",)
    assert made.unknown == ("Basket weaving",)


def test_without_the_list_nothing_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"deny\.yaml"):
        read_denied(tmp_path)
    (tmp_path / "taxonomy").mkdir()
    (tmp_path / "taxonomy" / "deny.yaml").write_text(json.dumps({"version": "1", "around": [], "groups": []}))
    with pytest.raises(ConfigError, match="groups"):
        read_denied(tmp_path)
