"""What people's evidence speaks for: terms no skill fits, names in use, skills that come together; never of too few."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from ascertain.domain.charter import ChangeKind
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.overlays import Change
from ascertain.domain.people import Learner
from ascertain.domain.skills import Candidate, Skill
from ascertain.domain.stewardship import Support
from ascertain.pipeline.charter import read_charter
from ascertain.pipeline.taxonomy_signals import Ground, matters
from ascertain.taxonomy.concepts import ConceptStore
from tests.agreed import tell_everybody
from tests.crews.stewarding import weighed
from tests.integration.pipeline.world import World, piece

RULES = read_charter().proposals
PEOPLE = [Learner(f"P{i}", f"Pat {i}", f"p{i}@example.org", "Data") for i in range(6)]


class NoMapper:
    version = "none-1"

    def map(self, texts: list[str], *, top: int) -> list[list[Candidate]]:
        return [[Candidate("sql", "SQL", 0.2)] for _ in texts]


def store(**changes: str) -> ConceptStore:
    sql = Skill("sql", changes.get("label", "SQL"), synonyms=tuple(changes.get("synonyms", "").split("|")))
    return ConceptStore("tiny-1", [sql, Skill("other", "Other", synonyms=("elsewhere",))])


def put(world: World, said: dict[str, list[tuple[str, list[str]]]], terms: dict[str, list[str]] | None = None) -> None:
    """By person: quotes with the skills that were picked for them; and terms that the mapper agent proposed."""
    with world.store.units() as uow:
        uow.people.upsert(PEOPLE)
        uow.commit()
    tell_everybody(world.store.units)
    for who, quotes in said.items():
        for i, (quote, _) in enumerate(quotes):
            when = date(2026, 1 + 3 * (i % 2), 5)
            world.add(piece(f"{who}-{i}", who, EvidenceKind.TICKET, text=quote, occurred_on=when))
        run = world.assess(who).run
        claims = [
            {"id": f"c{i}", "evidence_id": f"{who}-{i}", "quote": q, "stance": "supports"}
            for i, (q, _) in enumerate(quotes)
        ]
        picks = [
            {"claim_id": f"c{i}", "skill_id": s, "probability": 0.9, "level": None, "via": "search"}
            for i, (_, skills) in enumerate(quotes)
            for s in skills
        ]
        notes = {"proposals": (terms or {}).get(who, [])}
        with world.store.units() as uow:
            uow.runs.put_documents(run.id, {"claims": claims, "picks": picks, "notes": notes})
            uow.commit()


@dataclass(frozen=True)
class Signal:
    change: Change
    support: Support


def look(world: World, taxonomy: ConceptStore) -> list[Signal]:
    """What the embedded brain's rules choose of what is found."""
    with world.store.units(write=False) as uow:
        found = matters(uow, uow.people.all(), Ground(taxonomy, NoMapper(), RULES))  # type: ignore[arg-type]
    chosen = {w.matter_id: w for w in weighed(found, taxonomy).weighed if w.stands}
    made = [(m, m.option(chosen[m.id].option_id)) for m in found if m.id in chosen]
    return [Signal(o.change, m.support) for m, o in made if o is not None and o.change is not None]


@pytest.fixture
def three() -> list[str]:
    return [p.id for p in PEOPLE[:3]]


def test_a_term_of_enough_people_is_a_new_skill_with_its_dates(world: World, three: list[str]) -> None:
    put(
        world,
        {w: [("Passed Kafka Basics.", []), ("More Kafka Basics", [])] for w in three},
        {w: ["Kafka Basics"] for w in three},
    )
    (found,) = look(world, store())
    assert found.change.kind is ChangeKind.NEW
    assert (found.change.skills[0].label, found.change.skills[0].id) == ("Kafka Basics", "kafka-basics")
    s = found.support
    assert (s.people, s.quotes) == (3, 6)
    assert (s.first_seen, s.last_seen) == (date(2026, 1, 5), date(2026, 4, 5))
    assert s.quarters == (("2026-Q1", 3), ("2026-Q2", 3))
    assert len({r.run_id for r in s.refs}) == 3, "one quote a person"


def test_a_term_of_two_people_stays_out(world: World, three: list[str]) -> None:
    put(world, {w: [("Kafka Basics", [])] for w in three[:2]}, {w: ["Kafka Basics"] for w in three[:2]})
    assert look(world, store()) == []


def test_a_term_that_has_the_words_of_a_skill_is_another_name_of_it(world: World, three: list[str]) -> None:
    put(world, {w: [("SQL Mastery", [])] for w in three}, {w: ["SQL Mastery"] for w in three})
    (found,) = look(world, store())
    assert (found.change.kind, found.change.skill_id, found.change.names) == (
        ChangeKind.SYNONYM,
        "sql",
        ("SQL Mastery",),
    )


def test_a_form_that_everybody_uses_is_proposed_as_the_label(world: World, three: list[str]) -> None:
    put(world, {w: [("Rewrote the SQL.", ["sql"]), ("More SQL.", ["sql"])] for w in three})
    taxonomy = store(label="Structured Query Language", synonyms="SQL|Postgres")
    (found,) = look(world, taxonomy)
    assert (found.change.kind, found.change.names) == (ChangeKind.RENAME, ("SQL",))
    put(world, {"P3": [("Structured Query Language", ["sql"])] * 1, "P4": [("Structured Query Language", ["sql"])]})
    assert look(world, taxonomy) == [], "six to two is not four to one"


def test_a_tool_among_the_synonyms_is_no_other_form(world: World, three: list[str]) -> None:
    put(world, {w: [("Tuned Postgres.", ["sql"])] * 2 for w in three})
    assert look(world, store(label="Querying", synonyms="Postgres")) == []


def test_skills_of_the_same_quotes_are_proposed_to_be_one(world: World, three: list[str]) -> None:
    put(world, {w: [("Both of them.", ["sql", "other"]), ("One.", ["sql"])] for w in three[:1]} | {
        w: [("Both of them.", ["sql", "other"])] for w in [p.id for p in PEOPLE[1:]]
    })  # fmt: skip
    (found,) = look(world, store())
    assert (found.change.kind, found.change.skill_id, found.change.target) == (ChangeKind.MERGE, "other", "sql")
    assert found.support.why == "6 of 7 quotes that show either show both"


def test_names_of_different_people_are_proposed_as_two_skills(world: World) -> None:
    ids = [p.id for p in PEOPLE]
    said = {w: [("Tuned Postgres.", ["sql"])] for w in ids[:3]} | {w: [("Wrote Oracle.", ["sql"])] for w in ids[3:]}
    put(world, said)
    (found,) = look(world, store(label="Databases", synonyms="Postgres|Oracle"))
    assert found.change.kind is ChangeKind.SPLIT
    assert [s.label for s in found.change.skills] == ["Oracle", "Postgres"]


def test_what_a_course_is_tagged_with_says_nothing_about_names(world: World, three: list[str]) -> None:
    put(world, {w: [("Rewrote the SQL.", ["sql"])] * 2 for w in three})
    with world.store.units() as uow:
        for who in three:
            run = uow.runs.latest(who)
            assert run is not None
            picks = [dict(p, via="tag") for p in uow.runs.document(run.id, "picks")]
            uow.runs.put_documents(run.id, {"picks": picks})
        uow.commit()
    assert look(world, store(label="Structured Query Language", synonyms="SQL")) == []
