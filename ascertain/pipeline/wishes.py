"""States and takes back what a person wants. Only they say it; nothing is concluded from it about a skill."""

from __future__ import annotations

from ascertain.domain.people import Learner
from ascertain.domain.permission import Principal
from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.wishes import WANTS, Topic, Want, Wish
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.openings import opening_or_raise

NOTHING = "nothing"
"""Said in place of a wish: take it back."""


def state(
    uow: UnitOfWork,
    taxonomy: Taxonomy,
    learner: Learner,
    topic: Topic,
    about: str,
    want: str,
    *,
    actor: Principal,
    clock: Clock,
) -> Wish | None:
    """State a wish, or take it back (``nothing``; answers ``None``). Saying the same again changes nothing. The caller
    commits.

    Raises:
        InputError: it cannot be said of that, or there is no such skill.
        NotFoundError: there is no such opening.
        ConflictError: the opening is closed, or processing of the person is restricted.
    """
    if learner.restricted:
        raise ConflictError("processing of this person is restricted", remedy="it has to be lifted first")
    allowed = WANTS[topic]
    if want not in {*(w.value for w in allowed), NOTHING}:
        words = ", ".join([*(w.value for w in allowed), NOTHING])
        raise InputError(f"{want!r} cannot be said of {topic.value}s", field="want", remedy=f"one of {words}")
    if topic is Topic.SKILL and taxonomy.skill(about) is None:
        raise InputError(f"the taxonomy has no skill {about!r}", field="about", remedy="give the id of a skill")
    if topic is Topic.OPENING and not opening_or_raise(uow, about).open_on(clock.today()) and want != NOTHING:
        raise ConflictError("this opening is closed", remedy="choose another one")
    before = next((w for w in uow.wishes.of(learner.id) if (w.topic, w.about) == (topic, about)), None)
    said = {"topic": topic.value, "about": about, "want": want}
    if want == NOTHING:
        if before is not None:
            uow.wishes.take_back(learner.id, topic, about)
            uow.audit.append(
                "wish.stated", actor=actor.kind, learner_id=learner.id, header={}, payload={"by": actor.name, **said}
            )
        return None
    made = Wish(learner.id, topic, about, Want(want), clock.now())
    if before is not None and before.want is made.want:
        return before
    uow.wishes.put(made)
    uow.audit.append(
        "wish.stated", actor=actor.kind, learner_id=learner.id, header={}, payload={"by": actor.name, **said}
    )
    return made
