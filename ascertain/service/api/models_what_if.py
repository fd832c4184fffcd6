"""Development needs and suppositions, as they are exchanged."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Coverage, LevelNumber, Probability
from ascertain.service.api.schemas import published

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]


class DevelopmentNeed(Exchanged):
    """A skill that roles ask for, summed over the people of whom it is asked."""

    skill: str
    label: str
    people: Count
    unknown: Count
    """Of them, those who show nothing at the level asked for: not known, which is not zero."""
    below: Count
    """Of the others, those more likely below it than not."""
    essential: Count
    importance: Amount
    weighted: Amount
    """Σ importance · P(below)."""
    range: list[Amount]
    mean: Probability
    mean_range: list[Probability]
    share: Probability
    """Of all that is missing."""
    levels: list[LevelNumber]
    """The lowest and the highest level asked for."""
    act: str
    """`develop`, `find out` or `keep`."""
    reasons: list[str]


@published("development-needs")
class DevelopmentNeeds(Exchanged):
    """What a cohort, a team or a role needs, the largest first."""

    of: str
    people: Count
    assessed: Count
    not_counted: Count
    """People who do not want to be in figures of cohorts."""
    left_out: Count
    """People about whom the caller may not read."""
    coverage: Coverage | None
    needs: list[DevelopmentNeed]


class SupposedRange(Exchanged):
    """A figure with its range."""

    low: Amount
    point: Amount
    high: Amount


class SupposedChange(Exchanged):
    """Σ importance · P(below) of a skill."""

    skill: str
    label: str
    people: Count
    before: Amount
    after: SupposedRange


class Taught(Exchanged):
    """A skill that a course teaches, to a level."""

    skill: str
    label: str
    level: LevelNumber


@published("supposition")
class Supposition(Exchanged):
    """Coverage before and after something that is only supposed. It is stored nowhere."""

    kind: str
    """`course`, `hire` or `requirement`."""
    what: str
    said: str
    of: str
    people: Count
    touched: Count
    left_out: Count
    before: SupposedRange
    """Share of what roles ask that is covered; of a hire, the chance that somebody performs at the level."""
    after: SupposedRange
    changes: list[SupposedChange]
    teaches: list[Taught] | None
    holders: list[Count] | None
    """Of a hire: people whose accepted level reaches it, before and after."""
    note: str
