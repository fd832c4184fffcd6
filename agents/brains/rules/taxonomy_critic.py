"""Holds back what is only the frame of a skill (a course, a certificate, a meeting), and marks what is one word of many
meanings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ascertain.domain.ports import CrewServices


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FRAMES = _set(
    "award badge basics certificate certification certified class course day diploma edition event exam examination "
    "introduction level meeting module online part presentation program programme project report review section "
    "seminar session step support task team test ticket training unit webinar week workshop year of "
    "completion participation"
)
"""Words that say how something was learned or done, and not what."""
_WORDS = re.compile(r"[^\W_]+")


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """A judgement on each change."""
    rows = shown.get("proposed_changes", {}).get("changes", ())
    return {"judgements": [{"matter_id": c["matter_id"], **_judged(c)} for c in rows]}


def _judged(change: Mapping[str, Any]) -> dict[str, Any]:
    kind, names = change["change"]["kind"], change["change"]["names"]
    bare = [n for n in names if all(w.casefold().removesuffix("s") in _FRAMES for w in _WORDS.findall(n))]
    if kind in ("new", "synonym") and len(bare) == len(names):
        return {"flags": ["not_a_skill"], "note": "It says how something was done, and not what."}
    if kind == "synonym" and change["near"] == "same words":
        return {"flags": [], "note": "Look whether the longer name means more than the skill."}
    return {"flags": [], "note": ""}
