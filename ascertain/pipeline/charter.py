"""Reads ``config/charter.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ascertain.domain.charter import Approval, ChangeKind, Charter, ProposalRules
from ascertain.domain.content_tags import TagRules
from ascertain.domain.permission_table import TABLE, Action, Relation, Role
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.checked_file import read_checked

Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Approval(_Strict):
    by: Annotated[list[Role], Field(min_length=1)]
    approvals: Annotated[int, Field(ge=1, le=5)]

    @model_validator(mode="after")
    def _who_may(self) -> _Approval:
        wrong = [r.value for r in self.by if Action.TAXONOMY_APPROVE not in TABLE[r].get(Relation.NONE, ())]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} may not approve changes of a taxonomy (docs/permissions.md)")
        return self


class _Proposals(_Strict):
    least_people: Annotated[int, Field(ge=2)]
    merge_overlap: Share
    rename_ratio: Annotated[float, Field(gt=1)]
    split_overlap: Share
    term_similarity: Share
    synonym_similarity: Share


class _Tags(_Strict):
    prior_votes: Annotated[float, Field(gt=0, le=100)]
    too_few: Annotated[int, Field(ge=5)]
    least_lift: Share
    notice_below: Share
    notice_days: Annotated[int, Field(ge=1, le=366)]
    least_learners: Annotated[int, Field(ge=3)]


class _Document(_Strict):
    changes: dict[ChangeKind, _Approval]
    second_person: bool
    wide: Annotated[int, Field(ge=1)]
    proposals: _Proposals
    tags: _Tags

    @model_validator(mode="after")
    def _complete(self) -> _Document:
        if missing := [k.value for k in ChangeKind if k not in self.changes]:
            raise ValueError(f"changes lacks {', '.join(missing)}")
        return self


def read_charter(file: Path | None = None) -> Charter:
    """The charter, from ``file`` or the shipped one.

    Raises:
        ConfigError: naming the field at fault.
    """
    doc = read_checked(file or CONFIG_DIR / "charter.yaml", _Document, "the charter")
    return Charter(
        {k: Approval(frozenset(a.by), a.approvals) for k, a in doc.changes.items()},
        doc.second_person,
        doc.wide,
        ProposalRules(**doc.proposals.model_dump()),
        TagRules(**doc.tags.model_dump()),
    )
