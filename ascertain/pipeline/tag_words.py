"""A learner says whether content teaches a skill, or takes it back. It decides nothing (docs/content-tags.md)."""

from __future__ import annotations

from enum import StrEnum

from ascertain.domain.content_tags import taxonomy_name
from ascertain.domain.people import Learner
from ascertain.domain.permission import Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.tag_words import LearnerWord
from ascertain.errors import ConflictError, InputError, NotFoundError


class Said(StrEnum):
    """What a learner may say of a tag."""

    YES = "yes"
    NO = "no"
    NOTHING = "nothing"
    """Take it back."""


def say(
    uow: UnitOfWork,
    tagger: str,
    learner: Learner,
    content_id: str,
    skill_id: str,
    said: str,
    *,
    actor: Principal,
    clock: Clock,
) -> LearnerWord | None:
    """Keep a learner's word on a tag, or take it back (answers ``None``). Saying the same again changes nothing. The
    caller has asked whether they may, and commits.

    Raises:
        NotFoundError: no such content, or it has no such tag.
        InputError: neither yes nor no nor nothing.
        ConflictError: processing of the person is restricted.
    """
    if learner.restricted:
        raise ConflictError("processing of this person is restricted", remedy="it has to be lifted first")
    if said not in set(Said):
        raise InputError(f"{said!r} cannot be said of a tag", field="said", remedy="yes, no, or nothing")
    content = uow.contents.get(content_id)
    if content is None:
        raise NotFoundError(f"there is no content {content_id!r}", remedy="`/content` lists it")
    name, key = taxonomy_name(tagger), (content.text_hash, skill_id)
    suggested = {t.skill_id for t in uow.contents.suggestions(tagger).get(content_id, ())}
    if skill_id not in suggested and key not in uow.tag_votes.rulings(name):
        raise NotFoundError(
            f"{content_id!r} has no tag {skill_id!r}", remedy="say it of a skill that it is tagged with"
        )
    before = next((w for w in uow.tag_words.of(learner.id) if _about(w) == (*key, name)), None)
    if said == Said.NOTHING:
        if before is not None:
            uow.tag_words.take_back(before)
            _record(uow, actor, learner, content_id, skill_id, said)
        return None
    made = LearnerWord(learner.id, content_id, *key, name, said == Said.YES, clock.now())
    if before is not None and (before.teaches, before.content_id) == (made.teaches, made.content_id):
        return before
    uow.tag_words.put(made)
    _record(uow, actor, learner, content_id, skill_id, said)
    return made


def _about(w: LearnerWord) -> tuple[str, str, str]:
    return w.content_hash, w.skill_id, w.taxonomy


def _record(uow: UnitOfWork, actor: Principal, learner: Learner, content_id: str, skill_id: str, said: str) -> None:
    sealed = {"by": actor.name, "content": content_id, "skill": skill_id, "said": said}
    uow.audit.append("content.tag_said", actor=actor.kind, learner_id=learner.id, header={}, payload=sealed)
