"""Records what people and the organisation allow, and takes away at once what rested on a source taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from ascertain.domain.assertion import AssertionState
from ascertain.domain.consent import (
    BROUGHT_BY,
    Consents,
    OrganisationStatement,
    Origin,
    Purpose,
    Source,
    Statement,
    Topic,
    topic_of,
)
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.records import WorkerRecord
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.cases import learner_or_raise
from ascertain.pipeline.consent_texts import rests_on, without_note, without_words
from ascertain.pipeline.mentoring import stop_mentoring
from ascertain.pipeline.write_back_switch import named


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a withdrawal took away: pieces of evidence deleted, assertions that stand no longer, questions to humans
    taken out of the queue."""

    evidence: int = 0
    assertions: int = 0
    reviews: int = 0

    def __add__(self, other: Forgotten) -> Forgotten:
        return Forgotten(
            self.evidence + other.evidence, self.assertions + other.assertions, self.reviews + other.reviews
        )

    def __bool__(self) -> bool:
        return bool(self.evidence or self.assertions or self.reviews)


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a statement. ``recorded``: topics that are new in the history (the same again is not);
    ``touched``: people whose case is another one now."""

    given: bool
    recorded: tuple[Topic, ...]
    forgotten: Forgotten
    touched: tuple[str, ...]


def topics(names: Sequence[str], field: str) -> list[Topic]:
    """Purposes or sources by name.

    Raises:
        InputError: naming one that does not exist, and those that do.
    """
    kinds: type[Purpose] | type[Source] = Purpose if field == "purpose" else Source
    found: list[Topic] = []
    for name in names:
        try:
            topic = topic_of(name)
        except ValueError:
            topic = None
        if not isinstance(topic, kinds):
            raise InputError(f"{name!r} is none", field=field, remedy=f"one of {', '.join(k.value for k in kinds)}")
        found.append(topic)
    return found


def say(
    units: UnitOfWorkFactory,
    clock: Clock,
    person: str,
    about: Sequence[Topic],
    *,
    given: bool,
    origin: Origin,
    actor: str,
    reason: str,
    text_version: str = "",
    on: date | None = None,
) -> Said:
    """Record a person's yes or no. The same again changes nothing.

    Args:
        on: the day it was said; today by default.

    Raises:
        NotFoundError: unknown person.
        InputError: nobody is named, nothing is asked about, there is no reason, or a yes names no text.
        ConflictError: a yes on somebody's behalf, where the person's own word is no.
    """
    day = _checked(clock, about, given=given, reason=reason, text_version=text_version, on=on)
    with units() as uow:
        learner = learner_or_raise(uow, person)
        history = uow.consents.of(learner.id)
        newest = {s.topic: s for s in history}
        new = []
        for topic in dict.fromkeys(about):
            said = Statement(
                learner.id, topic, given, origin, day, text_version, named(actor), reason.strip(), clock.now()
            )
            before = newest.get(topic)
            if before is not None and _same(before, said):
                continue
            if given and origin is not Origin.PERSON and _own_no(history, topic):
                raise ConflictError(
                    f"{learner.id} has said no to {topic.value}, which nobody else can lift",
                    remedy="record the person's own word: --origin person",
                )
            new.append(said)
        if not new:
            return Said(given, (), Forgotten(), ())
        forgotten = record(uow, learner, new)
        uow.commit()
    return Said(given, tuple(s.topic for s in new), forgotten, (learner.id,))


def say_for_all(
    units: UnitOfWorkFactory,
    clock: Clock,
    about: Sequence[Topic],
    *,
    given: bool,
    actor: str,
    reason: str,
    text_version: str = "",
    on: date | None = None,
) -> Said:
    """Record the organisation's yes or no. A no takes away at once what rested on it, of everybody.

    Raises:
        InputError: as for :func:`say`.
    """
    day = _checked(clock, about, given=given, reason=reason, text_version=text_version, on=on)
    with units() as uow:
        newest = {s.topic: s for s in uow.consents.organisation()}
        new = []
        for topic in dict.fromkeys(about):
            said = OrganisationStatement(topic, given, day, text_version, named(actor), reason.strip(), clock.now())
            before = newest.get(topic)
            if before is None or (before.given, before.text_version) != (given, text_version):
                new.append(said)
        if not new:
            return Said(given, (), Forgotten(), ())
        everybody = {p.id: p for p in uow.people.all(active_only=False)}
        for said in new:
            uow.consents.add_organisation(said)
        names = [s.topic.value for s in new]
        header = {"topics": names, "given": given, "on": day.isoformat(), "text": text_version}
        payload = {"actor": named(actor), "reason": reason.strip()}
        uow.audit.append("consent.organisation", actor="operator", header=header, payload=payload)
        forgotten, touched = Forgotten(), []
        for learner in uow.people.all(active_only=False):
            lost = settle(uow, everybody[learner.id].consents, learner)
            forgotten += lost
            if lost:
                touched.append(learner.id)
        uow.commit()
    return Said(given, tuple(s.topic for s in new), forgotten, tuple(touched))


def record(uow: UnitOfWork, learner: Learner, statements: Sequence[Statement]) -> Forgotten:
    """Append statements of one person and bring everything into line with them; the caller commits."""
    uow.consents.add(statements)
    header = {
        "origin": statements[0].origin.value,
        "given": sorted(s.topic.value for s in statements if s.given),
        "refused": sorted(s.topic.value for s in statements if not s.given),
        "on": statements[0].on.isoformat(),
        "text": statements[0].text_version,
    }
    payload = {"actor": statements[0].actor, "reason": statements[0].reason}
    uow.audit.append("consent.recorded", actor="consent", learner_id=learner.id, header=header, payload=payload)
    now = uow.people.get(learner.id)
    return settle(uow, learner.consents, now) if now is not None else Forgotten()


def hris_says(uow: UnitOfWork, clock: Clock, said: Sequence[tuple[Learner, WorkerRecord]]) -> dict[str, Forgotten]:
    """Record what the HR system has in its consent fields where that is new; by learner id what was taken away."""
    known = uow.consents.newest([p.id for p, _ in said], Origin.HRIS)
    found: dict[str, Forgotten] = {}
    for learner, worker in said:
        fields: dict[Topic, bool | None] = {
            Source.REVIEWS: worker.reviews_consent,
            Source.PEER_FEEDBACK: worker.reviews_consent,
            Source.MESSAGES: worker.messages_consent,
        }
        at = clock.now()
        new = [
            Statement(learner.id, topic, yes, Origin.HRIS, at.date(), "", worker.ref.system, "", at)
            for topic, yes in fields.items()
            if yes is not None and known.get((learner.id, topic)) is not yes
        ]
        if new:
            found[learner.id] = record(uow, learner, new)
    return found


def settle(uow: UnitOfWork, before: Consents, learner: Learner) -> Forgotten:
    """Bring what is stored about somebody into line with what is allowed now: evidence that may not be used is deleted
    with all that was said of it, and where a source is allowed anew its records are asked for again."""
    now = learner.consents
    if not now.allows(Purpose.MENTORING):
        stop_mentoring(uow, learner)
    widened = [s for s in Source if now.allows(s) and not before.allows(s)]
    if entities := {e.value for s in widened for e in BROUGHT_BY[s]}:
        uow.sync.forget_cursors(entities)
    if all(now.allows(t) for t in (*Source, Purpose.ASSESSMENT)):
        return Forgotten()
    gone = {e.id for e in uow.evidence.of(learner.id) if not learner.allows(e)}
    everything = not now.allows(Purpose.ASSESSMENT)
    return _forget(uow, learner.id, gone, everything=everything)


def _forget(uow: UnitOfWork, learner_id: str, gone: Collection[str], *, everything: bool) -> Forgotten:
    rows = uow.assertions.of(learner_id, current_only=False)
    resting = [r for r in rows if everything or rests_on(r.inputs, gone)]
    fallen = [r for r in resting if r.state is not AssertionState.SUPERSEDED]
    uow.answers.forget(learner_id)
    if not gone and not fallen:
        return Forgotten()
    for row in fallen:
        uow.assertions.set_state(row.id, AssertionState.SUPERSEDED)
    closed = uow.reviews.withdraw([r.id for r in fallen])
    if gone:
        for row in rows:
            if (kept := without_note(row.inputs)) != row.inputs:
                uow.assertions.set_inputs(row.id, kept)
        for run, documents in uow.runs.documents_of(learner_id).items():
            skills = {r.skill_id for r in resting if r.run_id == run}
            if changed := without_words(documents, gone, skills):
                uow.runs.put_documents(run, changed)
        uow.evidence.delete(sorted(gone))
    forgotten = Forgotten(len(gone), len(fallen), closed)
    header = {"evidence": forgotten.evidence, "assertions": forgotten.assertions, "reviews": forgotten.reviews}
    uow.audit.append("consent.forgotten", actor="consent", learner_id=learner_id, header=header)
    return forgotten


def _checked(
    clock: Clock, about: Sequence[Topic], *, given: bool, reason: str, text_version: str, on: date | None
) -> date:
    if not about:
        raise InputError("nothing is asked about", remedy="give --purpose or --source")
    if not reason.strip():
        raise InputError("it needs a reason", field="reason", remedy="say in a few words how it was said")
    if given and not text_version.strip():
        raise InputError(
            "a yes needs the version of the text that was agreed to",
            field="text_version",
            remedy="--text-version 2026-1",
        )
    day = on or clock.today()
    if day > clock.today():
        raise InputError(f"{day.isoformat()} is in the future", field="on", remedy="give the day it was said")
    return day


def _same(before: Statement, said: Statement) -> bool:
    return (before.given, before.origin, before.on, before.text_version) == (
        said.given,
        said.origin,
        said.on,
        said.text_version,
    )


def _own_no(history: Sequence[Statement], topic: Topic) -> bool:
    own = [s for s in history if s.topic is topic and s.origin is Origin.PERSON]
    return bool(own) and not own[-1].given
