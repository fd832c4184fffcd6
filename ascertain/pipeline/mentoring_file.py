"""Reads ``config/mentoring.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ascertain.domain.mentoring import AcrossLines, MentoringRules, Weights
from ascertain.domain.skills import Level
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.checked_file import read_checked

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=1, le=365)]


class _Weights(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    level: Share
    overlap: Share
    hours: Share
    room: Share

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = self.level + self.overlap + self.hours + self.room
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the weights come to {total:g}, not to 1")
        return self


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    least_level: Annotated[int, Field(ge=2, le=5)]
    margin: Annotated[int, Field(ge=1, le=4)]
    least_hours: Annotated[float, Field(ge=0, le=8)]
    most_places: Annotated[int, Field(ge=1, le=50)]
    shown: Annotated[int, Field(ge=1, le=50)]
    across_lines: AcrossLines
    lapse_days: Days
    again_days: Days
    weights: _Weights


def read_mentoring(file: Path | None = None) -> MentoringRules:
    """The rules, from ``file`` or the shipped ones.

    Raises:
        ConfigError: naming the field at fault.
    """
    doc = read_checked(file or CONFIG_DIR / "mentoring.yaml", _Document, "the rules of mentoring")
    plain = doc.model_dump(exclude={"least_level", "weights"})
    return MentoringRules(least_level=Level(doc.least_level), weights=Weights(**doc.weights.model_dump()), **plain)
