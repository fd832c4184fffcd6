"""What learning and development looks at: what the catalogue teaches and lacks, terms no skill fits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.skills import ContentTag
from ascertain.pipeline.views import label

Json = dict[str, Any]


def catalogue_coverage(uow: UnitOfWork, learners: Sequence[Learner], tagger: str, taxonomy: Taxonomy) -> Json:
    """Skills that the roles of these people ask for, with the courses that teach them; and what is taught that none of
    their roles asks for.

    ``untaught`` have no active course, ``too_easy`` none that reaches the level; each with how many people it concerns.
    """
    asked: dict[str, tuple[int, int]] = {}
    for learner in learners:
        role = uow.roles.get(learner.job_profile_id) if learner.job_profile_id else None
        for r in role.requirements if role else ():
            level, people = asked.get(r.skill_id, (0, 0))
            asked[r.skill_id] = max(level, int(r.level)), people + 1
    active = {c.item.content_id: c.item for c in uow.contents.all()}
    teaching: dict[str, list[ContentTag]] = defaultdict(list)
    for content_id, tags in uow.contents.tags(tagger).items():
        if content_id in active:
            for tag in tags:
                teaching[tag.skill_id].append(tag)
    rows: list[Json] = [
        {
            "skill": s,
            "label": label(taxonomy, s),
            "required": level,
            "people": people,
            "courses": len(teaching[s]),
            "highest": max((int(t.level) for t in teaching[s]), default=None),
        }
        for s, (level, people) in asked.items()
    ]
    rows.sort(key=lambda r: (-r["people"], r["label"]))
    return {
        "asked": len(rows),
        "untaught": [r for r in rows if not r["courses"]],
        "too_easy": [r for r in rows if r["courses"] and r["highest"] < r["required"]],
        "unasked": len([s for s in teaching if s not in asked and teaching[s]]),
        "courses": len(active),
        "untagged": len(active.keys() - {t.content_id for tags in teaching.values() for t in tags}),
    }


def unsure_tags(uow: UnitOfWork, tagger: str, taxonomy: Taxonomy, *, limit: int) -> list[Json]:
    """Content tags, the least certain first: what is worth a look by somebody who knows the course."""
    titles = {c.item.content_id: c.item.title for c in uow.contents.all()}
    found = [t for c, tags in uow.contents.tags(tagger).items() if c in titles for t in tags]
    found.sort(key=lambda t: (t.probability, t.content_id, t.skill_id))
    return [
        {
            "content": t.content_id,
            "title": titles[t.content_id],
            "skill": t.skill_id,
            "label": label(taxonomy, t.skill_id),
            "level": int(t.level),
            "probability": t.probability,
            "quote": t.quote,
        }
        for t in found[:limit]
    ]


def emerging_terms(uow: UnitOfWork, learners: Sequence[Learner], *, least_people: int) -> list[Json]:
    """Terms of people's evidence that no skill fits, with how many people they come from; the most common first.

    A term of fewer than ``least_people`` stays out: it could point to one of them.
    """
    people: Counter[str] = Counter()
    for learner in learners:
        run = uow.runs.latest(learner.id)
        notes = uow.runs.document(run.id, "notes") if run else {}
        people.update({str(t).casefold() for t in notes.get("proposals", ())})
    common = [(t, n) for t, n in people.items() if n >= least_people]
    return [{"term": t, "people": n} for t, n in sorted(common, key=lambda kv: (-kv[1], kv[0]))]
