"""One transaction over all repositories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from ascertain.domain.access import ApiKeys
from ascertain.domain.activity import Engagements, JobProposals
from ascertain.domain.fairness_log import FairnessLog
from ascertain.domain.inbox import Inbox, KeptSecrets
from ascertain.domain.ports import (
    Assertions,
    Contents,
    EvidenceStore,
    People,
    PolicyArchive,
    Reviews,
    Roles,
    Runs,
    SyncState,
)
from ascertain.domain.ports_outgoing import Notifications, Outbox, Switches
from ascertain.domain.rights import Accesses, Tombstones
from ascertain.errors import AscertainError
from ascertain.store.activity import SqlEngagements, SqlJobProposals
from ascertain.store.api_keys import SqlApiKeys
from ascertain.store.assertions import SqlAssertions
from ascertain.store.audit import SqlAuditLog
from ascertain.store.checkpoints import CheckpointFile
from ascertain.store.contents import SqlContents, SqlRoles
from ascertain.store.evidence import SqlEvidence
from ascertain.store.fairness import SqlFairnessLog
from ascertain.store.inbox import SqlInbox
from ascertain.store.kept import SqlKeptSecrets
from ascertain.store.keys import KeyRing, MasterKey
from ascertain.store.notifications import SqlNotifications
from ascertain.store.outbox import SqlOutbox, SqlSwitches
from ascertain.store.people import SqlPeople
from ascertain.store.reviews import SqlReviews
from ascertain.store.rights import SqlAccesses, SqlTombstones
from ascertain.store.runs import SqlRuns
from ascertain.store.statements import Tx
from ascertain.store.sync import SqlPolicyArchive, SqlSyncState


@dataclass(frozen=True, slots=True)
class UnitContext:
    """What every unit of work of a store shares."""

    pseudonym: Callable[[str], str]
    now: Callable[[], datetime]
    master: MasterKey | None
    checkpoints: CheckpointFile | None


class SqlUnitOfWork:
    """``ascertain.domain.ports.UnitOfWork``: enter once, ``commit`` to keep, leave to give back the connection.

    After ``commit`` the block may go on: the next statement opens a new transaction. Not for use by two threads.
    """

    people: People
    evidence: EvidenceStore
    contents: Contents
    roles: Roles
    runs: Runs
    assertions: Assertions
    reviews: Reviews
    audit: SqlAuditLog
    sync: SyncState
    policies: PolicyArchive
    inbox: Inbox
    kept: KeptSecrets
    api_keys: ApiKeys
    outbox: Outbox
    switches: Switches
    notifications: Notifications
    engagements: Engagements
    proposals: JobProposals
    fairness: FairnessLog
    accesses: Accesses
    tombstones: Tombstones

    def __init__(self, engine: Engine, context: UnitContext, *, write: bool) -> None:
        self._engine = engine
        self._context = context
        self._write = write
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        if self._connection is not None:
            raise AscertainError("this unit of work is open already", remedy="open one unit of work a block")
        self._connection = self._engine.connect()
        tx = self._tx = Tx(self._connection, self._context.now, self._write)
        self.people = SqlPeople(tx)
        self.evidence = SqlEvidence(tx)
        self.contents = SqlContents(tx)
        self.roles = SqlRoles(tx)
        self.runs = SqlRuns(tx)
        self.assertions = SqlAssertions(tx)
        self.reviews = SqlReviews(tx)
        self.audit = SqlAuditLog(tx, KeyRing(tx, self._context.master), self._context.pseudonym)
        self.sync = SqlSyncState(tx)
        self.policies = SqlPolicyArchive(tx)
        self.inbox = SqlInbox(tx)
        self.kept = SqlKeptSecrets(tx, self._context.master)
        self.api_keys = SqlApiKeys(tx)
        self.outbox = SqlOutbox(tx)
        self.switches = SqlSwitches(tx)
        self.notifications = SqlNotifications(tx)
        self.engagements = SqlEngagements(tx)
        self.proposals = SqlJobProposals(tx)
        self.fairness = SqlFairnessLog(tx)
        self.accesses = SqlAccesses(tx)
        self.tombstones = SqlTombstones(tx, self._context.pseudonym)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()  # rolls back what was not committed

    @property
    def connection(self) -> Connection:
        """For the store's own modules."""
        if self._connection is None:
            raise AscertainError("this unit of work is not open", remedy="use it inside its `with` block")
        return self._connection

    def commit(self) -> None:
        """Keep everything, then write the checkpoint of the audit chain.

        Raises:
            IntegrityError: when the checkpoint cannot be written; the transaction is committed all the same.
        """
        if self._connection is None:
            raise AscertainError("this unit of work is not open", remedy="commit inside its `with` block")
        self.audit.flush()
        self._connection.commit()
        self._tx.bumped.clear()
        sealed = self.audit.settle()
        if sealed is not None and self._context.checkpoints is not None:
            self._context.checkpoints.append(sealed)
