"""What needs no agent: learning records about tagged content, and claims whose skills leave no doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.findings import Stance
from ascertain.domain.orders import gives_orders
from tools.wording import sentences

LEARNING = (
    EvidenceKind.COMPLETION,
    EvidenceKind.ASSESSMENT,
    EvidenceKind.CERTIFICATION,
    EvidenceKind.BADGE,
    EvidenceKind.EXTERNAL_TRAINING,
    EvidenceKind.ENGAGEMENT,
)
"""Kinds that a learning system records; their title names the content, and nobody's words are weighed."""


class Likely(Protocol):
    """Anything with a mapping probability."""

    @property
    def probability(self) -> float: ...


L = TypeVar("L", bound=Likely)


def told_by_record(source: Evidence, title: str) -> tuple[str, Stance] | None:
    """Quote and stance of a learning record about content whose tags are accepted; ``None`` where somebody has to read
    it. A title that gives orders is never quoted."""
    quote = next(sentences(title), "")
    if source.kind not in LEARNING or not quote or gives_orders(title):
        return None
    failed = source.passed is False and source.score is None
    return quote, Stance.CONTRADICTS if failed else Stance.SUPPORTS


def without_doubt(candidates: Sequence[L], floor: float, certain: float) -> tuple[L, ...]:
    """The candidates that count, where each from ``floor`` on reaches ``certain`` and there is one; else none: then
    there is something to weigh."""
    likely = tuple(c for c in candidates if c.probability >= floor)
    return likely if all(c.probability >= certain for c in likely) else ()
