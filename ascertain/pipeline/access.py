"""Who looked at me: each reading of a person's skills is recorded before the reader sees them."""

from __future__ import annotations

from collections.abc import Collection

from ascertain.domain.ports import UnitOfWorkFactory
from ascertain.pipeline.write_back_switch import named


def note_access(units: UnitOfWorkFactory, actor: str, what: str, learner_ids: Collection[str]) -> None:
    """Record that ``actor`` looks at these people: one audit record, and an entry for each of them.

    The reader's name is sealed in the payload: under the person's key when there is one person, else under the
    organisation's. Nothing is recorded where nobody is looked at.

    Raises:
        InputError: nobody is named.
    """
    ids = sorted(set(learner_ids))
    if not ids:
        return
    by = named(actor)
    with units() as uow:
        header = {"what": what, "people": len(ids)}
        alone = ids[0] if len(ids) == 1 else None
        kind = "api" if by.startswith("key:") else "operator"
        sealed = uow.audit.append("people.read", actor=kind, header=header, learner_id=alone, payload={"actor": by})
        uow.accesses.add(sealed.seq, by, what, ids)
        uow.commit()
