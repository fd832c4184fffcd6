"""The crosswalk between two versions of a taxonomy."""

from __future__ import annotations

from ascertain.domain.crosswalks import ConceptKind, Link, Relation, StoredCrosswalk, VersionDiff
from ascertain.domain.ports import Taxonomy


def succession(diff: VersionDiff, before: Taxonomy) -> StoredCrosswalk:
    """The diff as a crosswalk from the older to the newer version, for what carries skill ids along.

    A kept id leads to itself, a succeeded one to its successor: exactly by label, closely by synonym. What is gone
    without a successor leads nowhere.
    """
    lost = {id_ for id_, _ in diff.gone}
    links = [Link(s.id, s.id, Relation.EXACT) for s in before.skills() if s.id not in lost]
    for s in diff.succeeded:
        links.append(Link(s.id, s.successor, Relation.EXACT if s.by == "label" else Relation.CLOSE))
    return StoredCrosswalk(f"{diff.before}..{diff.after}", diff.before, diff.after, ConceptKind.SKILL, links)
