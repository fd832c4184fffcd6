"""What a learner's path may be made of: catalogue items, sessions with a mentor, and what each is expected to close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from ascertain.domain.casefile import CaseFile, CatalogueItem
from ascertain.domain.gaps import Gap
from ascertain.domain.path_wishes import Modality
from ascertain.domain.paths import PathOption, PathProblem
from ascertain.domain.rules import PathRules
from ascertain.domain.skills import ContentTag, Level

MENTOR_PREFIX = "mentor:"
"""Of the content ids of sessions with a mentor; the skill's id follows."""

LONGEST_WEEKS = 260

_MODALITIES = {m.value: m for m in Modality} | {
    "microlearning": Modality.MICRO,
    "micro": Modality.MICRO,
    "mentoring": Modality.MENTOR,
    "coaching": Modality.MENTOR,
    "assignment": Modality.PROJECT,
}


def modality_of(item: CatalogueItem, micro_hours: float) -> Modality:
    """The catalogue's own word where it is one of ours, else a course; up to ``micro_hours`` it is micro-learning."""
    if item.external:
        return Modality.EXTERNAL
    named = _MODALITIES.get(item.modality.strip().casefold(), Modality.COURSE)
    return Modality.MICRO if named is Modality.COURSE and 0 < item.hours <= micro_hours else named


def build_problem(case: CaseFile, gaps: Sequence[Gap], rules: PathRules, *, starts: date | None = None) -> PathProblem:
    """Offer only what closes a gap worth closing, with the prerequisites that it needs, in a language of the person's
    and without what they skipped. The weeks count from ``starts``, else from the case's day."""
    wishes, begin = case.wishes, starts or case.as_of
    worth = {g.skill_id: g for g in gaps if g.weighted >= rules.min_gap}
    catalogue = (*case.catalogue, *_mentoring(case, worth, rules))
    by_id = {c.content_id: c for c in catalogue}
    languages = wishes.languages or (case.language, "en")
    failed = Counter(e.content_id for e in case.evidence if e.content_id and e.passed is False)
    values: dict[str, dict[str, float]] = {}
    for item in catalogue:
        if item.content_id in case.completed or item.language not in languages:
            continue
        if item.content_id in wishes.skipped and not item.mandatory:
            continue
        if item.modality == Modality.MENTOR and item.content_id.startswith(MENTOR_PREFIX):
            skill = item.content_id.removeprefix(MENTOR_PREFIX)
            tag = ContentTag(item.content_id, skill, 1.0, item.level)
            values[item.content_id] = {skill: _value(tag, worth[skill], rules)}
            continue
        again = rules.after_failure ** failed[item.content_id]
        closes = {
            t.skill_id: again * _value(t, worth[t.skill_id], rules)
            for t in case.tags.get(item.content_id, ())
            if t.skill_id in worth
        }
        if closes or item.mandatory:
            values[item.content_id] = closes
    needed = list(values)
    while needed:
        for p in by_id[needed.pop()].prerequisites:
            if p in by_id and p not in case.completed and p not in values:
                values[p] = {}
                needed.append(p)
    share = case.hours_per_week * rules.share_of_week
    weeks = rules.horizon_weeks if wishes.by is None else min(max(0, (wishes.by - begin).days // 7), LONGEST_WEEKS)
    return PathProblem(
        options=tuple(
            PathOption(by_id[c], values[c], modality_of(by_id[c], rules.micro_hours)) for c in sorted(values)
        ),
        gaps={s: g.weighted for s, g in sorted(worth.items())},
        hours_per_week=share if wishes.hours_per_week is None else wishes.hours_per_week,
        weeks=weeks,
        completed=case.completed,
        max_items=rules.max_items,
        max_cost=wishes.max_cost,
        mix=wishes.mix or rules.mix,
        promised=tuple(c for c in case.promised if c in values),
        change_price=rules.change_price,
        starts=begin,
        currency=rules.currency,
    )


def _mentoring(case: CaseFile, worth: Mapping[str, Gap], rules: PathRules) -> tuple[CatalogueItem, ...]:
    """One item a skill that a colleague could help with, whoever that is in the end."""
    if rules.mentor_hours <= 0:
        return ()
    best: dict[str, Level] = {}
    for m in case.mentors:
        if m.skill_id in worth:
            best[m.skill_id] = max(m.level, best.get(m.skill_id, m.level))
    return tuple(
        CatalogueItem(
            MENTOR_PREFIX + s,
            "Sessions with a mentor",
            "",
            level,
            rules.mentor_hours,
            modality=Modality.MENTOR,
            language=case.language,
        )
        for s, level in sorted(best.items())
    )


def _value(tag: ContentTag, gap: Gap, rules: PathRules) -> float:
    """importance × P(below) × P(teaches it) × P(learns it) × fit of the item's level to the required one."""
    short = int(gap.required) - int(tag.level)
    fit = 1.0 if short <= 0 else rules.one_level_short if short == 1 else rules.two_levels_short
    ahead = int(tag.level) - int(gap.current or 0)
    if ahead > 2:
        fit *= rules.too_hard
    return gap.weighted * tag.probability * rules.learn_probability * fit
