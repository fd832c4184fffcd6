"""What a system has deleted: evidence is removed, courses and people are set inactive, which their return undoes."""

from __future__ import annotations

from dataclasses import replace

from ascertain.domain.ports import UnitOfWork
from ascertain.domain.records import Entity, SourceRef
from ascertain.pipeline.ingest_state import IngestState
from ascertain.pipeline.normalise import content_id
from ascertain.pipeline.origins import settle


def retire(uow: UnitOfWork, ref: SourceRef) -> tuple[int, set[str]]:
    """Take a deleted record out of use; how many stored things changed, and the learners concerned.

    A reference that is shorter than the stored ones stands for all that go on after it with a hyphen (every attempt of
    somebody at a course). The caller has made sure that the record is gone, and commits.
    """
    if ref.entity is Entity.COURSE:
        return _course(uow, ref), set()
    if ref.entity in (Entity.WORKER, Entity.USER):
        return _person(uow, ref)
    pieces = uow.evidence.from_source(str(ref))
    removed = uow.evidence.delete(e.id for e in pieces)
    whom = {e.learner_id for e in pieces}
    for learner_id in sorted(whom):
        # Badges and mentions that told of it need another origin.
        stored = uow.evidence.of(learner_id)
        moved = [new for old, new in zip(stored, settle(stored), strict=True) if new != old]
        if moved:
            uow.evidence.upsert(moved)
    return removed, whom


def _course(uow: UnitOfWork, ref: SourceRef) -> int:
    """No longer offered; what was completed stays what it was."""
    content = uow.contents.get(content_id(ref.system, ref.id))
    if content is None or not content.active:
        return 0
    uow.contents.upsert([replace(content, active=False)])
    return 1


def _person(uow: UnitOfWork, ref: SourceRef) -> tuple[int, set[str]]:
    """Whom an HRIS knows is its to say: the end of an account alone does not make them leave."""
    learner_id = uow.people.links(ref.system).get(str(ref))
    learner = uow.people.get(learner_id) if learner_id else None
    if learner is None or not learner.active:
        return 0, set()
    if ref.entity is Entity.USER and _has_worker(uow, learner.id):
        return 0, set()
    uow.people.upsert([replace(learner, active=False)])
    return 1, {learner.id}


def _has_worker(uow: UnitOfWork, learner_id: str) -> bool:
    middle = f":{Entity.WORKER.value}:"
    systems = IngestState.read(uow).connections
    return any(i == learner_id and middle in link for s in systems for link, i in uow.people.links(s).items())
