"""Skills of a trade that has a subject: teaching it, selling it. The subject alone does not show them.

Large taxonomies hold "teach computer science" beside "computer science", and most of what names the second is near the
first. Whoever learns or uses a subject does not teach it: such a skill is a candidate only where the sentence speaks of
the trade at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ascertain.domain.skills import Skill
from ascertain.taxonomy.lexicon import Lexicon

_FIRST_WORD = re.compile(r"\s*(\w+)\s+\S")


class Trades:
    """Which of a taxonomy's skills are of a trade, by the first word of their label."""

    def __init__(self, skills: Sequence[Skill], lexicon: Lexicon) -> None:
        self._cues = tuple(lexicon.trades.values())
        bit = {verb: 1 << i for i, verb in enumerate(lexicon.trades)}
        first = (_FIRST_WORD.match(s.label) for s in skills)
        self._of = np.array([bit.get(m[1].lower(), 0) if m else 0 for m in first], dtype=np.uint8)

    def possible(self, rows: npt.NDArray[np.int64], sentence: str) -> npt.NDArray[np.bool_]:
        """(K,): whether each of the skills ``rows`` (K,) is of no trade, or of one that the sentence speaks of."""
        bits = self._of[rows]
        if not bits.any():
            return np.ones(len(rows), dtype=np.bool_)
        spoken = sum(1 << i for i, cue in enumerate(self._cues) if cue.search(sentence))
        possible: npt.NDArray[np.bool_] = (bits & np.uint8(0xFF & ~spoken)) == 0
        return possible
