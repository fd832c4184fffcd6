"""How well a brain reads: what it found in labelled records, scored. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import Claim, Pick, Stance
from ascertain.domain.runs import DecisionKind
from ascertain.domain.spending import Usage


@dataclass(frozen=True, slots=True)
class LabelledRecord:
    """A record with the skills that it shows and lacks; ``implied`` are those of ``shows`` that it does not name,
    ``also`` are right too and are not asked for."""

    id: str
    kind: EvidenceKind
    title: str
    text: str
    shows: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    implied: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()

    @property
    def named(self) -> frozenset[str]:
        """Those that the words say."""
        return self.shows - self.implied


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    of: int
    found: int

    @property
    def value(self) -> float | None:
        """The share; ``None`` of nothing."""
        return self.found / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one brain on one labelled set.

    Attributes:
        right: of everything that it said of a record, what is labelled so (precision).
        named, implied, lacking: of what is labelled, what it found (recall): said in words, implied, denied.
        turned: skills that it said to be shown where they are lacking, or the other way round.
        brier: mean of (probability − right)² over its picks; the probability is the mapper's, chosen by the brain.
        said: mean probability of its picks, to be compared with ``right``.
        refused: what its answers held that code refused, by reason.
        failed: people whose run ended without a result, by state.
        seconds: of each run.
    """

    right: Share
    named: Share
    implied: Share
    lacking: Share
    turned: int
    brier: float | None
    said: float | None
    refused: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    usage: tuple[Usage, ...] = ()
    seconds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What reviewers decided about the assertions of one brain version."""

    brain: str
    decisions: Mapping[DecisionKind, int]


def score(
    records: Sequence[LabelledRecord],
    found: Sequence[tuple[Sequence[Claim], Sequence[Pick]]],
    *,
    refused: Mapping[str, int],
    failed: Mapping[str, int],
    usage: tuple[Usage, ...],
    seconds: tuple[float, ...],
) -> Scores:
    """Compare what runs found with the labels. ``found`` are claims and picks of one run each; records of runs that
    failed count as not found."""
    said: dict[tuple[str, bool], dict[str, float]] = {}
    for claims, picks in found:
        by_id = {c.id: c for c in claims}
        for p in picks:
            claim = by_id[p.claim_id]
            of = said.setdefault((claim.evidence_id, claim.stance is Stance.SUPPORTS), {})
            of[p.skill_id] = max(p.probability, of.get(p.skill_id, 0.0))
    pairs: list[tuple[float, bool]] = []
    turned = 0
    for r in records:
        for supports, labelled, other in ((True, r.shows, r.lacks), (False, r.lacks, r.shows)):
            for skill, probability in said.get((r.id, supports), {}).items():
                turned += skill in other and skill not in labelled
                if skill in r.also:
                    continue
                pairs.append((probability, skill in labelled))

    def recall(wanted: str, supports: bool) -> Share:
        sets = [(getattr(r, wanted), said.get((r.id, supports), {})) for r in records]
        return Share(sum(len(s) for s, _ in sets), sum(len(s & set(f)) for s, f in sets))

    n = len(pairs)
    return Scores(
        Share(n, sum(right for _, right in pairs)),
        recall("named", True),
        recall("implied", True),
        recall("lacks", False),
        turned,
        sum((p - right) ** 2 for p, right in pairs) / n if n else None,
        sum(p for p, _ in pairs) / n if n else None,
        refused,
        failed,
        usage,
        seconds,
    )
