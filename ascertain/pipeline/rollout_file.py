"""Reads ``config/rollout.yaml``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.rollout import CohortRule, Phase, Pilot, Rollout, SkillDomain, VerdictRules, keyed
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.checked_file import read_checked

Name = Annotated[str, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]
Minutes = Annotated[float, Field(gt=0, le=600)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Cohort(_Strict):
    units: list[Name] = Field(default_factory=list)
    locations: list[Name] = Field(default_factory=list)
    roles: list[Name] = Field(default_factory=list)
    people: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _somebody(self) -> _Cohort:
        if not (self.units or self.locations or self.roles or self.people):
            raise ValueError("names nobody: give units, locations, roles or people")
        return self


class _Skills(_Strict):
    under: list[Name] = Field(default_factory=list)
    only: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _something(self) -> _Skills:
        if not (self.under or self.only):
            raise ValueError("names no skill: give under or only, or leave skills out for every skill")
        return self


class _Phase(_Strict):
    name: Name
    connections: Annotated[list[Name], Field(min_length=1)] | None = None
    kinds: Annotated[list[EvidenceKind], Field(min_length=1)] | None = None


class _Pilot(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    title: Name
    cohort: _Cohort
    skills: _Skills | None = None
    starts: date | None = None
    ends: date | None = None
    phases: Annotated[list[_Phase], Field(min_length=1, max_length=9)]

    @model_validator(mode="after")
    def _in_order(self) -> _Pilot:
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError(f"ends on {self.ends}, before it starts on {self.starts}")
        return self


class _Verdict(_Strict):
    least_decisions: Annotated[int, Field(ge=5)]
    go_accuracy: Share
    stop_accuracy: Share
    go_coverage: Share
    stop_disputes: Share
    manual_minutes: tuple[Minutes, Minutes]
    most_seconds: Annotated[float, Field(ge=30, le=7200)]

    @model_validator(mode="after")
    def _ordered(self) -> _Verdict:
        if self.stop_accuracy >= self.go_accuracy:
            raise ValueError("stop_accuracy must be below go_accuracy")
        if self.manual_minutes[0] > self.manual_minutes[1]:
            raise ValueError("manual_minutes must read from least to most")
        return self


class _Document(_Strict):
    enabled: bool
    pilots: list[_Pilot] = Field(default_factory=list)
    verdict: _Verdict

    @model_validator(mode="after")
    def _each_once(self) -> _Document:
        ids = [p.id for p in self.pilots]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"two pilots have the id {', '.join(twice)}")
        if self.enabled and not self.pilots:
            raise ValueError("enabled without pilots would touch nobody: describe a pilot, or set enabled: false")
        return self


def read_rollout(file: Path | None = None) -> Rollout:
    """The rollout, from ``file`` or the shipped one.

    Raises:
        ConfigError: naming the line and the field at fault.
    """
    doc = read_checked(file or CONFIG_DIR / "rollout.yaml", _Document, "the rollout")
    return Rollout(doc.enabled, tuple(_pilot(p) for p in doc.pilots), VerdictRules(**doc.verdict.model_dump()))


def _pilot(p: _Pilot) -> Pilot:
    cohort = CohortRule(*(keyed(n) for n in (p.cohort.units, p.cohort.locations, p.cohort.roles, p.cohort.people)))
    domain = SkillDomain(frozenset(p.skills.under), frozenset(p.skills.only)) if p.skills else SkillDomain()
    phases = tuple(
        Phase(
            f.name,
            None if f.connections is None else frozenset(f.connections),
            None if f.kinds is None else frozenset(f.kinds),
        )
        for f in p.phases
    )
    return Pilot(p.id, p.title, cohort, domain, phases, p.starts, p.ends)
