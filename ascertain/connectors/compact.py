"""All accepted skills of a person as one short text, for systems that have nothing but a field for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ascertain.domain.writeback import Intended, SkillClaim

_BREAKS = re.compile(r"[\s;:|]+")
_LABEL = 60
"""Characters kept of a skill's name, so that at least one fits into the shortest field allowed."""


def compact(target: str, claims: Sequence[SkillClaim], length: int) -> Intended:
    """All skills in at most ``length`` characters, the highest level first, with the day the last one was accepted.
    What does not fit is counted at the end. The characters that separate are taken out of names."""
    if not claims:
        return Intended(target, None, ())
    ordered = sorted(claims, key=lambda c: (-int(c.level), c.label, c.skill_id))
    day = max(c.accepted_on for c in ordered).isoformat()
    words = [f"{_name(c.label)}:{int(c.level)}" for c in ordered]
    kept = len(words)
    while len(text := _line(words, kept, day)) > length and kept > 1:
        kept -= 1
    return Intended(target, text, tuple(sorted(c.assertion_id for c in ordered)))


def _line(words: Sequence[str], kept: int, day: str) -> str:
    more = [f"+{len(words) - kept} more"] if kept < len(words) else []
    return f"{'; '.join([*words[:kept], *more])} | {day}"


def _name(label: str) -> str:
    plain = _BREAKS.sub(" ", label).strip()
    return plain if len(plain) <= _LABEL else plain[: _LABEL - 1].rstrip() + "…"
