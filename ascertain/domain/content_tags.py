"""Content tags and what people say of them: votes, what they come to, and whether finishing predicts the assessment."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from statistics import NormalDist
from typing import Protocol

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.skills import ContentTag, Level

CONFIDENCE = 0.9
"""Two-sided, of the interval of the difference between finishers and others."""


class Vote(StrEnum):
    """What somebody says of a tag. ``adjust`` is a yes at another level."""

    ACCEPT = "accept"
    ADJUST = "adjust"
    REJECT = "reject"


class TagState(StrEnum):
    """Where a tag stands. A suggestion counts with the mapper's probability until the catalogue crew takes it out, or
    somebody decides."""

    SUGGESTED = "suggested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    HELD_BACK = "held_back"
    """The catalogue crew took it out; nobody has decided."""
    RETIRED = "retired"
    """It was on notice for too long, and code took it out of runs; a yes brings it back."""


IN_USE = frozenset({TagState.SUGGESTED, TagState.ACCEPTED})
"""States in which a tag counts in runs."""


@dataclass(frozen=True, slots=True)
class TagRules:
    """See ``config/charter.yaml``, ``tags``."""

    prior_votes: float
    too_few: int
    least_lift: float
    notice_below: float
    notice_days: int
    least_learners: int


@dataclass(frozen=True, slots=True)
class TagVote:
    """One person's word about (text, skill). The text is named by its hash: another text is another question.

    Attributes:
        content_id: the item that they looked at; others with the same text share the vote.
        suggested: the mapper's probability at that time; ``None`` where it had not suggested the skill.
        suggested_level: of the content at that time.
    """

    id: str
    content_id: str
    content_hash: str
    skill_id: str
    taxonomy: str
    vote: Vote
    level: Level | None
    suggested: float | None
    suggested_level: Level
    voter: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the votes on (text, skill) come to. ``probability`` is that of the tag from now on."""

    content_hash: str
    skill_id: str
    taxonomy: str
    state: TagState
    level: Level
    probability: float
    yes: int
    no: int


def ruling(votes: Sequence[TagVote], rules: TagRules) -> Ruling:
    """What votes on one (text, skill) come to: of each voter the newest counts.

    More yes than no accepts, more no than yes rejects; as many of both leaves it with the newest. The level is the
    lower median of those who said yes. The probability is the posterior mean of a Beta distribution whose prior is the
    mapper's probability m with the weight of k votes: (k·m + yes) / (k + yes + no). Where the mapper had not suggested
    the skill, m is ½.

    Raises:
        ValueError: without any vote.
    """
    ordered = sorted(votes, key=lambda v: (v.at, v.id))
    latest = list({v.voter.casefold(): v for v in ordered}.values())
    if not latest:
        raise ValueError("no votes")
    newest = max(latest, key=lambda v: (v.at, v.id))
    agreed = [v for v in latest if v.vote is not Vote.REJECT]
    yes, no = len(agreed), len(latest) - len(agreed)
    accepted = yes > no or (yes == no and newest.vote is not Vote.REJECT)
    levels = sorted(v.level or v.suggested_level for v in agreed)
    level = levels[(len(levels) - 1) // 2] if levels else newest.suggested_level
    prior = next((v.suggested for v in reversed(ordered) if v.suggested is not None), 0.5)
    return Ruling(
        newest.content_hash,
        newest.skill_id,
        newest.taxonomy,
        TagState.ACCEPTED if accepted else TagState.REJECTED,
        level,
        posterior(prior, yes, no, rules),
        yes,
        no,
    )


def decided(content_id: str, tags: Sequence[ContentTag], rulings: Iterable[Ruling]) -> tuple[ContentTag, ...]:
    """The mapper's suggestions for a text under what was decided about it: rejected ones are out, accepted ones have
    the level and probability of the ruling, and those that people added are in; the surest first."""
    found = {t.skill_id: t for t in tags}
    for r in rulings:
        if r.state is TagState.SUGGESTED:
            continue
        known = found.pop(r.skill_id, None)
        if r.state is TagState.ACCEPTED:
            quote = known.quote if known else ""
            found[r.skill_id] = ContentTag(content_id, r.skill_id, r.probability, r.level, quote)
    return tuple(sorted(found.values(), key=lambda t: (-t.probability, t.skill_id)))


def led(
    rulings: Mapping[tuple[str, str], Ruling], moves: Mapping[str, Collection[str]]
) -> dict[tuple[str, str], Ruling]:
    """Rulings under changes of the taxonomy. What was said of a skill that was merged holds for the one it is part of,
    unless something was said of that one. Of a skill that was split only a no holds, for all its parts: to which of
    them a yes belongs is asked anew, so that each part waits for a word, also where the mapper suggests none."""
    found = {k: r for k, r in rulings.items() if k[1] not in moves}
    for (text, skill), r in rulings.items():
        to = moves.get(skill, ())
        for ident in to if len(to) == 1 or r.state is TagState.REJECTED else ():
            found.setdefault((text, ident), replace(r, skill_id=ident))
        if len(to) > 1 and r.state is TagState.ACCEPTED:
            asked = replace(r, state=TagState.SUGGESTED, probability=r.probability / len(to), yes=0, no=0)
            for ident in to:
                found.setdefault((text, ident), replace(asked, skill_id=ident))
    return found


def taxonomy_name(version: str) -> str:
    """The name in the version of a taxonomy, or of a tagger, which begins with it."""
    return version.partition("-")[0]


def posterior(prior: float, yes: int, no: int, rules: TagRules) -> float:
    """(k·m + yes) / (k + yes + no), to six decimals."""
    k = rules.prior_votes
    return round((k * prior + yes) / (k + yes + no), 6)


def worth_a_look(people: int, probability: float) -> float:
    """Use × uncertainty: how many people's results rest on the content, times 4·p·(1 − p), which is 1 at p = ½."""
    return round((1 + people) * 4.0 * probability * (1.0 - probability), 6)


class Says(StrEnum):
    """Whether finishing predicts the assessment."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"
    TOO_FEW = "too few"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of people with an independent assessment of the skill: how many had finished the content before, how many had
    not, and how many of each did well."""

    finished: int = 0
    finished_well: int = 0
    others: int = 0
    others_well: int = 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """``lift``: share that did well of the finishers less that of the others, with its interval; ``None`` where there
    are too few of either."""

    says: Says
    lift: float | None = None
    low: float | None = None
    high: float | None = None


def prediction(o: Outcomes, rules: TagRules) -> Prediction:
    """Difference of two shares with Newcombe's hybrid score interval (Newcombe 1998, method 10) at 90 %."""
    if min(o.finished, o.others) < rules.too_few:
        return Prediction(Says.TOO_FEW)
    p1, p0 = o.finished_well / o.finished, o.others_well / o.others
    (l1, u1), (l0, u0) = wilson(o.finished_well, o.finished), wilson(o.others_well, o.others)
    lift = p1 - p0
    low = lift - math.hypot(p1 - l1, u0 - p0)
    high = lift + math.hypot(u1 - p1, p0 - l0)
    says = Says.YES if low > 0 else Says.NO if high < rules.least_lift else Says.UNCLEAR
    return Prediction(says, round(lift, 6), round(low, 6), round(high, 6))


def on_notice(probability: float, found: Prediction, state: TagState, rules: TagRules, *, doubted: bool = False) -> str:
    """Why a tag that is in use should be looked at again; empty where nothing speaks against it. ``doubted``: by those
    who finished the content, see ``ascertain.domain.tag_words``."""
    if state not in IN_USE:
        return ""
    if probability < rules.notice_below:
        return f"trusted less than {rules.notice_below:g}"
    if doubted:
        return "most learners who finished it say that it does not teach it"
    return "finishing does not predict the assessment" if found.says is Says.NO else ""


def wilson(well: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a share, at ``CONFIDENCE``."""
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    p, zz = well / n, z * z
    middle, half = p + zz / (2 * n), z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
    return (middle - half) / (1 + zz / n), (middle + half) / (1 + zz / n)


@dataclass(frozen=True, slots=True)
class Graded:
    """Something that a person finished or was graded in. ``well`` is ``None`` where nothing was graded."""

    learner_id: str
    content_id: str
    kind: EvidenceKind
    on: date | None
    finished: bool
    well: bool | None


def outcomes(records: Iterable[Graded], teaches: Mapping[str, Collection[str]]) -> dict[tuple[str, str], Outcomes]:
    """By (content, skill) of ``teaches`` (content id → skills). Of each person the first dated grade in another content
    of that skill counts; they had finished the content if they did so before that day."""
    by_skill: dict[str, set[str]] = {}
    for content, skills in teaches.items():
        for skill in skills:
            by_skill.setdefault(skill, set()).add(content)
    done: dict[str, dict[str, date]] = {}
    grades: dict[str, list[tuple[date, str, bool]]] = {}
    for r in records:
        if r.on is None:
            continue
        if r.finished:
            known = done.setdefault(r.learner_id, {})
            known[r.content_id] = min(r.on, known.get(r.content_id, r.on))
        if r.well is not None:
            grades.setdefault(r.learner_id, []).append((r.on, r.content_id, r.well))
    counts: dict[tuple[str, str], list[int]] = {(c, s): [0, 0, 0, 0] for c, skills in teaches.items() for s in skills}
    for learner, mine in grades.items():
        mine.sort()
        for skill in {s for _, c, _ in mine for s in teaches.get(c, ())}:
            own = [g for g in mine if skill in teaches.get(g[1], ())]
            for content in by_skill[skill]:
                first = next((g for g in own if g[1] != content), None)
                if first is None:
                    continue
                finished = done.get(learner, {}).get(content)
                place = 0 if finished is not None and finished < first[0] else 2
                row = counts[content, skill]
                row[place] += 1
                row[place + 1] += first[2]
    return {key: Outcomes(*row) for key, row in counts.items()}


class TagVotes(Protocol):
    """``ascertain.store.content_tags``."""

    def about(self, content_hash: str, skill_id: str) -> list[TagVote]:
        """Votes on (text, skill), oldest first."""

    def of_content(self, content_id: str) -> list[TagVote]:
        """Votes given while looking at that item, oldest first; those about texts that it had before, too."""

    def add(self, vote: TagVote) -> None: ...
    def put(self, found: Ruling) -> None:
        """What the votes come to now. Whoever has read tags knows to read them again."""

    def rulings(self, taxonomy: str) -> dict[tuple[str, str], Ruling]:
        """By (content hash, skill id), for the taxonomy of that name."""

    def people(self) -> dict[str, int]:
        """Content id → how many people's evidence refers to it."""

    def graded(self) -> list[Graded]:
        """What people finished or were graded in. ``well``: passed, or, where the source does not say, a score of at
        least one half."""

    def measured(self) -> dict[tuple[str, str], Outcomes]:
        """By (content id, skill id), as last counted."""

    def put_measured(self, taxonomy: str, found: Mapping[tuple[str, str], Outcomes]) -> int:
        """Replace what was counted for a taxonomy; how many differ from before."""
