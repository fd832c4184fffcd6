"""Offers of mentors, requests to them and their answers; what two people, or HR for them, have put on record.

Each of these is said by the person concerned, is audited, and changes nothing when it is said again. The caller
commits.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date

from ascertain.domain.mentoring import Mentorship, Offer, PairState, PairWord, Word, kept_apart
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.mentoring_find import Seek, could_be, find, may_mentor, must_be_zone, open_needs
from ascertain.pipeline.permit import demand, demand_about_anybody, may

WORDS_CHARS = 500
MOST_WAITING = 5
"""Requests of one person that may wait at once: asking everybody is asking nobody."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the use cases share."""

    seek: Seek
    clock: Clock


def offer(uow: UnitOfWork, taxonomy: Taxonomy, made: Offer, mentor: Learner, desk: Desk, *, actor: Principal) -> Offer:
    """Offer to be a mentor, in place of what was offered before.

    Raises:
        InputError: places, a skill, the time zone or the note cannot be so.
        ConflictError: they said no to being named as a mentor, or processing of them is restricted.
    """
    _offerable(taxonomy, made, desk)
    if not may_mentor(mentor):
        raise ConflictError(
            "this person may not be named as a mentor",
            remedy="`ascertain consent give --purpose mentoring` first, where they want to",
        )
    before = uow.mentoring.offer_of(mentor.id)
    new = replace(made, skills=tuple(sorted(set(made.skills))), note=made.note.strip(), offered_at=desk.clock.now())
    if before is not None and replace(new, offered_at=before.offered_at) == before:
        return before
    uow.mentoring.put_offer(new)
    payload = {"by": actor.name, "skills": list(new.skills), "note": new.note, "timezone": new.timezone}
    header = {"places": new.places, "skills": len(new.skills), "level_shown": new.level_shown}
    uow.audit.append("mentoring.offered", actor=actor.kind, learner_id=mentor.id, header=header, payload=payload)
    return new


def _offerable(taxonomy: Taxonomy, made: Offer, desk: Desk) -> None:
    most = desk.seek.rules.most_places
    if not 1 <= made.places <= most:
        raise InputError(f"{made.places} places cannot be offered", field="places", remedy=f"1 to {most}")
    for skill in made.skills:
        if taxonomy.skill(skill) is None:
            raise InputError(f"the taxonomy has no skill {skill!r}", field="skills", remedy="give the id of a skill")
    must_be_zone(made.timezone)
    _short(made.note, "note")


def close_offer(uow: UnitOfWork, mentor: Learner, *, actor: Principal, because: str = "taken back") -> bool:
    """Take the offer back. Who is a mentor already stays one; false where nothing was offered."""
    if not uow.mentoring.drop_offer(mentor.id):
        return False
    header = {"because": because}
    uow.audit.append(
        "mentoring.offer_closed", actor=actor.kind, learner_id=mentor.id, header=header, payload={"by": actor.name}
    )
    return True


def ask(
    uow: UnitOfWork, learner: Learner, mentor_text: str, skill_id: str, words: str, desk: Desk, *, actor: Principal
) -> Mentorship:
    """Ask somebody to be one's mentor in a skill. What waits or holds already is answered as it stands.

    Raises:
        InputError: the words are too long.
        ConflictError: that colleague cannot be asked for it now, whatever the reason; too many requests wait.
    """
    _short(words, "words")
    now, rules = desk.clock.now(), desk.seek.rules
    mentor = uow.people.find(mentor_text)
    mine = [m for m in uow.mentoring.of(learner.id) if m.learner_id == learner.id]
    with_them = [m for m in mine if mentor is not None and (m.mentor_id, m.skill_id) == (mentor.id, skill_id)]
    for m in with_them:
        if m.waits(now, rules) or m.state is PairState.ACCEPTED:
            return m
    settled = any(m.settled(now, rules) for m in with_them)
    if learner.restricted or mentor is None or settled or not could_be(uow, learner, mentor, skill_id, desk.seek):
        raise ConflictError(
            "this colleague cannot be asked for that now", remedy="`ascertain mentor find` shows who can be asked"
        )
    if sum(m.waits(now, rules) for m in mine) >= MOST_WAITING:
        raise ConflictError(f"{MOST_WAITING} requests wait already", remedy="wait for an answer, or end one of them")
    key = f"{learner.id}\n{mentor.id}\n{skill_id}\n{len(with_them)}"
    ident = f"m{hashlib.sha256(key.encode()).hexdigest()[:15]}"
    made = Mentorship(ident, learner.id, mentor.id, skill_id, PairState.ASKED, now, words.strip())
    uow.mentoring.put(made)
    _seal(uow, "mentoring.asked", made, actor, {"words": made.words})
    return made


def answer(uow: UnitOfWork, row: Mentorship, *, yes: bool, said: str, desk: Desk, actor: Principal) -> Mentorship:
    """The mentor says yes or no. The same answer again changes nothing.

    Raises:
        InputError: the words are too long.
        ConflictError: it was answered otherwise, no longer waits, or cannot be any more (places, reporting line).
    """
    _short(said, "reason")
    wanted = PairState.ACCEPTED if yes else PairState.DECLINED
    if row.state is wanted:
        return row
    now = desk.clock.now()
    if not row.waits(now, desk.seek.rules):
        state = "lapsed" if row.lapsed(now, desk.seek.rules) else row.state.value
        raise ConflictError(f"this request does not wait any more: {state}", remedy="they may ask again")
    if yes:
        _room(uow, row, desk)
    done = replace(row, state=wanted, answered_at=now, said=said.strip())
    uow.mentoring.put(done)
    _seal(uow, "mentoring.answered", done, actor, {"said": done.said})
    return done


def _room(uow: UnitOfWork, row: Mentorship, desk: Desk) -> None:
    offered = uow.mentoring.offer_of(row.mentor_id, lock=True)
    if offered is None:
        raise ConflictError("you offer nothing at present", remedy="`ascertain mentor offer` first")
    pairs = [m for m in uow.mentoring.of(row.mentor_id) if m.mentor_id == row.mentor_id]
    others = {m.learner_id for m in pairs if m.state is PairState.ACCEPTED} - {row.learner_id}
    if len(others) >= offered.places:
        raise ConflictError(f"all of the {offered.places} places are taken", remedy="end one, or offer more")
    if why := apart(uow, row, desk):
        raise ConflictError(why, remedy="learning and development or HR may give leave: `ascertain mentor leave`")


def apart(uow: UnitOfWork, row: Mentorship, desk: Desk) -> str:
    """Why these two would not be brought together today; empty where they would."""
    managers = {p.id: p.manager_id for p in uow.people.all(active_only=False)}
    words = uow.mentoring.words(row.learner_id)
    return kept_apart(row.learner_id, row.mentor_id, managers.get, words, desk.seek.rules.across_lines, desk.seek.today)


def end(uow: UnitOfWork, row: Mentorship, *, by: str, said: str, desk: Desk, actor: Principal) -> Mentorship:
    """Either of the two ends it, without having to say why; a request that waits is taken back by whoever asked.

    Args:
        by: ``learner`` or ``mentor``.

    Raises:
        InputError: the words are too long.
        ConflictError: the mentor has yet to answer it.
    """
    _short(said, "reason")
    if row.state not in (PairState.ASKED, PairState.ACCEPTED):
        return row
    if row.state is PairState.ASKED and by == "mentor":
        raise ConflictError("this request waits for an answer", remedy="`ascertain mentor answer ID no`")
    state = PairState.WITHDRAWN if row.state is PairState.ASKED and by == "learner" else PairState.ENDED
    done = replace(row, state=state, ended_at=desk.clock.now(), ended_by=by, said=said.strip())
    uow.mentoring.put(done)
    _seal(uow, "mentoring.ended", done, actor, {"said": done.said})
    return done


def stop_mentoring(uow: UnitOfWork, mentor: Learner) -> None:
    """Whoever no longer agrees to be named as a mentor offers nothing, and is nobody's, from now on."""
    dropped, ended = uow.mentoring.stop(mentor.id)
    if dropped or ended:
        header = {"offer": dropped, "ended": ended}
        uow.audit.append("mentoring.stopped", actor="consent", learner_id=mentor.id, header=header)


def allow(
    uow: UnitOfWork,
    learner: Learner,
    mentor: Learner,
    reason: str,
    desk: Desk,
    *,
    actor: Principal,
    until: date | None = None,
) -> PairWord:
    """Leave for two people along a reporting line, by learning and development or HR. The caller has asked whether
    they may, about both.

    Raises:
        InputError: no reason, or an end that is over.
    """
    _short(reason, "reason")
    if not reason.strip():
        raise InputError("it needs a reason", field="reason", remedy="say why this pair is fine")
    if until is not None and until < desk.clock.today():
        raise InputError(f"{until.isoformat()} is over", field="until", remedy="give a day to come")
    made = PairWord(Word.LEAVE, learner.id, mentor.id, actor.name, reason.strip(), desk.clock.now(), until)
    return _put_word(uow, made, actor)


def object_to(uow: UnitOfWork, learner: Learner, other: Learner, desk: Desk, *, actor: Principal) -> PairWord:
    """Somebody does not want to be brought together with another one: neither is shown to the other any more, what
    waits or holds between them ends, and the other is not told."""
    made = PairWord(Word.OBJECTION, learner.id, other.id, actor.name, "", desk.clock.now())
    for row in uow.mentoring.of(learner.id):
        pair = {row.learner_id, row.mentor_id} == {learner.id, other.id}
        if pair and row.state in (PairState.ASKED, PairState.ACCEPTED):
            by = "learner" if row.learner_id == learner.id else "mentor"
            ended = replace(row, state=PairState.ENDED, ended_at=desk.clock.now(), ended_by=by)
            uow.mentoring.put(ended)
            _seal(uow, "mentoring.ended", ended, actor, {"said": ""})
    return _put_word(uow, made, actor)


def lift(uow: UnitOfWork, word: Word, learner: Learner, other_id: str, *, actor: Principal) -> bool:
    """Take a leave or an objection back; false where there was none."""
    if not uow.mentoring.drop_word(word, learner.id, other_id):
        return False
    header = {"word": word.value, "holds": False}
    payload = {"by": actor.name, "other": other_id}
    uow.audit.append("mentoring.said", actor=actor.kind, learner_id=learner.id, header=header, payload=payload)
    return True


def _put_word(uow: UnitOfWork, made: PairWord, actor: Principal) -> PairWord:
    for before in uow.mentoring.words(made.learner_id):
        if replace(made, at=before.at, by=before.by) == before:
            return before
    if made.learner_id == made.other_id:
        raise InputError("these are one person", field="other", remedy="name somebody else")
    uow.mentoring.put_word(made)
    header = {"word": made.word.value, "holds": True, "until": made.until.isoformat() if made.until else None}
    payload = {"by": actor.name, "other": made.other_id, "reason": made.reason}
    uow.audit.append("mentoring.said", actor=actor.kind, learner_id=made.learner_id, header=header, payload=payload)
    return made


def acquainted(uow: UnitOfWork, learner: Learner, text: str, seek: Seek) -> Learner:
    """Somebody by id or address of whom the learner knows already: through a request either way, an objection, or by
    being shown to them.

    Raises:
        NotFoundError: nobody whom they know of.
    """
    found = uow.people.find(text)
    known = {i for m in uow.mentoring.of(learner.id) for i in (m.learner_id, m.mentor_id)}
    known |= {w.other_id for w in uow.mentoring.words(learner.id) if w.learner_id == learner.id}
    known |= {p.id for p, _ in find(uow, learner, open_needs(uow, learner), seek)}
    if found is None or found.id not in known - {learner.id}:
        raise NotFoundError(
            "there is nobody of that name whom you were shown", remedy="choose somebody out of your list"
        )
    return found


def of_person(uow: UnitOfWork, person: Learner, ident: str, *, as_mentor: bool = False) -> Mentorship:
    """The request of that id, one of the two being ``person``.

    Raises:
        NotFoundError: there is none of theirs.
    """
    row = uow.mentoring.get(ident)
    sides = {row.mentor_id} | (set() if as_mentor else {row.learner_id}) if row else set()
    if row is None or person.id not in sides:
        raise NotFoundError(f"there is no request {ident!r} of theirs", remedy="`ascertain mentor list` shows them")
    return row


def permitted_pair(
    uow: UnitOfWork, principal: Principal, ident: str, *, mentor_only: bool = False
) -> tuple[Mentorship, str]:
    """The request of that id and as which of the two ``principal`` speaks: ``learner`` or ``mentor``.

    Raises:
        ForbiddenError: they speak for neither, or there is no such request.
        NotFoundError: there is none, told to those who speak for anybody.
    """
    row = uow.mentoring.get(ident)
    mentor = uow.people.get(row.mentor_id) if row else None
    learner = uow.people.get(row.learner_id) if row else None
    if row is None or mentor is None or learner is None:
        demand_about_anybody(principal, Action.MENTOR_USE)
        raise NotFoundError(f"there is no request {ident!r}", remedy="`ascertain mentor list LEARNER` shows them")
    if not mentor_only and may(uow, principal, Action.MENTOR_USE, learner):
        return row, "learner"
    demand(uow, principal, Action.MENTOR_USE, mentor)
    return row, "mentor"


def _seal(uow: UnitOfWork, action: str, row: Mentorship, actor: Principal, said: dict[str, str]) -> None:
    header = {"request": row.id, "state": row.state.value}
    payload = {"by": actor.name, "skill": row.skill_id, **said}
    uow.audit.append(action, actor=actor.kind, learner_id=row.learner_id, header=header, payload=payload)


def _short(text: str, field: str) -> None:
    if len(text) > WORDS_CHARS:
        raise InputError(f"this has {len(text)} characters", field=field, remedy=f"{WORDS_CHARS} at most")
