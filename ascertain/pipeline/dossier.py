"""A person's copy of everything held on them (Art. 15 GDPR)."""

from __future__ import annotations

from typing import Any

from ascertain.domain.canonical import plain
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork

Json = dict[str, Any]


def dossier(uow: UnitOfWork, learner: Learner, pseudonym: str, held: Json) -> Json:
    """What tables hold (``Store.held_on``) and the audit records about the person, with their payloads opened."""
    records = []
    for r in uow.audit.records():
        if r.subject == pseudonym:
            records.append({**plain(r), "payload": uow.audit.open_payload(r.seq)})
    return {
        "person": plain(learner),
        "pseudonym": pseudonym,
        "held": plain(held),
        "audit": records,
        "not_included": [
            "group labels, which only fairness audits may read: `ascertain fairness` holds them apart",
            "reports, exports and backups that somebody wrote to files",
            "audit records about several people at once: of these `accesses` has the person's own entries",
        ],
    }
