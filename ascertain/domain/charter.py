"""The taxonomy charter: who approves which change of the taxonomy, and what is proposed at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ascertain.domain.content_tags import TagRules
from ascertain.domain.permission_table import Role


class ChangeKind(StrEnum):
    """What can be changed in a taxonomy."""

    NEW = "new"
    SYNONYM = "synonym"
    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"
    RELEASE = "release"
    CROSSWALK = "crosswalk"


READ = (ChangeKind.RELEASE, ChangeKind.CROSSWALK)
"""What is read from a file that was decided elsewhere: by a publisher, or row by row."""
BY_HAND = tuple(k for k in ChangeKind if k not in READ)
"""What somebody writes down."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Roles that may say yes, and how many different people have to."""

    by: frozenset[Role]
    approvals: int


@dataclass(frozen=True, slots=True)
class ProposalRules:
    """What the product proposes by itself, see ``config/charter.yaml``, ``proposals``."""

    least_people: int
    merge_overlap: float
    rename_ratio: float
    split_overlap: float
    term_similarity: float
    synonym_similarity: float


@dataclass(frozen=True, slots=True)
class Charter:
    """See ``config/charter.yaml``."""

    changes: Mapping[ChangeKind, Approval]
    second_person: bool
    wide: int
    proposals: ProposalRules
    tags: TagRules

    def needed(self, kind: ChangeKind, assertions: int) -> int:
        """How many people have to say yes to a change that moves so many assertions."""
        return self.changes[kind].approvals + (assertions >= self.wide)
