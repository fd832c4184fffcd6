"""Reads ``config/talent.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ascertain.domain.readiness import ReadinessRules
from ascertain.domain.skills import LEVELS, Level
from ascertain.domain.talent import LEVEL_HOURS, TalentRules
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.checked_file import read_checked

Hours = Annotated[float, Field(gt=0, le=2000)]


class _Readiness(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    level_hours: dict[Literal[1, 2, 3, 4, 5], Hours] = {int(k): v for k, v in LEVEL_HOURS.items()}  # type: ignore[misc]
    practice: Annotated[float, Field(ge=0, le=50)] = 3.0
    now_weeks: Annotated[float, Field(ge=0, le=26)] = 2.0
    known_share: Annotated[float, Field(ge=0, le=1)] = 0.5

    @field_validator("level_hours")
    @classmethod
    def _each_level(cls, value: dict[int, float]) -> dict[int, float]:
        if set(value) != {int(level) for level in LEVELS}:
            raise ValueError("hours are needed for each level from 1 to 5")
        return value

    def rules(self) -> ReadinessRules:
        hours = {Level(k): v for k, v in self.level_hours.items()}
        return ReadinessRules(hours, self.practice, self.now_weeks, self.known_share)


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    mobility: bool
    listed: Annotated[int, Field(ge=1, le=200)]
    few_hours: Annotated[float, Field(ge=0, le=8)]
    # A file from before there was succession plans none.
    succession: bool = False
    readiness: _Readiness = _Readiness()


def read_talent(file: Path | None = None) -> TalentRules:
    """The rules, from ``file`` or the shipped ones.

    Raises:
        ConfigError: naming the field at fault.
    """
    doc = read_checked(file or CONFIG_DIR / "talent.yaml", _Document, "the rules of matching")
    return TalentRules(doc.mobility, doc.listed, doc.few_hours, doc.succession, doc.readiness.rules())
