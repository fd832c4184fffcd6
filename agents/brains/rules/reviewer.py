"""Whether the quotes bear a skill.

Contradicted where quotes point both ways or only against; unsupported where nothing speaks for it; supported
otherwise. A skill that came from a search and shares no word with any of its quotes is flagged as implied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ascertain.domain.ports import CrewServices

_WORD = re.compile(r"[a-zà-þ0-9+#.]{2,}", re.IGNORECASE)
_SELF = frozenset({"self_assessment", "profile"})
_PROTECTED = re.compile(
    r"\b(?:pregnan\w*|maternity|disab(?:led|ility)|illness|sick leave|depress\w*|religio\w*|muslim|christian|jewish"
    r"|ethnic\w*|nationality|gay|lesbian|too (?:old|young)|her age|his age|union member)\b",
    re.IGNORECASE,
)
_LEADS = (
    ("supported", "The quotes bear"),
    ("contradicted", "They disagree on"),
    ("unsupported", "They do not bear"),
)
_PREFIX = 5
"""Letters that two words must share to count as the same: "negotiat-ing", "negotiat-ion"."""
_COMMON = frozenset({"and", "the", "of", "for", "in", "to", "with", "on", "at", "using", "use", "basic", "advanced"})


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """A verdict for each assertion, and a summary."""
    table = shown.get("case_findings", {})
    verdicts = [_judge(a) for a in table.get("assertions", ())]
    return {"verdicts": verdicts, "summary": _summary(table, verdicts)}


def _judge(assertion: Mapping[str, Any]) -> dict[str, Any]:
    quotes = assertion["quotes"]
    pro = [q for q in quotes if q["stance"] == "supports"]
    con = [q for q in quotes if q["stance"] == "contradicts"]
    flags = set()
    if any(q["source_gives_orders"] for q in quotes):
        flags.add("instruction_in_source")
    if pro and all(q["kind"] in _SELF for q in pro):
        flags.add("self_reported_only")
    if any(_PROTECTED.search(q["quote"]) for q in quotes):
        flags.add("protected_characteristic")
    searched = [q for q in pro if q["via"] != "tag"]
    if searched and len(searched) == len(pro) and not _named(assertion, searched):
        flags.add("indirect_wording")
    if con:
        verdict, note = "contradicted", "Quotes point both ways." if pro else "Every quote speaks against it."
    elif not pro:
        verdict, note = "unsupported", "No quote speaks for it."
    else:
        verdict, note = "supported", ""
    return {"skill_id": assertion["skill_id"], "verdict": verdict, "flags": sorted(flags), "note": note}


def _named(assertion: Mapping[str, Any], quotes: Sequence[Mapping[str, Any]]) -> bool:
    names = _stems([assertion["label"], *assertion["synonyms"]])
    return bool(names & _stems(q["quote"] for q in quotes))


def _stems(texts: Iterable[str]) -> set[str]:
    words = (w.strip(".").casefold() for t in texts for w in _WORD.findall(t))
    return {w[:_PREFIX] for w in words if w not in _COMMON}


def _summary(table: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]]) -> str:
    ordered = sorted(table.get("assertions", ()), key=lambda a: not a["required"])  # what the role needs comes first
    labels = {a["skill_id"]: a["label"] for a in ordered}
    place = {s: i for i, s in enumerate(labels)}
    verdicts = sorted(verdicts, key=lambda v: place[v["skill_id"]])
    if not verdicts:
        parts = ["Nothing could be asserted from the records of this case."]
    else:
        parts = [
            _listing(lead, [labels[v["skill_id"]] for v in verdicts if v["verdict"] == verdict])
            for verdict, lead in _LEADS
        ]
        flagged = [labels[v["skill_id"]] for v in verdicts if v["flags"]]
        parts.append(_listing("Look twice at", flagged))
    parts.extend(f"Missing: {m}." for m in table.get("missing", ()))
    parts.extend(f"Withheld: {w}." for w in table.get("withheld", ()))
    if table.get("role") is None:
        parts.append("The person has no role on record, so nothing was compared with one.")
    if table.get("records_giving_orders") or table.get("catalogue_items_giving_orders"):
        parts.append("Some source text addresses a machine; it was read as data and had no effect.")
    return " ".join(p for p in parts if p)


def _listing(lead: str, labels: Sequence[str], limit: int = 8) -> str:
    if not labels:
        return ""
    more = " and others" if len(labels) > limit else ""
    return f"{lead} {', '.join(labels[:limit])}{more}."
