"""What is shown of mentors: who could be one, with reasons; what somebody offers, asked for and was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ascertain.domain.mentoring import Fit, Mentorship, Offer, PairState, Word
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.sentences import Figure, tell
from ascertain.pipeline.mentoring import Desk, apart
from ascertain.pipeline.permit import may
from ascertain.pipeline.views import label

Json = dict[str, Any]
Seen = Callable[[str], bool]
NAMED = 3
"""So many of the other skills are named in a sentence."""


def everybody(_: str) -> bool:
    """For whoever looks at what is their own."""
    return True


def seen_by(uow: UnitOfWork, who: Principal) -> Seen:
    """Whether ``who`` may read about the mentoring of a person, by id."""

    def may_read(ident: str) -> bool:
        person = uow.people.get(ident)
        return person is not None and may(uow, who, Action.MENTOR_READ, person)

    return may_read


def found_view(uow: UnitOfWork, rows: Sequence[tuple[Learner, Fit]], taxonomy: Taxonomy) -> list[Json]:
    """Mentors who could be asked, the best first by skill: what they agreed to have told, and why they fit."""
    out = []
    for who, f in rows:
        offer = uow.mentoring.offer_of(who.id)
        row: Json = {
            "mentor": who.id,
            "name": who.name,
            "skill": f.skill_id,
            "label": label(taxonomy, f.skill_id),
            "level": int(f.level) if f.level else None,
            "hours_in_common": f.hours,
            "also": [label(taxonomy, s) for s in f.also],
            "score": round(f.score, 3),
            "note": offer.note if offer else "",
        }
        out.append(row | {"reasons": reasons(row, f.margin)})
    return out


def reasons(row: Json, margin: int) -> list[str]:
    """Why somebody fits; each figure is one of the row's."""
    where = f"#f-{row['mentor']}"
    told = [
        tell("Level {level}, {above} above yours.", {"level": Figure(row["level"], where), "above": Figure(margin)})
        if row["level"]
        else tell("At a level that can help you.", {})
    ]
    if row["also"]:
        names = ", ".join(row["also"][:NAMED])
        told.append(tell("Could help with {names} as well.", {"names": Figure(names, where)}))
    told.append(
        tell("{hours} working hours a day in common.", {"hours": Figure(f"{row['hours_in_common']:.3g}", where)})
    )
    return [s.text for s in told]


def mentoring_of(
    uow: UnitOfWork, learner: Learner, taxonomy: Taxonomy, desk: Desk, *, own: bool, seen: Seen = everybody
) -> Json:
    """What somebody offers, whom they asked, who asked them. ``own``: whether they look themself; others see no words
    and no objections, and are told the other one of a pair only where they may read about them as well (``seen``)."""
    rows = uow.mentoring.of(learner.id)
    offer = uow.mentoring.offer_of(learner.id)
    objections = [w for w in uow.mentoring.words(learner.id) if w.word is Word.OBJECTION and w.learner_id == learner.id]

    def shown(m: Mentorship) -> Json:
        return _row(uow, m, learner, taxonomy, desk, own, seen)

    return {
        "learner": learner.id,
        "offer": offer_view(offer, taxonomy) if offer else None,
        "asked": [
            _row(uow, m, learner, taxonomy, desk, own, seen) for m in reversed(rows) if m.learner_id == learner.id
        ],
        "mentees": [
            _row(uow, m, learner, taxonomy, desk, own, seen) for m in reversed(rows) if m.mentor_id == learner.id
        ],
        "objections": [{"id": w.other_id, "name": _name(uow, w.other_id)} for w in objections] if own else [],
    }


def offer_view(offer: Offer, taxonomy: Taxonomy) -> Json:
    """An offer as its owner sees it."""
    return {
        "places": offer.places,
        "skills": [{"skill": s, "label": label(taxonomy, s)} for s in offer.skills],
        "level_shown": offer.level_shown,
        "timezone": offer.timezone,
        "note": offer.note,
    }


def mentorship_view(m: Mentorship, taxonomy: Taxonomy, desk: Desk) -> Json:
    """A request as either of the two sees it."""
    state = "lapsed" if m.lapsed(desk.clock.now(), desk.seek.rules) else m.state.value
    return {
        "id": m.id,
        "skill": m.skill_id,
        "label": label(taxonomy, m.skill_id),
        "state": state,
        "words": m.words,
        "said": m.said,
        "asked_at": m.asked_at.isoformat(),
        "answered_at": m.answered_at.isoformat() if m.answered_at else None,
        "ended_at": m.ended_at.isoformat() if m.ended_at else None,
        "ended_by": m.ended_by,
    }


def _row(
    uow: UnitOfWork, m: Mentorship, learner: Learner, taxonomy: Taxonomy, desk: Desk, own: bool, seen: Seen
) -> Json:
    other = m.mentor_id if m.learner_id == learner.id else m.learner_id
    found = mentorship_view(m, taxonomy, desk) | {"other": other, "name": _name(uow, other)}
    found["remark"] = apart(uow, m, desk) if m.state is PairState.ACCEPTED else ""
    if own:
        return found
    known = {} if seen(other) else {"other": "", "name": "somebody"}
    return found | {"words": "", "said": ""} | known


def _name(uow: UnitOfWork, ident: str) -> str:
    person = uow.people.get(ident)
    return person.name if person else ident
