"""After a full pull: what the source no longer has.

Workers and courses are set inactive, which their return undoes; enrolments lose their evidence. When a large part is
missing at once it is not believed: a report narrowed by mistake or rights withdrawn look just like that.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from ascertain.domain.ports import UnitOfWork
from ascertain.domain.records import Entity
from ascertain.pipeline.identity import Identity
from ascertain.pipeline.ingest_catalogue import Catalogue
from ascertain.pipeline.ingest_report import EntityReport

FEW, MANY = 20, 0.2
"""So many missing records are believed in any case, so large a share is not."""


def believable(missing: int, known: int, row: EntityReport) -> bool:
    """False, with a warning, when too much is gone to be true."""
    if missing <= max(FEW, MANY * known):
        return True
    row.warn(
        f"{missing} of {known} stored records are missing in the source; nothing was removed, because so many look "
        "like lost access rather than deletions"
    )
    return False


def retire_workers(uow: UnitOfWork, identity: Identity, name: str, pulled: Container[str], row: EntityReport) -> None:
    """Learners whose worker is gone become inactive, where this system is the one that leads."""
    prefix = f"{name}:{Entity.WORKER.value}:"
    mine = {ref: i for ref, i in identity.links.items() if ref.startswith(prefix)}
    gone = [
        identity.learners[i]
        for ref, i in sorted(mine.items())
        if ref not in pulled and identity.learners[i].active and identity.leads(name, i)
    ]
    if gone and believable(len(gone), len(mine), row):
        left = [replace(p, active=False) for p in gone]
        uow.people.upsert(left)
        identity.learners.update({p.id: p for p in left})
        row.removed += len(left)


def retire_courses(uow: UnitOfWork, catalogue: Catalogue, name: str, pulled: Container[str], row: EntityReport) -> None:
    """Courses that are gone are no longer offered; what was completed stays what it was."""
    mine = [c for c in catalogue.all() if c.system == name and c.active]
    gone = [c for c in mine if c.source_ref not in pulled]
    if gone and believable(len(gone), len(mine), row):
        catalogue.put(uow, [replace(c, active=False) for c in gone])
        row.removed += len(gone)


def remove_missing(uow: UnitOfWork, name: str, entity: Entity, pulled: Container[str], row: EntityReport) -> set[str]:
    """Evidence of enrolments (or of tests) that are gone is deleted. Returns the learners concerned."""
    known = 0
    missing: dict[str, str] = {}
    for trace in uow.evidence.traces(name):
        if trace.entity == entity.value:
            known += 1
            if trace.source_ref not in pulled:
                missing[trace.id] = trace.learner_id
    if not missing or not believable(len(missing), known, row):
        return set()
    row.removed += uow.evidence.delete(sorted(missing))
    return set(missing.values())
