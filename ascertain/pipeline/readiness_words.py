"""How ready somebody is, in sentences and as it is exchanged. Each figure keeps the address of what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.readiness import BANDS, Band, Open, Readiness, Span
from ascertain.domain.sentences import Figure, Sentence, tell
from ascertain.domain.succession import Count, KeyRole, Snapshot, Strength
from ascertain.domain.wishes import IN_WORDS, Want
from ascertain.pipeline.match_words import listing
from ascertain.pipeline.views import label

Json = dict[str, Any]


def titles_of(uow: UnitOfWork, rows: Sequence[Readiness]) -> dict[str, str]:
    """Titles of the content that hours were counted from, by id."""
    wanted = {c for r in rows for o in r.open for c in o.contents}
    return {i: found.item.title for i in sorted(wanted) if (found := uow.contents.get(i)) is not None}


def reasons(r: Readiness, taxonomy: Taxonomy, href: str) -> list[Sentence]:
    """What stands behind a band; ``href`` is the address of the row that shows all of it."""
    musts = r.must_haves
    missing = {o.skill_id for o in musts}
    met = [x for x in r.match.met if x not in missing]
    told = []
    if not r.enough:
        share = {"share": Figure(r.known, href, share=True)}
        told.append(tell("Too little is known to say when: {share} of the must-haves' weight is confirmed.", share))
    if musts:
        told.append(listing("Must-haves that are open: ", [label(taxonomy, o.skill_id) for o in musts], href))
    else:
        told.append(Sentence(("Every must-have is confirmed at its level.",)))
    if met:
        told.append(listing("Confirmed at their level: ", [label(taxonomy, s) for s in met], href))
    deciding = next((o for o in musts if o.skill_id == r.decides), None)
    if deciding is not None:
        figures = {
            "skill": Figure(label(taxonomy, deciding.skill_id)),
            "hours": Figure(round(deciding.hours.point), href),
            "total": Figure(round(r.hours.point), href),
        }
        told.append(tell("What decides is {skill}: {hours} of the {total} hours that are expected.", figures))
    if r.unsure is not None and r.best is not r.worst:
        skill = {"skill": Figure(label(taxonomy, r.unsure))}
        told.append(tell("Finding out about {skill} would narrow the range most.", skill))
    for want in (Want.LEARN, Want.AVOID):
        names = [label(taxonomy, s) for s in sorted(r.match.wishes) if r.match.wishes[s] is want]
        if names:
            told.append(listing(f"{IN_WORDS[want].capitalize()}: ", names, href))
    return told


def view(r: Readiness, taxonomy: Taxonomy, titles: Mapping[str, str], href: str = "") -> Json:
    """Readiness as it is exchanged; ``plan`` in the order in which it closes most for each hour."""
    c = r.match.covered
    required = {o.skill_id for o in r.open}
    return {
        "coverage": {"low": c.low, "point": c.point, "high": c.high},
        "band": r.word,
        "best": r.best.value,
        "worst": r.worst.value,
        "enough": r.enough,
        "known": r.known,
        "hours": span(r.hours),
        "weeks": span(r.weeks),
        "hours_per_week": r.pace,
        "met": [{"skill": s, "label": label(taxonomy, s)} for s in r.match.met if s not in required],
        "decides": label(taxonomy, r.decides) if r.decides else None,
        "unsure": label(taxonomy, r.unsure) if r.unsure else None,
        "plan": [_need(o, taxonomy, titles) for o in r.open],
        "reasons": [s.text for s in reasons(r, taxonomy, href)],
    }


def span(s: Span) -> Json:
    """A figure with its range."""
    return {"low": s.low, "point": s.point, "high": s.high}


def strength_view(s: Strength) -> Json:
    """How strong a bench is: people who could be ready by then, and how many that is a seat."""
    within = {"now": Band.NOW, "one_year": Band.YEAR, "two_years": Band.TWO_YEARS}
    return {
        "seats": s.seats,
        "candidates": s.candidates,
        "risk": s.risk.value,
        **{k: _count(s.by[band]) | {"per_seat": span(s.per_seat(band))} for k, band in within.items()},
    }


def role_view(role: KeyRole) -> Json:
    """A key role as it is exchanged, without who holds it."""
    fields = ("id", "title", "seats", "source", "closed")
    return {f: getattr(role, f) for f in fields} | {"job_profile": role.job_profile_id}


def month_view(s: Snapshot) -> Json:
    """How ready somebody was in a month."""
    return {
        "month": s.month.isoformat(),
        "coverage": span(s.covered),
        "weeks": span(s.weeks),
        "band": s.word,
        "best": s.best.value,
        "worst": s.worst.value,
        "known": s.known,
    }


def band_range(best: str, worst: str) -> str:
    """From the best to the worst band, in words."""
    return best if best == worst else f"{best} to {worst}"


def column(band: str) -> int:
    """The place of a band among the columns of the heat map."""
    return [b.value for b in BANDS].index(band)


def _count(c: Count) -> Json:
    return {"low": c.low, "point": c.point, "high": c.high}


def _need(o: Open, taxonomy: Taxonomy, titles: Mapping[str, str]) -> Json:
    return {
        "skill": o.skill_id,
        "label": label(taxonomy, o.skill_id),
        "required": int(o.required),
        "confirmed": int(o.confirmed) if o.confirmed else None,
        "essential": o.essential,
        "importance": o.importance,
        "hours": span(o.hours),
        "full_hours": o.full,
        "covers": o.worth,
        "contents": [{"id": i, "title": titles[i]} for i in o.contents if i in titles],
    }
