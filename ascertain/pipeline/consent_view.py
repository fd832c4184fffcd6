"""Consents as the person reads them: what is used, who said what, and what a no would take away."""

from __future__ import annotations

from typing import Any

from ascertain.domain.canonical import digest
from ascertain.domain.consent import OPT_IN, SOURCE_OF, WORDS, Origin, Purpose, Source, Topic
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.pipeline.consent_texts import rests_on

Json = dict[str, Any]

ASKED: dict[Topic, str] = {
    Purpose.ASSESSMENT: "Whether skills are inferred from your records at all. Without it there are no skills, gaps or "
    "path of yours here.",
    Purpose.MENTORING: "Whether colleagues with a gap where you are strong are told your name.",
    Purpose.MOBILITY: "Whether you are found by people who look for somebody for another role.",
    Purpose.ANALYTICS: "Whether you are counted in the figures of groups.",
    Source.LEARNING: "Courses that you finished, training elsewhere, and how you took part.",
    Source.TESTS: "Results, with their scores.",
    Source.CREDENTIALS: "What you were awarded, with its date and when it ends.",
    Source.OWN_WORDS: "What you say about yourself: your profile and self-assessments.",
    Source.WORK: "Projects and tickets that name you as the one who did the work.",
    Source.DOCUMENTS: "Documents of yours, such as a curriculum vitae.",
    Source.REVIEWS: "What managers wrote about you in reviews. A human looks at everything that rests on them.",
    Source.PEER_FEEDBACK: "What colleagues wrote about you. A human looks at everything that rests on it.",
    Source.MESSAGES: "Messages that you wrote, from the day of your yes on; never those before it.",
}
"""What somebody is asked about each topic, in the words that they are shown."""

TEXT_VERSION = f"page-{digest([[t.value, w] for t, w in ASKED.items()], length=8)}"
"""Of the text above: it is kept with each yes, and changes with the words."""


def consent_rows(uow: UnitOfWork, learner: Learner) -> list[Json]:
    """Each purpose and source: whether it is allowed, why not, what the person said last, and what rests on it.

    ``pieces`` and ``skills`` are what a no would take away: evidence deleted, and skills that stand no longer until the
    next assessment. Of a purpose only a no to assessment takes any.
    """
    evidence = uow.evidence.of(learner.id)
    current = uow.assertions.of(learner.id)
    own = {s.topic: s for s in uow.consents.of(learner.id) if s.origin is Origin.PERSON}
    newest = {s.topic: s for s in uow.consents.of(learner.id)}
    found = []
    for topic in (*Purpose, *Source):
        mine = {e.id for e in evidence if SOURCE_OF[e.kind] is topic}
        resting = [a.skill_label for a in current if topic is Purpose.ASSESSMENT or rests_on(a.inputs, mine)]
        last = own.get(topic) or newest.get(topic)
        found.append(
            {
                "topic": topic.value,
                "kind": "purpose" if isinstance(topic, Purpose) else "source",
                "words": WORDS[topic],
                "asked": ASKED[topic],
                "allowed": learner.consents.allows(topic),
                "yours": learner.consents.person.allow(topic),
                "opt_in": topic in OPT_IN,
                "why_not": learner.consents.why_not(topic),
                "said": {"given": last.given, "on": last.on.isoformat(), "by": last.origin.value} if last else None,
                "pieces": len(mine),
                "skills": sorted(resting),
            }
        )
    return found
