"""How long a level takes to learn: counted from the catalogue where it teaches that level, else the policy's hours."""

from __future__ import annotations

from collections import defaultdict

from ascertain.domain.ports import UnitOfWork
from ascertain.domain.readiness import ReadinessRules, Step, StepHours
from ascertain.domain.rules import PathRules
from ascertain.domain.skills import Level


def step_hours(uow: UnitOfWork, tagger: str, path: PathRules, rules: ReadinessRules) -> StepHours:
    """Hours of a step, by skill and level.

    Of content that teaches the skill to just that level: hours · (1 + practice) / (P(teaches it) · P(learned)), the
    lower median over such content, since one very short item says little. Micro-learning, items without hours and what
    lies outside of the catalogue do not count.
    """
    tags = uow.contents.tags(tagger)
    found: dict[tuple[str, Level], list[Step]] = defaultdict(list)
    for content in uow.contents.all():
        item = content.item
        if item.external or item.hours <= path.micro_hours:
            continue
        for t in tags.get(item.content_id, ()):
            if t.probability > 0:
                hours = item.hours * (1 + rules.practice) / (t.probability * path.learn_probability)
                found[t.skill_id, t.level].append(Step(hours, item.content_id))
    middle = {k: sorted(v, key=lambda s: (s.hours, s.content_id))[(len(v) - 1) // 2] for k, v in found.items()}

    def step(skill_id: str, level: Level) -> Step:
        return middle.get((skill_id, level)) or Step(rules.level_hours[level])

    return step
