"""Reads ``config/skill_owners.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ascertain.domain.review_assign import SkillOwners
from ascertain.domain.skills import SkillFamily
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.checked_file import read_checked

Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    skills: dict[str, Name] = Field(default_factory=dict)
    families: dict[SkillFamily, Name] = Field(default_factory=dict)


def read_skill_owners(file: Path | None = None) -> SkillOwners:
    """Owners, from ``file`` or the shipped one.

    Raises:
        ConfigError: naming the field at fault.
    """
    found = read_checked(file or CONFIG_DIR / "skill_owners.yaml", _Document, "the skill owners")
    return SkillOwners(found.skills, found.families)
