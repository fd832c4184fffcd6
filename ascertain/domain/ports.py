"""Ports: what the use cases need from the world. Adapters stand in the rooms named beside each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import TracebackType
from typing import Any, Protocol, Self

from ascertain.domain.access import ApiKeys
from ascertain.domain.activity import Engagements, JobProposals
from ascertain.domain.answers import Answers, Keep, KeptAnswer
from ascertain.domain.api_requests import ApiRequests
from ascertain.domain.assertion import AssertionState
from ascertain.domain.assignments import Assignments
from ascertain.domain.audit import AuditFilter, AuditRecord, Checkpoint
from ascertain.domain.calibration_log import Calibrations
from ascertain.domain.canonical import digest
from ascertain.domain.casefile import CaseFile, CatalogueItem
from ascertain.domain.consent import Consents, ConsentStore
from ascertain.domain.content_tags import TagVotes
from ascertain.domain.content_weighing import Weighings
from ascertain.domain.crosswalks import Link
from ascertain.domain.disputes import Disputes
from ascertain.domain.evidence import Evidence, SkillCode, Trace
from ascertain.domain.fairness_log import FairnessLog
from ascertain.domain.findings import CrewFindings
from ascertain.domain.inbox import Inbox, KeptSecrets
from ascertain.domain.matching import MatchLists
from ascertain.domain.mentoring import Mentoring
from ascertain.domain.notice import Notices
from ascertain.domain.onboarding import Onboardings
from ascertain.domain.openings import Openings
from ascertain.domain.path_choices import PathChoices
from ascertain.domain.paths import PathPlan, PathProblem
from ascertain.domain.people import PAGE, Learner
from ascertain.domain.permission import RoleGrants
from ascertain.domain.ports_outgoing import Notifications, Outbox, Switches
from ascertain.domain.rectification import Rectifications
from ascertain.domain.restriction import Restrictions
from ascertain.domain.retention import Retention
from ascertain.domain.reviewing import Checks, Looks
from ascertain.domain.rights import Accesses, Tombstones
from ascertain.domain.rights_requests import RightsRequests
from ascertain.domain.rollout import Rollouts
from ascertain.domain.rules import Policy
from ascertain.domain.run_requests import RunRequests
from ascertain.domain.runs import (
    Made,
    QuarantinedRecord,
    ReviewItem,
    Run,
    StoredAssertion,
)
from ascertain.domain.sessions import Sessions
from ascertain.domain.skills import Candidate, ContentTag, JobProfile, Level, Skill
from ascertain.domain.spending import Purse, Usage, UsageLog
from ascertain.domain.stewardship import Stewardship
from ascertain.domain.succession import Successions
from ascertain.domain.sweeps import Sweeps
from ascertain.domain.sync_attempts import SyncAttempt, Watermark
from ascertain.domain.tag_notices import TagNotices
from ascertain.domain.tag_words import TagWords
from ascertain.domain.transcripts import Transcripts
from ascertain.domain.wishes import Wishes


class Taxonomy(Protocol):
    """A loaded taxonomy (``ascertain.taxonomy``). ``version`` is name, release and content hash."""

    @property
    def version(self) -> str: ...
    def skill(self, skill_id: str) -> Skill | None: ...
    def skills(self) -> Sequence[Skill]: ...
    def job_profile(self, profile_id: str) -> JobProfile | None: ...
    def led(self, ident: str, framework: str = "") -> Link | None:
        """Where approved crosswalks lead the id of another taxonomy's skill; ``None`` where none knows it."""


class Mapper(Protocol):
    """Text to skills (``ascertain.taxonomy``), batch first.

    ``map`` returns one list a text, best first, at most ``top`` long; probabilities are calibrated estimates that
    the text expresses the skill. An empty list means that none fits.
    """

    @property
    def version(self) -> str: ...
    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]: ...


class PathSolver(Protocol):
    """Finds feasible plans (``ascertain.planning``), the best first; at least one unless nothing closes a gap."""

    def plans(self, problem: PathProblem) -> tuple[PathPlan, ...]: ...


@dataclass(frozen=True, slots=True)
class CrewServices:
    """What a crew's tools may reach besides the case file: reading and computing, never writing. ``seconds`` is how
    long the run may take at most, where whoever asks for it has no more time; ``purse`` counts what is spent in a
    day; ``answers`` are those that earlier tries of the same run were given, by question; ``keep`` is told all of this
    run whenever there is a new one, so that a run that is killed has paid for nothing in vain."""

    taxonomy: Taxonomy
    mapper: Mapper
    solver: PathSolver
    policy: Policy
    seconds: float | None = None
    purse: Purse | None = None
    answers: Mapping[str, KeptAnswer] = field(default_factory=dict)
    keep: Keep | None = None


class LearnerCrew(Protocol):
    """The five agents (``crews.learner``). One call, one learner; raises ``BrainError`` when a brain fails."""

    @property
    def brain_version(self) -> str: ...
    @property
    def prompts_version(self) -> str: ...
    def preload(self) -> None:
        """Import what a run needs, without a run, so that forked workers inherit it."""

    def run(self, case: CaseFile, services: CrewServices) -> CrewFindings: ...
    def expected(self, case: CaseFile, services: CrewServices) -> tuple[Usage, ...]:
        """What :meth:`run` would use of endpoints at least, by agent and brain, without asking one; empty where none
        would be asked."""


class People(Protocol):
    def get(self, learner_id: str) -> Learner | None: ...
    def find(self, text: str) -> Learner | None:
        """By id or e-mail address (case-insensitive)."""

    def all(self, *, active_only: bool = True) -> list[Learner]: ...
    def cohort(self, name: str) -> list[Learner]:
        """Active learners of a department or job profile called ``name`` (case-insensitive), or ``all``."""

    def page(self, cohort: str, *, after: str = "", limit: int = PAGE) -> tuple[list[Learner], str]:
        """Part of a cohort by id, and after whom to go on; empty when it was the last part. A part may be empty
        though there are others."""

    def among(self, learner_ids: Collection[str], cohort: str) -> set[str]:
        """Who of them is in a cohort."""

    def stream(self, *, limit: int = PAGE) -> Iterator[Learner]:
        """Everybody, also those who left, with few in memory at a time."""

    def named_since(self, number: int) -> list[Learner]:
        """Whose name, address or account in another system came with a later revision than that."""

    def revision(self) -> int:
        """Raised by every commit that adds or changes a learner."""

    def names(self) -> Iterator[tuple[str, str]]:
        """Everybody's id and name, also of those who left."""

    def reports_of(self, manager_id: str) -> list[Learner]: ...
    def upsert(self, learners: Iterable[Learner]) -> int:
        """Number of new or changed learners."""

    def consents_of(self, learner_ids: Collection[str]) -> Mapping[str, Consents]:
        """What counts now, for each of them."""

    def link(self, source_ref: str, learner_id: str) -> None: ...
    def accounts(self, learner_ids: Collection[str] | None = None) -> list[str]:
        """The ids by which other systems know people, or those given."""

    def link_all(self, links: Mapping[str, str]) -> None:
        """Several links: source ref → learner id."""

    def links(self, system: str) -> dict[str, str]:
        """Source ref → learner id, for one system."""

    def stamp(self) -> str:
        """Changes whenever any learner is added or changed (count and newest change will do)."""


class EvidenceStore(Protocol):
    def of(self, learner_id: str) -> list[Evidence]:
        """All of a learner's evidence, ordered by id."""

    def upsert(self, rows: Iterable[Evidence]) -> tuple[int, int, int]:
        """(new, changed, unchanged)."""

    def delete(self, evidence_ids: Iterable[str]) -> int: ...
    def from_source(self, source_ref: str) -> list[Evidence]:
        """What was made of one record, or of all whose reference goes on after it with a hyphen."""

    def made_of(self, source_refs: Collection[str]) -> list[Trace]:
        """What was made of exactly these records."""

    def traces(self, system: str) -> Iterator[Trace]:
        """All pieces of one connection, piece by piece; to be read to its end before anything else is asked."""

    def told_of(self, learner_ids: Collection[str]) -> set[str]:
        """Those of the learners of whom something else than an enrolment tells of a course: a badge, a review."""

    def counts(self) -> dict[str, int]:
        """Number of pieces by learner id."""

    def coded(self) -> list[tuple[str, SkillCode]]:
        """(learner id, code) of each piece that names a skill by the id of another taxonomy."""

    def sources(self) -> list[tuple[str, str]]:
        """Where evidence comes from: (system, kind), each once."""

    def texts(self) -> Iterator[tuple[str, str, str]]:
        """Learner id, title and text of every piece, with few in memory at a time."""

    def stamps(self, learner_ids: Collection[str] | None = None) -> dict[str, str]:
        """By learner id, a digest over the learner's evidence rows (ids and contents); by default of everybody."""


@dataclass(frozen=True, slots=True)
class Content:
    """A stored catalogue item. ``content_hash`` covers title, description and level.

    Attributes:
        level_stated: whether a source says the level; else it is assumed, and words of the text may say another.
        transcript: names the words of its transcript; empty where it has none. The store keeps it: whoever stores
            content of a source changes nothing about it.
    """

    item: CatalogueItem
    system: str
    source_ref: str
    code: str
    description: str
    category: str
    content_hash: str
    active: bool = True
    level_stated: bool = True
    transcript: str = ""

    @property
    def text_hash(self) -> str:
        """What tags and votes depend on: all that is said in and about it."""
        return digest([self.content_hash, self.transcript], length=32) if self.transcript else self.content_hash


class Contents(Protocol):
    def get(self, content_id: str) -> Content | None: ...
    def all(self, *, active_only: bool = True) -> list[Content]: ...
    def upsert(self, rows: Iterable[Content]) -> tuple[int, int, int]: ...
    def untagged(self, tagger: str) -> list[Content]:
        """Content whose present text has not been tagged by ``tagger`` (taxonomy and mapper version)."""

    def set_tags(self, content: Content, tagger: str, tags: Sequence[ContentTag]) -> None: ...
    def stamp(self, tagger: str) -> str:
        """Changes whenever content or its tags by ``tagger`` change."""

    def tags(self, tagger: str) -> dict[str, tuple[ContentTag, ...]]:
        """Tags of the present content by content id: suggestions of ``tagger`` under what the catalogue crew found, and
        above both what people decided about them."""

    def suggestions(self, tagger: str) -> dict[str, tuple[ContentTag, ...]]:
        """What ``tagger`` found in the present content, whatever was decided about it."""


class Roles(Protocol):
    def get(self, profile_id: str) -> JobProfile | None: ...
    def all(self) -> list[JobProfile]: ...
    def upsert(self, profiles: Iterable[JobProfile]) -> int: ...


class Runs(Protocol):
    def find(self, learner_id: str, fingerprint: str) -> Run | None: ...
    def get(self, run_id: str) -> Run | None: ...
    def latest(self, learner_id: str, *, before: datetime | None = None) -> Run | None:
        """The newest finished run; with ``before`` the newest that was finished by then."""

    def begun(self, learner_id: str) -> list[Run]:
        """Those that have not ended, oldest first."""

    def begun_before(self, at: datetime) -> list[Run]:
        """Of everybody, those begun before then that have not ended, oldest first."""

    def put(self, run: Run) -> None:
        """Insert, or replace the run with that id."""

    def put_documents(self, run_id: str, documents: Mapping[str, Any]) -> None:
        """Named JSON documents of a run: claims, picks, gaps, path, drops, needs, summary."""

    def document(self, run_id: str, name: str) -> Any: ...
    def documents(self, run_id: str, names: Collection[str]) -> dict[str, Any]:
        """Several documents of a run, by name; without those that it has not."""

    def documents_of(self, learner_id: str) -> dict[str, dict[str, Any]]:
        """All documents of a learner's runs: run id → name → document."""

    def latest_stamps(self, learner_ids: Collection[str] | None = None) -> dict[str, str]:
        """By learner id, the stamp of the newest finished run; by default of everybody."""

    def forget_stamps(self, learner_ids: Collection[str] | None = None) -> int:
        """Empty the stamps of these people's finished runs (by default of everybody's), so that the next sweep
        compares their cases; how many."""

    def some(self, run_ids: Collection[str]) -> dict[str, Run]:
        """By id, those that there are."""

    def recent(self, since: datetime, *, limit: int) -> list[Run]:
        """Runs begun since then, the newest first."""

    def set_stamp(self, run_id: str, stamp: str) -> None: ...
    def states(self) -> dict[str, int]: ...
    def any_done(self) -> bool:
        """Whether there is a finished run of anybody."""


class Assertions(Protocol):
    def about(self, skills: Collection[str]) -> list[StoredAssertion]:
        """Present assertions about these skills."""

    def ever_about(self, skills: Collection[str]) -> set[str]:
        """Which of these skills a present or an earlier assertion is about."""

    def get(self, assertion_id: str) -> StoredAssertion | None:
        """By full id or an unambiguous prefix of it."""

    def of(self, learner_id: str, *, current_only: bool = True) -> list[StoredAssertion]: ...
    def all(self, *, current_only: bool = True) -> list[StoredAssertion]: ...
    def experts(
        self, level: Level, *, skills: Collection[str] | None = None, made_before: date | None = None
    ) -> list[StoredAssertion]:
        """Accepted assertions of at least ``level``, of certain skills or of all."""

    def accepted(self, skills: Collection[str]) -> list[tuple[str, str, int]]:
        """(learner id, skill id, level) of everybody's accepted assertions about these skills."""

    def made(self, since: datetime) -> list[Made]:
        """All that were made since then, superseded ones too, the oldest first."""

    def add(self, rows: Iterable[StoredAssertion]) -> None: ...
    def set_state(
        self,
        assertion_id: str,
        state: AssertionState,
        *,
        level: int | None = None,
        human_reviewed: bool = False,
    ) -> None: ...
    def set_back(self, assertion_id: str, state: AssertionState, level: Level | None, *, human_reviewed: bool) -> None:
        """Make an assertion what it was before a decision that was taken back."""

    def supersede(self, learner_id: str, *, keep_run: str) -> int:
        """Mark the learner's assertions of other runs superseded."""

    def set_inputs(self, assertion_id: str, inputs: str) -> None:
        """Replace the canonical JSON of what an assertion was made from."""


class Reviews(Protocol):
    def get(self, item_id: str) -> ReviewItem | None: ...
    def open(self, *, assignee: str | None = None, learner_id: str | None = None) -> list[ReviewItem]:
        """Open items, most urgent first (priority, due date)."""

    def waiting_for(self) -> dict[str, int]:
        """By assignee, how many items wait (also those whose answer is known): without what is contested and without
        people who are restricted."""

    def add(self, items: Iterable[ReviewItem]) -> None: ...
    def put(self, item: ReviewItem) -> None: ...
    def close_for(self, learner_id: str, *, keep_run: str) -> int:
        """Withdraw open items whose assertion was superseded."""

    def reopen(self, assertion_ids: Collection[str]) -> int:
        """Put withdrawn, undecided items of these assertions back into the queue."""

    def withdraw(self, assertion_ids: Collection[str]) -> int:
        """Take open items of these assertions out of the queue."""

    def decided(self, learner_id: str) -> list[ReviewItem]: ...
    def every_decision(self, *, since: datetime | None = None) -> list[ReviewItem]:
        """Everybody's decided items, in the order of their decisions."""


class AuditLog(Protocol):
    def append(
        self,
        action: str,
        *,
        actor: str,
        header: Mapping[str, Any],
        learner_id: str | None = None,
        payload: Any = None,
    ) -> AuditRecord:
        """Seal a record onto the chain in this transaction. ``payload`` (JSON) is encrypted under the learner's
        key; ``header`` must hold nothing personal."""

    def records(self, *, after: int = 0) -> Iterator[AuditRecord]: ...
    def search(self, wanted: AuditFilter, *, before: int | None, limit: int) -> list[AuditRecord]:
        """The newest first; only records numbered under ``before``."""

    def ciphertexts(self) -> Mapping[int, bytes | None]: ...
    def head(self) -> Checkpoint | None: ...
    def open_payload(self, seq: int) -> Any:
        """The decrypted payload; ``None`` if there is none or the key was erased."""


class SyncState(Protocol):
    def cursor(self, connector: str, entity: str) -> Mapping[str, Any] | None: ...
    def set_cursor(self, connector: str, entity: str, value: Mapping[str, Any]) -> None: ...
    def synced_at(self) -> dict[str, datetime]:
        """When each connection last brought a page to its end, by its name."""

    def cursors(self) -> list[Watermark]:
        """How far every connection has told each kind of record."""

    def note_attempt(self, row: SyncAttempt) -> None:
        """Keep how a pull went, in place of the one before."""

    def attempts(self) -> list[SyncAttempt]:
        """By connection and kind of record."""

    def forget_cursors(self, entities: Collection[str]) -> None:
        """Let every connection tell these entities anew."""

    def quarantine(self, row: QuarantinedRecord) -> None: ...
    def quarantined(self) -> list[QuarantinedRecord]: ...
    def release(self, quarantine_id: str) -> bool:
        """Take a record out of quarantine; False if it was not there."""


class PolicyArchive(Protocol):
    def put(self, version: str, document: str) -> None:
        """Keep the policy text under its version (idempotent), so that replay can use it."""

    def get(self, version: str) -> str | None: ...


class UnitOfWork(Protocol):
    """One transaction. Leaving the block without ``commit`` rolls back."""

    @property
    def people(self) -> People: ...
    @property
    def evidence(self) -> EvidenceStore: ...
    @property
    def contents(self) -> Contents: ...
    @property
    def transcripts(self) -> Transcripts: ...
    @property
    def weighings(self) -> Weighings: ...
    @property
    def roles(self) -> Roles: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def assertions(self) -> Assertions: ...
    @property
    def reviews(self) -> Reviews: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def sync(self) -> SyncState: ...
    @property
    def policies(self) -> PolicyArchive: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def kept(self) -> KeptSecrets: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def switches(self) -> Switches: ...
    @property
    def notifications(self) -> Notifications: ...
    @property
    def engagements(self) -> Engagements: ...
    @property
    def proposals(self) -> JobProposals: ...
    @property
    def retention(self) -> Retention: ...
    @property
    def fairness(self) -> FairnessLog: ...
    @property
    def accesses(self) -> Accesses: ...
    @property
    def calibrations(self) -> Calibrations: ...
    @property
    def api_requests(self) -> ApiRequests: ...
    @property
    def run_requests(self) -> RunRequests: ...
    @property
    def looks(self) -> Looks: ...
    @property
    def checks(self) -> Checks: ...
    @property
    def tombstones(self) -> Tombstones: ...
    @property
    def disputes(self) -> Disputes: ...
    @property
    def restrictions(self) -> Restrictions: ...
    @property
    def rectifications(self) -> Rectifications: ...
    @property
    def rights_requests(self) -> RightsRequests: ...
    @property
    def assignments(self) -> Assignments: ...
    @property
    def paths(self) -> PathChoices: ...
    @property
    def grants(self) -> RoleGrants: ...
    @property
    def consents(self) -> ConsentStore: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def sweeps(self) -> Sweeps: ...
    @property
    def usage(self) -> UsageLog: ...
    @property
    def answers(self) -> Answers: ...
    @property
    def tag_votes(self) -> TagVotes: ...
    @property
    def tag_words(self) -> TagWords: ...
    @property
    def tag_notices(self) -> TagNotices: ...
    @property
    def stewardship(self) -> Stewardship: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def openings(self) -> Openings: ...
    @property
    def wishes(self) -> Wishes: ...
    @property
    def matches(self) -> MatchLists: ...
    @property
    def onboardings(self) -> Onboardings: ...
    @property
    def successions(self) -> Successions: ...
    @property
    def mentoring(self) -> Mentoring: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def commit(self) -> None: ...
    def commit_early(self) -> Callable[[], None]:
        """``commit`` without the checkpoint of the audit chain, which what is returned writes."""


class UnitOfWorkFactory(Protocol):
    def __call__(self, *, write: bool = True) -> UnitOfWork:
        """Open a transaction; ``write`` False promises not to write and takes no lock."""


class Pseudonymiser(Protocol):
    """Names people without naming them (``ascertain.pipeline.pseudonyms``)."""

    def pseudonym(self, learner_id: str) -> str: ...
    def mask(self, text: str) -> str:
        """Replace names, addresses and ids; raises ``PseudonymError`` when it cannot prove the text clean."""


class Clock(Protocol):
    def now(self) -> datetime: ...
    def today(self) -> date: ...
