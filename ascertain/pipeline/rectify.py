"""Correct what is held about a person (Art. 16 GDPR), so that the next sync does not undo it.

What stood there before is sealed in the payload of the audit record under the person's key, and nowhere else.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ascertain.domain.canonical import plain
from ascertain.domain.evidence import Evidence, EvidenceKind, SkillCode
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.rectification import OF_EVIDENCE, Field, Rectification
from ascertain.domain.skills import Level
from ascertain.domain.text import clean_plain
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.write_back_switch import named

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
MOST_CHARACTERS = 200


def rectify_person(
    uow: UnitOfWork, learner: Learner, field: Field, value: str, *, reason: str, actor: str, clock: Clock
) -> Rectification:
    """Correct a field of a person. Saying the same again changes nothing. The caller commits.

    Raises:
        InputError: naming the field that is wrong.
    """
    words = clean_plain(value)
    if field in OF_EVIDENCE:
        raise InputError("is about evidence", where=learner.id, field="field", remedy="give --evidence")
    if not 0 < len(words) <= MOST_CHARACTERS or "\n" in words:
        problem = f"must be one line of 1 to {MOST_CHARACTERS} characters"
        raise InputError(problem, where=learner.id, field=field.value, remedy="give the right value with --value")
    if field is Field.LANGUAGE and not _LANGUAGE.fullmatch(words):
        raise InputError(
            f"{words!r} is no language", where=learner.id, field=field.value, remedy="for example en or pt-BR"
        )
    present = str(getattr(learner, field.value))
    made, done = _record(uow, learner.id, field, "", words, present, reason, actor, clock)
    if done:
        uow.people.upsert([replace(learner, **{field.value: words})])  # type: ignore[arg-type]
    return made


def rectify_evidence(
    uow: UnitOfWork,
    learner: Learner,
    evidence_id: str,
    *,
    score: float | None,
    reason: str,
    actor: str,
    clock: Clock,
) -> Rectification:
    """Correct the score of a piece of evidence, or (``score`` None) withdraw the piece. Saying the same again changes
    nothing. The caller commits.

    Raises:
        NotFoundError: the person has no such evidence.
        InputError: the score is not within 0..1.
    """
    field, value = (Field.WITHDRAWN, "") if score is None else (Field.SCORE, repr(float(score)))
    if score is not None and not 0.0 <= score <= 1.0:
        raise InputError(f"must lie in 0..1, not {score}", where=evidence_id, field="score", remedy="80 % is 0.8")
    now = next((r for r in uow.rectifications.in_force([learner.id]) if r.evidence_id == evidence_id), None)
    if now is not None and (now.field, now.value) == (field, value):
        return now
    piece = next((e for e in uow.evidence.of(learner.id) if e.id == evidence_id), None)
    if piece is None:
        raise NotFoundError(
            f"{learner.id} has no evidence {evidence_id!r}", remedy="`ascertain profile ID --json` shows the ids"
        )
    made, _ = _record(uow, learner.id, field, evidence_id, value, plain(piece), reason, actor, clock)
    if score is None:
        uow.evidence.delete([evidence_id])
    else:
        uow.evidence.upsert([piece])  # the store applies what is corrected
    return made


def lift(uow: UnitOfWork, learner: Learner, rectification_id: str, *, actor: str, clock: Clock) -> Rectification:
    """Take a correction back: what the source said stands again, as it was sealed, until the next sync. The caller
    commits.

    Raises:
        NotFoundError: the person has no such correction.
        ConflictError: it is lifted, or what it replaced can no longer be opened.
    """
    by = named(actor)
    row = uow.rectifications.get(rectification_id)
    if row is None or row.learner_id != learner.id:
        raise NotFoundError(
            f"{learner.id} has no correction {rectification_id!r}", remedy="`ascertain person corrections ID`"
        )
    if row.lifted_at is not None:
        raise ConflictError(f"{row.id} was lifted before by {row.lifted_by or 'a later correction'}")
    before = _before(uow, row)
    if before is None:
        raise ConflictError(
            f"what {row.id} replaced cannot be opened any more", remedy="correct it with the right value"
        )
    lifted = replace(row, lifted_at=clock.now(), lifted_by=by)
    uow.rectifications.put(lifted)
    if row.evidence_id:
        uow.evidence.upsert([_piece(before)])
    else:
        uow.people.upsert([replace(learner, **{row.field.value: before})])
    header = {"correction": row.id, "field": row.field.value, "evidence": row.evidence_id}
    uow.audit.append(
        "person.correction_lifted", actor="operator", learner_id=learner.id, header=header, payload={"by": by}
    )
    return lifted


def former_names(uow: UnitOfWork, people: Iterable[Learner]) -> list[Learner]:
    """People under the names that they had before a correction: texts still name them so, and masking must know."""
    by_id = {p.id: p for p in people}
    found = []
    for learner_id in sorted({r.learner_id for r in uow.rectifications.in_force() if r.field is Field.NAME}):
        for row in uow.rectifications.of(learner_id):
            name = _before(uow, row) if row.field is Field.NAME else None
            if name and learner_id in by_id:
                found.append(replace(by_id[learner_id], name=str(name)))
    return found


def renamed(uow: UnitOfWork) -> list[Learner]:
    """``former_names`` of everybody."""
    ids = sorted({r.learner_id for r in uow.rectifications.in_force() if r.field is Field.NAME})
    return former_names(uow, [p for i in ids if (p := uow.people.get(i)) is not None])


def _record(
    uow: UnitOfWork,
    learner_id: str,
    field: Field,
    evidence_id: str,
    value: str,
    present: Any,
    reason: str,
    actor: str,
    clock: Clock,
) -> tuple[Rectification, bool]:
    """Store a correction in the stead of an earlier one of the same place; False when exactly that is in force.

    What the source said is carried over from the earlier one, so that lifting brings that back.
    """
    by = named(actor)
    if not reason.strip():
        raise InputError("a correction needs a reason", where=learner_id, field="reason", remedy="say what was asked")
    now = clock.now()
    ident = f"c{secrets.token_hex(6)}"
    before = present
    for earlier in uow.rectifications.in_force([learner_id]):
        if earlier.evidence_id != evidence_id or (not evidence_id and earlier.field is not field):
            continue
        if (earlier.field, earlier.value) == (field, value):
            return earlier, False
        before = _before(uow, earlier) or before
        uow.rectifications.put(replace(earlier, lifted_at=now, lifted_by=by))
    header = {"correction": ident, "field": field.value, "evidence": evidence_id}
    payload = {"by": by, "reason": reason.strip(), "before": before, "after": value}
    sealed = uow.audit.append(
        "person.rectified", actor="operator", learner_id=learner_id, header=header, payload=payload
    )
    row = Rectification(ident, learner_id, field, evidence_id, value, by, reason.strip(), sealed.seq, now)
    uow.rectifications.add(row)
    return row, True


def _before(uow: UnitOfWork, row: Rectification) -> Any:
    """What a correction replaced, out of the sealed record."""
    payload = uow.audit.open_payload(row.record)
    return payload.get("before") if isinstance(payload, Mapping) else None


def _piece(stored: Mapping[str, Any]) -> Evidence:
    """A piece of evidence as it was sealed."""
    values = dict(stored)
    values["kind"] = EvidenceKind(values["kind"])
    values["occurred_on"] = date.fromisoformat(values["occurred_on"]) if values["occurred_on"] else None
    values["level"] = Level(values["level"]) if values["level"] else None
    values["codes"] = tuple(SkillCode(**c) for c in values.get("codes", ()))
    return Evidence(**values)
