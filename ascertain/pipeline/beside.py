"""The rules beside a model: what a run's model added is told with the run, and shown on request."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ascertain.domain.added import added
from ascertain.domain.canonical import plain
from ascertain.domain.casefile import CaseFile
from ascertain.domain.findings import CrewFindings
from ascertain.domain.ports import CrewServices, LearnerCrew, Taxonomy, UnitOfWork
from ascertain.domain.runs import Run
from ascertain.errors import RunError

log = logging.getLogger(__name__)

DOCUMENT = "added"
"""Of a run: ids and counts. Words stand in its other documents, and go with them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the model added, in words: ``kind`` as ``ascertain.domain.added`` names it, and its quote."""

    kind: str
    what: str
    quote: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Addition:
    """What the model of one run added. ``asked``: whether the run asked one at all."""

    run_id: str
    asked: bool
    brains: tuple[str, ...]
    counts: Mapping[str, int]
    lines: tuple[Line, ...]


def beside(
    rules: LearnerCrew | None, case: CaseFile, services: CrewServices, findings: CrewFindings
) -> Mapping[str, Any]:
    """The document of a run that asked a model: its findings beside those of ``rules`` on the very same case; nothing
    where no model was asked. Rules that fail say so in the log: the run stands without."""
    if rules is None or not any(s.calls or s.reused for s in findings.steps if s.model != rules.brain_version):
        return {}
    try:
        found = added(findings, rules.run(case, services))
    except RunError as e:
        log.warning("what the model added could not be told, the rules failed: %s", e.message)
        return {}
    return {DOCUMENT: plain(found) | {"counts": found.counts}}


def addition(uow: UnitOfWork, run: Run, taxonomy: Taxonomy) -> Addition:
    """What the run's model added, with the words as far as they are still stored."""
    names = (DOCUMENT, "claims", "needs", "path_choice", "verdicts")
    docs = uow.runs.documents(run.id, names)
    brains = tuple(map(str, run.outcome.get("brains", ())))
    doc = docs.get(DOCUMENT)
    if not doc:
        return Addition(run.id, False, brains, {}, ())
    return Addition(run.id, True, brains, doc["counts"], tuple(_lines(doc, docs, taxonomy)))


def read_into(uow: UnitOfWork, run_id: str, skill_id: str) -> tuple[str, ...]:
    """What the run's model did about one skill, in words for its receipt."""
    doc = uow.runs.document(run_id, DOCUMENT)
    if not doc:
        return ()
    quotes = {c["id"]: c["quote"] for c in uow.runs.document(run_id, "claims") or ()}
    mine = [(kind, row) for kind in ("implied", "picks") for row in doc[kind] if row["skill_id"] == skill_id]
    said = [
        (_IMPLIED if kind == "implied" else _CHOSEN).format(quote=quotes.get(row["claim_id"], "")) for kind, row in mine
    ]
    said += [
        f"judged {v['verdict']} by the model, {v['before'] or 'not at all'} by the rules"
        for v in doc["verdicts"]
        if v["skill_id"] == skill_id
    ]
    return tuple(dict.fromkeys(said))


_IMPLIED = "read by the model into words that do not name it: “{quote}”"
_CHOSEN = "chosen by the model, and not by the rules, for “{quote}”"


def _lines(doc: Mapping[str, Any], docs: Mapping[str, Any], taxonomy: Taxonomy) -> Sequence[Line]:
    quotes = {c["id"]: c["quote"] for c in docs.get("claims") or ()}
    reasons = {n["skill_id"]: n["reason"] for n in docs.get("needs") or ()}
    reasons |= (docs.get("path_choice") or {}).get("reasons") or {}
    notes = {v["skill_id"]: v["note"] for v in docs.get("verdicts") or ()}

    def label(skill_id: str) -> str:
        skill = taxonomy.skill(skill_id)
        return skill.label if skill else skill_id

    lines = [Line("implied", label(r["skill_id"]), quotes.get(r["claim_id"], "")) for r in doc["implied"]]
    for r in doc["picks"]:
        instead = ", ".join(map(label, r["instead"]))
        lines.append(Line("picks", label(r["skill_id"]), quotes.get(r["claim_id"], ""), instead and f"not {instead}"))
    lines += [Line("left", "picked nothing new, and less than the rules", quotes.get(c, "")) for c in doc["left"]]
    lines += [Line("quotes", "words that the rules do not quote", quotes.get(c, "")) for c in doc["quotes"]]
    for r in doc["ranks"]:
        before = "no place" if r["before"] is None else f"place {r['before']}"
        lines.append(Line("ranks", label(r["skill_id"]), "", f"place {r['rank']}, {before} by the rules"))
    lines += [Line("reasons", label(s), "", reasons.get(s, "")) for s in doc["reasons"]]
    if doc["plan"]:
        lines.append(Line("plan", doc["plan"][0], "", f"not {doc['plan'][1]}"))
    for r in doc["verdicts"]:
        lines.append(
            Line("verdicts", label(r["skill_id"]), "", f"{r['verdict']}, by the rules {r['before'] or 'none'}")
        )
    lines += [Line("notes", label(s), "", notes.get(s, "")) for s in doc["notes"]]
    return lines
