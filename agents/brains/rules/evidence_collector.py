"""Which words of the records speak for or against a skill.

A learning record about tagged content is a claim before anybody is asked; any other record about it is quoted by its
title. In free text every statement that the mapper finds a skill in
becomes a claim; words that deny ("struggles with", "no experience in") turn its stance. Passed over are statements
that give orders, wishes ("should delegate more"), headings that a form put there, and in a ticket everything but its
title and last entry: the request tells the problem, the last entry what was done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ascertain.domain.orders import gives_orders
from ascertain.domain.ports import CrewServices
from tools.wording import affirmative, denies, sentences, statements, wishes

SUPPORTS, CONTRADICTS = "supports", "contradicts"
_OWN_WORDS = frozenset({"manager_review", "peer_feedback", "self_assessment", "project"})
"""Kinds where a denial is about the person. A ticket's "cannot print" is about the printer."""
_OPINIONS = frozenset({"manager_review", "peer_feedback", "self_assessment"})
"""Kinds whose title is the name of a form, not of something done."""
_NAMED_LEARNING = frozenset({"certification", "badge", "external_training"})
"""Kinds whose title names what was learned, also where the taxonomy has no word for it."""
_WORK = frozenset({"project", "ticket", "manager_review", "peer_feedback"})


@dataclass(frozen=True, slots=True)
class Statement:
    """Words that may be a claim. ``about`` is what the mapper is asked."""

    row: Mapping[str, Any]
    quote: str
    stance: str
    about: str
    keep: bool
    """Claim it even if the mapper finds nothing: the taxonomy may lack a term."""


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """Claims in the order of the records, what contradicts what, and what is missing."""
    tables = [shown.get(name, {}) for name in ("lms_activity", "hris_profile", "work_artefacts")]
    rows = [r for t in tables for r in t.get("rows", ())]
    settled = [r for t in tables for r in t.get("settled", ())]
    found: list[Statement] = [s for r in rows for s in _statements(r)]
    asked = [s for s in found if not s.row["content_tagged"] or s.about != s.row["title"]]
    mapped = dict(
        zip(
            [id(s) for s in asked],
            services.mapper.map([s.about for s in asked], top=services.policy.mapping.candidates_per_claim)
            if asked
            else [],
            strict=True,
        )
    )
    floor = services.policy.mapping.claim_floor
    claims = []
    sides: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for s in found:
        candidates = [c for c in mapped.get(id(s), ()) if c.probability >= floor]
        if id(s) in mapped and not candidates and not s.keep:
            continue
        claims.append({"evidence_id": s.row["evidence_id"], "quote": s.quote, "stance": s.stance})
        for c in candidates[:1]:
            sides[c.label][s.stance].add(str(s.row["kind"]).replace("_", " "))
    return {
        "claims": _distinct(claims),
        "contradictions": [_both_ways(label, s) for label, s in sorted(sides.items()) if len(s) > 1],
        "missing": list(_missing(rows, settled)),
    }


def _statements(row: Mapping[str, Any]) -> Iterator[Statement]:
    kind, title = str(row["kind"]), str(row["title"])
    failed = row["passed"] is False and row["score_percent"] is None
    by_record = CONTRADICTS if failed else SUPPORTS
    if row["content_tagged"]:
        quote = next(sentences(title), "")
        if quote and not gives_orders(title):
            yield Statement(row, quote, by_record, title, True)
        if kind not in _OWN_WORDS:
            return
    elif kind not in _OPINIONS and not gives_orders(title):
        for i, quote in enumerate(sentences(title)):
            yield Statement(row, quote, by_record, quote, kind in _NAMED_LEARNING and i == 0)
    text = str(row["text"])
    if kind == "ticket":
        text = text.rstrip().rpartition("\n")[2]
    for quote in statements(text):
        if gives_orders(quote) or quote == title:
            continue
        denied = kind in _OWN_WORDS and denies(quote)
        if kind in _OPINIONS and wishes(quote) and not denied:
            continue
        stance = CONTRADICTS if denied else by_record
        yield Statement(row, quote, stance, affirmative(quote) if denied else quote, False)


def _distinct(claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(c["evidence_id"], c["quote"]): c for c in reversed(claims)}.values())[::-1]


def _both_ways(label: str, sides: Mapping[str, set[str]]) -> str:
    pro, con = (" and ".join(sorted(sides[s])) for s in (SUPPORTS, CONTRADICTS))
    return f"{label}: {pro} for it, {con} against it"


def _missing(rows: list[Mapping[str, Any]], settled: list[Mapping[str, Any]]) -> Iterator[str]:
    kinds = {str(r["kind"]) for r in (*rows, *settled)}
    if not kinds:
        yield "There are no records at all"
        return
    scored = any(r["score_percent"] is not None for r in rows) or any(r["scored"] for r in settled)
    if not kinds & _WORK:
        yield "Nothing from daily work: no project, ticket, review or feedback"
    if not kinds & {"assessment", "certification"} and not scored:
        yield "Nothing that was scored or examined"
    if any(r["date"] is None for r in rows) or any(r["undated"] for r in settled):
        yield "Some records carry no date"
