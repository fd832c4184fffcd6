"""Why somebody stands beside an opening, in sentences. Each figure keeps the address of what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ascertain.domain.matching import Match, Placed
from ascertain.domain.openings import Opening
from ascertain.domain.ports import Taxonomy
from ascertain.domain.sentences import Figure, Sentence, tell
from ascertain.domain.wishes import IN_WORDS, Want
from ascertain.pipeline.views import label

Json = dict[str, Any]
NAMED = 4
"""So many skills are named in a sentence; the others are counted."""


def reasons(m: Match, taxonomy: Taxonomy, href: str, few_hours: float) -> list[Sentence]:
    """What speaks for it and what is missing; ``href`` is the address of the row that shows all of it."""
    asked = Figure(len(m.met) + len(m.missing), href)
    told = [
        tell(
            "Confirmed at their level: {met} of {asked} skills asked for.",
            {"met": Figure(len(m.met), href), "asked": asked},
        )
        if m.met
        else tell("None of the {asked} skills asked for is confirmed at its level yet.", {"asked": asked})
    ]
    if m.met:
        told.append(listing("These are: ", [label(taxonomy, s) for s in m.met], href))
    essential = [label(taxonomy, x.skill_id) for x in m.missing if x.essential]
    if essential:
        told.append(listing("Essential and not confirmed: ", essential, href))
    for want in (Want.USE, Want.LEARN, Want.AVOID):
        names = [label(taxonomy, s) for s in sorted(m.wishes) if m.wishes[s] is want]
        if names:
            told.append(listing(f"{IN_WORDS[want].capitalize()}: ", names, href))
    if m.interest is Want.INTERESTED:
        told.append(Sentence(("Has said: interested.",)))
    if m.hours is not None and m.hours < few_hours:
        told.append(tell("Only {hours} working hours a day in common.", {"hours": Figure(f"{m.hours:.3g}", href)}))
    return told


def listing(head: str, names: Sequence[str], href: str) -> Sentence:
    """``head`` and the first names; the others are counted."""
    parts: list[str | Figure] = [head]
    for i, name in enumerate(names[:NAMED]):
        parts += [", "] * bool(i) + [Figure(name)]
    if len(names) > NAMED:
        parts += [" and ", Figure(len(names) - NAMED, href), " more"]
    return Sentence((*parts, "."))


def view(p: Placed, opening: Opening, taxonomy: Taxonomy, few_hours: float) -> Json:
    """A match as it is exchanged."""
    m = p.match
    asked = {r.skill_id: r for r in opening.requirements}
    sentences = reasons(m, taxonomy, f"#m-{quote(m.learner_id, safe='')}", few_hours)
    return {
        "opening": opening.id,
        "best": p.best,
        "worst": p.worst,
        "coverage": {"low": m.covered.low, "point": m.covered.point, "high": m.covered.high},
        "met": [
            {"skill": s, "label": label(taxonomy, s), "required": int(asked[s].level) if s in asked else 0}
            for s in m.met
        ],
        "missing": [
            {
                "skill": x.skill_id,
                "label": label(taxonomy, x.skill_id),
                "required": int(x.required),
                "confirmed": int(x.confirmed) if x.confirmed else None,
                "essential": x.essential,
            }
            for x in m.missing
        ],
        "wishes": [{"skill": s, "label": label(taxonomy, s), "want": w.value} for s, w in sorted(m.wishes.items())],
        "interest": m.interest.value if m.interest else None,
        "hours_in_common": m.hours,
        "reasons": [s.text for s in sentences],
    }


def opening_view(o: Opening, taxonomy: Taxonomy) -> Json:
    """An opening as it is exchanged. Nothing about people but who looks for somebody."""
    return {
        "id": o.id,
        "kind": o.kind.value,
        "title": o.title,
        "summary": o.summary,
        "department": o.department,
        "location": o.location,
        "timezone": o.timezone,
        "hours_per_week": o.hours_per_week,
        "starts_on": o.starts_on.isoformat() if o.starts_on else None,
        "closes_on": o.closes_on.isoformat() if o.closes_on else None,
        "source": o.source,
        "closed": o.closed_because,
        "requirements": [
            {
                "skill": r.skill_id,
                "label": label(taxonomy, r.skill_id),
                "level": int(r.level),
                "importance": r.importance,
                "essential": r.essential,
            }
            for r in o.requirements
        ],
    }
