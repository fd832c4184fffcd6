"""Reads ``config/talent.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ascertain.domain.talent import TalentRules
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.checked_file import read_checked


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    mobility: bool
    listed: Annotated[int, Field(ge=1, le=200)]
    few_hours: Annotated[float, Field(ge=0, le=8)]


def read_talent(file: Path | None = None) -> TalentRules:
    """The rules, from ``file`` or the shipped ones.

    Raises:
        ConfigError: naming the field at fault.
    """
    doc = read_checked(file or CONFIG_DIR / "talent.yaml", _Document, "the rules of matching")
    return TalentRules(**doc.model_dump())
