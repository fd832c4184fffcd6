"""How far a rollout lets the product reach at one person: not at all, or as far as a pilot's present phase goes."""

from __future__ import annotations

from dataclasses import dataclass

from ascertain.domain.evidence import Evidence, EvidenceKind

OUTSIDE_WORDS = "outside of every pilot of the rollout"


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be touched of one person. ``None`` stands for everything.

    Attributes:
        pilot: the pilot that the person is in; empty where none is, or where no rollout is in force.
        outside: a rollout is in force and the person is in no pilot that runs: nothing is done about them.
        connections: names of the connections whose evidence counts.
        kinds: kinds of evidence that count.
    """

    pilot: str = ""
    outside: bool = False
    connections: frozenset[str] | None = None
    kinds: frozenset[EvidenceKind] | None = None

    def admits(self, evidence: Evidence) -> bool:
        """Whether a piece of evidence is within reach."""
        return self.admits_kind(evidence.kind) and (self.connections is None or evidence.system in self.connections)

    def admits_kind(self, kind: EvidenceKind) -> bool:
        """Whether evidence of a kind is within reach, from some connection at least."""
        return not self.outside and (self.kinds is None or kind in self.kinds)


EVERYTHING = Reach()
"""No rollout is in force: everybody, every skill, every source."""

NOWHERE = Reach(outside=True)
