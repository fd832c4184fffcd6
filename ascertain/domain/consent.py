"""What a person, and the organisation, allow: which sources may be used, and for which purposes.

Opinions of colleagues and messages are used only where both have said yes. Everything else is used unless one of them
has said no. Consent is a history of statements; what counts now follows from it (:func:`standing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.reach import EVERYTHING, OUTSIDE_WORDS, Reach
from ascertain.domain.records import Entity


class Purpose(StrEnum):
    """What a person's skills may be used for. ``assessment`` is the inference itself: without it nothing is inferred.
    ``mentoring``: to be named to colleagues as somebody who can help. ``mobility``: to be found for other roles.
    ``analytics``: to be counted and shown in the figures of a cohort."""

    ASSESSMENT = "assessment"
    MENTORING = "mentoring"
    MOBILITY = "mobility"
    ANALYTICS = "analytics"


class Source(StrEnum):
    """Kinds of evidence, as one can speak of them to the person concerned."""

    LEARNING = "learning"
    TESTS = "tests"
    CREDENTIALS = "credentials"
    OWN_WORDS = "own_words"
    WORK = "work"
    DOCUMENTS = "documents"
    REVIEWS = "reviews"
    PEER_FEEDBACK = "peer_feedback"
    MESSAGES = "messages"


Topic = Purpose | Source
"""What one can say yes or no to. All values differ, so a value alone names its topic."""

OPT_IN: frozenset[Topic] = frozenset({Source.REVIEWS, Source.PEER_FEEDBACK, Source.MESSAGES})
"""Nothing without an explicit yes of the person and of the organisation."""

SOURCE_OF: Mapping[EvidenceKind, Source] = {
    EvidenceKind.COMPLETION: Source.LEARNING,
    EvidenceKind.EXTERNAL_TRAINING: Source.LEARNING,
    EvidenceKind.ENGAGEMENT: Source.LEARNING,
    EvidenceKind.ASSESSMENT: Source.TESTS,
    EvidenceKind.CERTIFICATION: Source.CREDENTIALS,
    EvidenceKind.BADGE: Source.CREDENTIALS,
    EvidenceKind.SELF_ASSESSMENT: Source.OWN_WORDS,
    EvidenceKind.PROFILE: Source.OWN_WORDS,
    EvidenceKind.PROJECT: Source.WORK,
    EvidenceKind.TICKET: Source.WORK,
    EvidenceKind.DOCUMENT: Source.DOCUMENTS,
    EvidenceKind.MANAGER_REVIEW: Source.REVIEWS,
    EvidenceKind.PEER_FEEDBACK: Source.PEER_FEEDBACK,
    EvidenceKind.MESSAGE: Source.MESSAGES,
}

BROUGHT_BY: Mapping[Source, tuple[Entity, ...]] = {
    Source.LEARNING: (Entity.ENROLMENT, Entity.ENGAGEMENT, Entity.STATEMENT, Entity.AWARD),
    Source.TESTS: (Entity.ASSESSMENT, Entity.ENROLMENT, Entity.STATEMENT),
    Source.CREDENTIALS: (Entity.AWARD, Entity.ENROLMENT, Entity.STATEMENT),
    Source.OWN_WORDS: (Entity.REVIEW, Entity.DOCUMENT),
    Source.WORK: (Entity.PROJECT, Entity.TICKET),
    Source.DOCUMENTS: (Entity.DOCUMENT,),
    Source.REVIEWS: (Entity.REVIEW, Entity.DOCUMENT),
    Source.PEER_FEEDBACK: (Entity.REVIEW, Entity.DOCUMENT),
    Source.MESSAGES: (),
}
"""Records out of which evidence of a source is made: to be pulled anew once consent is given. Of messages none: whoever
agrees now has not agreed to the reading of what they wrote before."""

WORDS: Mapping[Topic, str] = {
    Purpose.ASSESSMENT: "assessment of skills",
    Purpose.MENTORING: "being named as a mentor",
    Purpose.MOBILITY: "being found for other roles",
    Purpose.ANALYTICS: "figures of cohorts",
    Source.LEARNING: "learning records",
    Source.TESTS: "tests",
    Source.CREDENTIALS: "certificates and badges",
    Source.OWN_WORDS: "the person's own statements",
    Source.WORK: "projects and tickets",
    Source.DOCUMENTS: "documents",
    Source.REVIEWS: "manager reviews",
    Source.PEER_FEEDBACK: "feedback of colleagues",
    Source.MESSAGES: "messages",
}


class Origin(StrEnum):
    """Where a statement comes from: a field of the HR system, the person's own word, or somebody on their behalf."""

    HRIS = "hris"
    PERSON = "person"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Statement:
    """One yes or no of a person. Statements are only ever added.

    Attributes:
        on: the day it was said.
        text_version: of the text that the person was shown; empty where the source does not say.
        actor: who recorded it: a name, or a connection.
    """

    learner_id: str
    topic: Topic
    given: bool
    origin: Origin
    on: date
    text_version: str
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrganisationStatement:
    """One yes or no of the organisation, for everybody."""

    topic: Topic
    given: bool
    on: date
    text_version: str
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answers:
    """What stands of a history: topics with a yes, topics with a no, and how often a source was taken back."""

    given: frozenset[Topic] = frozenset()
    refused: frozenset[Topic] = frozenset()
    withdrawals: int = 0

    def allow(self, topic: Topic) -> bool:
        """Whether this party allows it; silence allows what needs no opt-in."""
        return topic in self.given or (topic not in self.refused and topic not in OPT_IN)

    def plain(self) -> dict[str, object]:
        """JSON's own types; empty for silence."""
        if not (self.given or self.refused):
            return {}
        return {"given": sorted(self.given), "refused": sorted(self.refused), "withdrawals": self.withdrawals}

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Answers:
        """Out of :meth:`plain`."""
        given, refused = (frozenset(topic_of(t) for t in raw.get(k, ())) for k in ("given", "refused"))
        return cls(given, refused, raw.get("withdrawals", 0))


@dataclass(frozen=True, slots=True)
class Consents:
    """Both parties' answers about one person, within what a rollout lets the product touch at all."""

    person: Answers = field(default_factory=Answers)
    organisation: Answers = field(default_factory=Answers)
    reach: Reach = EVERYTHING

    def allows(self, what: Topic | EvidenceKind) -> bool:
        """Whether a purpose, a source, or evidence of a kind may be used."""
        topic = SOURCE_OF[what] if isinstance(what, EvidenceKind) else what
        reached = self.reach.admits_kind(what) if isinstance(what, EvidenceKind) else self._reaches(topic)
        return reached and self.person.allow(topic) and self.organisation.allow(topic)

    def admits(self, evidence: Evidence) -> bool:
        """Whether a piece of evidence may be used."""
        return self.allows(evidence.kind) and self.reach.admits(evidence)

    def _reaches(self, topic: Topic) -> bool:
        if self.reach.outside or self.reach.kinds is None or isinstance(topic, Purpose):
            return not self.reach.outside
        return any(SOURCE_OF[kind] is topic for kind in self.reach.kinds)

    def why_not(self, topic: Topic) -> str:
        """Why something is not allowed, in plain words; empty when it is."""
        if self.reach.outside:
            return OUTSIDE_WORDS
        if not self._reaches(topic):
            return f"the present phase of the pilot {self.reach.pilot} does not use it"
        if not self.organisation.allow(topic):
            refused = topic in self.organisation.refused
            return "the organisation has said no" if refused else "the organisation has not opted in"
        if not self.person.allow(topic):
            return "the person has said no" if topic in self.person.refused else "the person has not agreed"
        return ""

    @property
    def withdrawals(self) -> int:
        """How often a source was taken back, by either: a run from before cannot stand for a case after it."""
        return self.person.withdrawals + self.organisation.withdrawals

    def covers(self, case: Consents, kinds: Iterable[EvidenceKind]) -> bool:
        """Whether a case that was read under the consents ``case``, with evidence of these kinds, may still be used."""
        return (
            self.withdrawals == case.withdrawals
            and self.reach == case.reach
            and self.allows(Purpose.ASSESSMENT)
            and all(self.allows(k) for k in set(kinds))
        )


def topic_of(value: str) -> Topic:
    """The purpose or source of that name.

    Raises:
        ValueError: there is none.
    """
    name = value.strip().lower().replace("-", "_")
    return Source(name) if name in set(Source) else Purpose(name)


def standing(history: Sequence[Statement]) -> Answers:
    """What counts now. The newest statement does, except that a person's own no is lifted by nobody but the person.

    Args:
        history: one person's statements, oldest first.
    """
    stands: dict[Topic, Statement] = {}
    withdrawals = 0
    for said in history:
        before = stands.get(said.topic)
        if (
            before is not None
            and before.origin is Origin.PERSON
            and not before.given
            and said.origin is not Origin.PERSON
        ):
            continue
        allowed = before.given if before is not None else said.topic not in OPT_IN
        withdrawals += isinstance(said.topic, Source) and allowed and not said.given
        stands[said.topic] = said
    return _answers({t: s.given for t, s in stands.items()}, withdrawals)


def standing_of_organisation(history: Sequence[OrganisationStatement]) -> Answers:
    """What counts now: the newest statement about each topic. ``history``: oldest first."""
    stands: dict[Topic, bool] = {}
    withdrawals = 0
    for said in history:
        allowed = stands.get(said.topic, said.topic not in OPT_IN)
        withdrawals += isinstance(said.topic, Source) and allowed and not said.given
        stands[said.topic] = said.given
    return _answers(stands, withdrawals)


def _answers(stands: Mapping[Topic, bool], withdrawals: int) -> Answers:
    given = frozenset(t for t, yes in stands.items() if yes)
    return Answers(given, frozenset(stands) - given, withdrawals)


class ConsentStore(Protocol):
    """``ascertain.store.consents``."""

    def add(self, statements: Iterable[Statement]) -> None:
        """Append, and bring what counts now (``Learner.consents``) up to date."""

    def of(self, learner_id: str) -> list[Statement]:
        """Oldest first."""

    def newest(self, learner_ids: Collection[str], origin: Origin) -> Mapping[tuple[str, Topic], bool]:
        """By learner and topic, what that origin said last."""

    def add_organisation(self, statement: OrganisationStatement) -> None: ...
    def organisation(self) -> list[OrganisationStatement]:
        """Oldest first."""
