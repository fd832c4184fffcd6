"""A company of a few people on the real SQLite store, with a crew whose script is a dozen lines."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from ascertain.domain.calibration import NONE
from ascertain.domain.casefile import CaseFile, CatalogueItem, Versions
from ascertain.domain.consent import Origin, Topic
from ascertain.domain.evidence import FREE_TEXT_KINDS, Evidence, EvidenceKind
from ascertain.domain.findings import AssertionVerdict, Claim, CrewFindings, PathChoice, Pick, Stance, Step, Verdict
from ascertain.domain.people import Learner
from ascertain.domain.ports import Content, CrewServices
from ascertain.domain.rules import Policy
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import JobProfile, Level, Requirement
from ascertain.domain.spending import Usage
from ascertain.pipeline.assess import Assessed, Assessor
from ascertain.pipeline.cases import CaseBuilder
from ascertain.pipeline.consent import Said, say
from ascertain.pipeline.new_names import look_for_new_names
from ascertain.pipeline.notice import Gate
from ascertain.pipeline.pseudonyms import KeyedPseudonymiser
from ascertain.pipeline.sweep import Due, SweepPlan, plan_sweep
from ascertain.pipeline.tagging import tag_contents, tagger_version
from ascertain.policy import read_policy
from ascertain.store import Store, open_store
from tests.agreed import OPINIONS, agree, opt_in, tell_everybody
from tests.crews.world import TinyMapper, TinySolver, TinyTaxonomy

_SHIPPED, POLICY_TEXT = read_policy()
POLICY = replace(_SHIPPED, calibration=replace(_SHIPPED.calibration, audit_share=0.0))
"""As shipped, but nothing is drawn for an audit: what is drawn changes with every word of the policy."""
KEY = KeyedPseudonymiser(b"k" * 32)
START = datetime(2026, 4, 7, 9, 0, tzinfo=UTC)
TABLES = (
    "runs",
    "run_documents",
    "assertions",
    "review_items",
    "audit_records",
    "evidence",
    "content_tags",
    "policies",
)

ROLE = JobProfile(
    "analyst",
    "Data Analyst",
    (
        Requirement("sql", Level.FOUNDATION, 1.0, why="Most questions end in a query."),
        Requirement("kubernetes", Level.FOUNDATION, 0.5, essential=False),
        Requirement("negotiation", Level.FOUNDATION, 0.4, essential=False, critical=True),
    ),
    summary="Answers questions with data.",
)
OTHER_ROLE = JobProfile("coach", "Coach", (Requirement("negotiation", Level.PRACTITIONER, 0.9),))

ANN = Learner("E1", "Ann Archer", "ann@example.org", "Data", "Analyst", "analyst", "E3")
BOB = Learner("E2", "Bob Baker", "bob@example.org", "Data", "Analyst", "analyst", "E3", hours_per_week=20.0)
CHI = Learner("E3", "Chi Carver", "chi@example.org", "Data", "Head of data")


def course(ident: str, title: str, level: Level = Level.FOUNDATION, **changes: Any) -> Content:
    """A catalogue item; its hash follows its title, description and level, as the connectors make it."""
    description = changes.pop("description", "")
    item = CatalogueItem(ident, title, description[:80], level, **({"hours": 6.0} | changes))
    return Content(item, "lms", f"lms:course:{ident}", ident, description, "", f"{title}|{description}|{level}")


COURSES = (
    course("sql-101", "SQL first steps"),
    course("sql-201", "SQL windows", Level.PRACTITIONER, prerequisites=("sql-101",)),
    course("k8s-101", "Kubernetes first steps"),
    course("py-101", "Python first steps"),
)


def piece(ident: str, owner: str = "E1", kind: EvidenceKind = EvidenceKind.TICKET, **changes: Any) -> Evidence:
    """One piece of evidence with an origin of its own."""
    standard: dict[str, Any] = {
        "system": "lms",
        "source_ref": f"lms:thing:{ident}",
        "origin": f"o-{ident}",
        "title": "",
        "text": "",
        "occurred_on": date(2026, 3, 1),
    }
    return Evidence(ident, owner, kind, **(standard | changes))


def exam(
    ident: str = "e-exam",
    owner: str = "E1",
    score: float = 0.95,
    kind: EvidenceKind = EvidenceKind.ASSESSMENT,
    **changes: Any,
) -> Evidence:
    """A passed assessment of the SQL course."""
    standard = {"title": "SQL first steps", "content_id": "sql-101", "score": score, "passed": score >= 0.6}
    return piece(ident, owner, kind, **(standard | changes))


EVIDENCE = (
    exam(),
    exam("e-cert", score=0.9, title="SQL certificate", kind=EvidenceKind.CERTIFICATION),
    piece("e-ticket", text="Rewrote the SQL of the revenue report."),
    piece("e-review", kind=EvidenceKind.MANAGER_REVIEW, text="Bob says she is good at Kubernetes. Ask Chi Carver."),
    piece("e-note", kind=EvidenceKind.PROFILE, text="Negotiation"),
    exam("e-bob", "E2", 0.7),
)


@dataclass
class ScriptedCrew:
    """Quotes every piece of evidence whole, takes each skill its tags or the mapper offer, finds all supported."""

    brain_version: str = "script-1"
    prompts_version: str = "prompts-1"
    verdict: Verdict | None = Verdict.SUPPORTED
    seen: list[CaseFile] = field(default_factory=list)
    error: Exception | None = None
    meanwhile: Callable[[], object] = lambda: None

    def expected(self, case: CaseFile, services: CrewServices) -> tuple[Usage, ...]:
        """Asks nobody."""
        return ()

    def preload(self) -> None:
        """Nothing to import."""

    def run(self, case: CaseFile, services: CrewServices) -> CrewFindings:
        """Weigh the case; ``meanwhile`` happens before the answer, ``error`` is raised instead of it."""
        self.seen.append(case)
        self.meanwhile()
        if self.error is not None:
            raise self.error
        claims: list[Claim] = []
        picks: list[Pick] = []
        for e in case.evidence:
            quote = e.text if e.kind in FREE_TEXT_KINDS else e.title or e.text
            tags = case.tags_of(e)
            offers: list[tuple[str, float, Level | None, str]] = [
                (t.skill_id, t.probability, t.level, "tag") for t in tags
            ] or [(c.skill_id, c.probability, None, "search") for c in services.mapper.map([quote], top=5)[0]]
            stance = Stance.CONTRADICTS if "struggles" in quote else Stance.SUPPORTS
            claims.append(Claim(f"c{len(claims) + 1}", e.id, quote, stance))
            picks += [Pick(claims[-1].id, s, p, level, via) for s, p, level, via in offers if p >= 0.5]
        skills = sorted({p.skill_id for p in picks})
        return CrewFindings(
            claims=tuple(claims),
            picks=tuple(picks),
            path=PathChoice("quick", "Short first.", {}),
            verdicts=tuple(AssertionVerdict(s, self.verdict) for s in skills) if self.verdict else (),
            summary="As the script says.",
            steps=(Step("evidence_collector", "script-1", "p", "o", '{"claims": []}', ("lms_activity",), 1),),
        )


@dataclass
class ShownClock:
    """Stands where it is put, and moves a second a look."""

    at: datetime = START

    def now(self) -> datetime:
        """The time, a second later than at the last look."""
        self.at += timedelta(seconds=1)
        return self.at

    def today(self) -> date:
        """The day."""
        return self.at.date()


@dataclass
class World:
    """Everything of the pipeline on one store."""

    file: Path
    store: Store
    crew: ScriptedCrew = field(default_factory=ScriptedCrew)
    clock: ShownClock = field(default_factory=ShownClock)
    policy: Policy = POLICY
    taxonomy: TinyTaxonomy = field(default_factory=TinyTaxonomy)
    mapper: TinyMapper = field(default_factory=TinyMapper)
    pseudonyms: KeyedPseudonymiser = KEY
    gate: Gate = field(default_factory=Gate)
    calibration: str = NONE
    url: str = ""
    """Of another database than the file."""

    @property
    def tagger(self) -> str:
        """Version of the tags."""
        return tagger_version(self.taxonomy, self.mapper, self.policy.mapping)

    @property
    def versions(self) -> Versions:
        """What results rest on."""
        crew = self.crew
        return Versions(
            self.policy.version,
            self.taxonomy.version,
            crew.brain_version,
            crew.prompts_version,
            calibration=self.calibration,
        )

    @property
    def builder(self) -> CaseBuilder:
        """A fresh builder, as a new process has it."""
        month = lambda: self.clock.today().replace(day=1)  # noqa: E731
        return CaseBuilder(self.taxonomy, self.tagger, self.versions, self.pseudonyms, month)

    @property
    def assessor(self) -> Assessor:
        """A fresh assessor."""
        services = CrewServices(self.taxonomy, self.mapper, TinySolver(), self.policy)
        return Assessor(self.store.units, self.builder, self.crew, services, self.clock, gate=self.gate)

    def fill(self) -> World:
        """The standard people, courses, role and evidence."""
        with self.store.units() as uow:
            uow.policies.put(POLICY.version, POLICY_TEXT)
            uow.people.upsert([ANN, BOB, CHI])
            uow.roles.upsert([ROLE, OTHER_ROLE])
            uow.contents.upsert(COURSES)
            uow.commit()
        tell_everybody(self.store.units)
        opt_in(self.store.units, *OPINIONS)
        agree(self.store.units, ("E1", "E2", "E3"), *OPINIONS)
        self.add(*EVIDENCE)
        self.tag()
        return self

    def says(self, learner: Learner, given: bool, *about: Topic, origin: Origin = Origin.PERSON) -> Said:
        """Somebody's yes or no; by default to colleagues' opinions."""
        return say(
            self.store.units,
            self.clock,
            learner.id,
            about or OPINIONS,
            given=given,
            origin=origin,
            actor="test",
            reason="said so",
            text_version="2026-1",
        )

    def tag(self) -> None:
        """Tag the catalogue."""
        tag_contents(self.store.units, self.mapper, self.policy.mapping, self.tagger)

    def add(self, *pieces: Evidence) -> None:
        """Put evidence in."""
        with self.store.units() as uow:
            uow.evidence.upsert(pieces)
            uow.commit()

    def remove(self, *idents: str) -> None:
        """Take evidence out."""
        with self.store.units() as uow:
            uow.evidence.delete(idents)
            uow.commit()

    def person(self, learner: Learner, **changes: Any) -> None:
        """Change a learner."""
        with self.store.units() as uow:
            uow.people.upsert([replace(learner, **changes)])
            uow.commit()

    def content(self, *items: Content) -> None:
        """Change the catalogue, and tag it."""
        with self.store.units() as uow:
            uow.contents.upsert(items)
            uow.commit()
        self.tag()

    def assess(self, learner: str = "E1") -> Assessed:
        """Assess somebody."""
        return self.assessor.assess(learner, trigger="test")

    def fingerprint(self, learner: str = "E1") -> str:
        """Somebody's present fingerprint."""
        return self.assessor.fingerprint(learner)

    def case(self, learner: str = "E1") -> CaseFile:
        """Somebody's present case."""
        case = self.assessor.present(learner).case
        assert case is not None
        return case

    def plan(self, cohort: str = "all") -> SweepPlan:
        """What a sweep would do."""
        return self.plan_with(self.builder, cohort)

    def plan_with(self, builder: CaseBuilder, cohort: str = "all", *, force: bool = False) -> SweepPlan:
        """What a sweep with this builder would do."""
        today = self.clock.at.date()
        look_for_new_names(self.store.units, builder, self.clock)
        return plan_sweep(self.store.units, builder, cohort, gate=self.gate, today=today, force=force)

    def due(self) -> set[str]:
        """Ids of who is due."""
        return {p.id for p in self.plan().due}

    def assertions(self, learner: str = "E1") -> dict[str, StoredAssertion]:
        """Somebody's present assertions by skill."""
        with self.store.units(write=False) as uow:
            return {a.skill_id: a for a in uow.assertions.of(learner)}

    def actions(self) -> list[str]:
        """The actions of the audit chain, in order."""
        with self.store.units(write=False) as uow:
            return [r.action for r in uow.audit.records()]

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {t: int(self.sql(f"SELECT count(*) FROM {t}")[0][0]) for t in TABLES}

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Reach into the database as somebody without the product would."""
        engine = create_engine(self.url or f"sqlite:///{self.file}")
        try:
            with engine.begin() as connection:
                result = connection.execute(text(statement), values)
                return list(result) if result.returns_rows else []
        finally:
            engine.dispose()


def open_world(template: Path, folder: Path) -> World:
    """A world of its own on a copy of a migrated database."""
    file = folder / "store.sqlite"
    shutil.copy(template, file)
    return World(file, open_store(f"sqlite:///{file}", pseudonym=KEY.pseudonym, checkpoint_file=None))


def world_at(url: str, folder: Path) -> World:
    """A world on a migrated, empty database."""
    return World(
        folder / "none", open_store(url, pseudonym=KEY.pseudonym, checkpoint_file=folder / "checkpoints.jsonl"), url=url
    )


def migrated(folder: Path) -> Path:
    """A migrated database to copy."""
    file = folder / "template.sqlite"
    store = open_store(f"sqlite:///{file}", pseudonym=KEY.pseudonym, checkpoint_file=None)
    store.migrate()
    store.close()
    return file


def ids(learners: Iterable[Learner] | Iterable[Due]) -> list[str]:
    """Their ids."""
    return [p.id for p in learners]
