"""What another brain, policy or set of prompts would change: two results about the same evidence, compared. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ascertain.domain.assertion import AssertionState
from ascertain.domain.spending import Usage


@dataclass(frozen=True, slots=True)
class Standing:
    """One skill in one result; level and confidence are ``None`` where the evidence is not enough."""

    label: str
    level: int | None
    confidence: float | None
    state: AssertionState


@dataclass(frozen=True, slots=True)
class Result:
    """What one configuration makes of one person's evidence: by skill, the share of the role that is covered (``None``
    without a role), and the content of the path in its order."""

    skills: Mapping[str, Standing]
    coverage: float | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkillChange:
    """A skill that would stand otherwise; ``None`` where nothing is said of it."""

    skill_id: str
    label: str
    before: Standing | None
    after: Standing | None


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What would change for one person. ``accepted`` and ``coverage`` are after minus before."""

    learner_id: str
    role: str
    skills: tuple[SkillChange, ...]
    accepted: int
    coverage: float | None
    path: bool

    @property
    def any(self) -> bool:
        """Whether anything would."""
        return bool(self.skills) or self.path


@dataclass(frozen=True, slots=True)
class RoleChange:
    """So many assertions of a role would go from one state to another ("" where there is none)."""

    role: str
    before: str
    after: str
    assertions: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Somebody whose rehearsal ended without a result, with the state that the run would have ended in."""

    learner_id: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The whole of it.

    Attributes:
        changes: of everybody who was compared, in the order of the cohort, also of those for whom nothing changes.
        left_out: people who may not be assessed, by the state that says why.
        stored: of how many the result before is the stored one; of the others it was made anew.
        versions: (what, before, after) of what differs.
        usage: what the rehearsed brains used, and for results before that were made anew.
        seconds: of the rehearsed runs, each.
        stopped: why it ended before everybody was looked at, else empty.
    """

    cohort: str
    changes: tuple[PersonChange, ...]
    failed: tuple[Failed, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    stored: int = 0
    versions: tuple[tuple[str, str, str], ...] = ()
    usage: tuple[Usage, ...] = ()
    seconds: tuple[float, ...] = ()
    stopped: str = ""
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[PersonChange, ...]:
        """Those for whom something would change."""
        return tuple(c for c in self.changes if c.any)


def compare(learner_id: str, role: str, before: Result, after: Result) -> PersonChange:
    """Every skill whose level, confidence or state would differ; the coverage and the path beside them."""
    found = []
    for skill in sorted({*before.skills, *after.skills}):
        one, other = before.skills.get(skill), after.skills.get(skill)
        if one != other:
            label = (other or one or Standing(skill, None, None, AssertionState.INSUFFICIENT)).label
            found.append(SkillChange(skill, label, one, other))
    both = before.coverage is not None and after.coverage is not None
    return PersonChange(
        learner_id,
        role,
        tuple(found),
        _accepted(after) - _accepted(before),
        round((after.coverage or 0.0) - (before.coverage or 0.0), 6) if both else None,
        before.path != after.path,
    )


def by_state(changes: Sequence[PersonChange]) -> list[RoleChange]:
    """How many assertions would change their state, by role."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for person in changes:
        for s in person.skills:
            states = tuple(x.state.value if x else "" for x in (s.before, s.after))
            if states[0] != states[1]:
                counts[person.role, states[0], states[1]] += 1
    return [RoleChange(*key, n) for key, n in sorted(counts.items())]


def shifts(changes: Sequence[PersonChange]) -> list[float]:
    """Of every skill with a confidence before and after: after minus before, where it differs."""
    return [
        s.after.confidence - s.before.confidence
        for person in changes
        for s in person.skills
        if s.before and s.after and s.before.confidence is not None and s.after.confidence is not None
    ]


def _accepted(result: Result) -> int:
    return sum(s.state is AssertionState.ACCEPTED for s in result.skills.values())
