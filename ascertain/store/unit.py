"""One transaction over all repositories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from ascertain.domain.access import ApiKeys
from ascertain.domain.activity import Engagements, JobProposals
from ascertain.domain.answers import Answers
from ascertain.domain.api_requests import ApiRequests
from ascertain.domain.assignments import Assignments
from ascertain.domain.calibration_log import Calibrations
from ascertain.domain.consent import ConsentStore
from ascertain.domain.content_tags import TagVotes
from ascertain.domain.content_weighing import Weighings
from ascertain.domain.disputes import Disputes
from ascertain.domain.fairness_log import FairnessLog
from ascertain.domain.inbox import Inbox, KeptSecrets
from ascertain.domain.key_manager import KeyManagers
from ascertain.domain.matching import MatchLists
from ascertain.domain.mentoring import Mentoring
from ascertain.domain.notice import Notices
from ascertain.domain.onboarding import Onboardings
from ascertain.domain.openings import Openings
from ascertain.domain.path_choices import PathChoices
from ascertain.domain.permission import RoleGrants
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
from ascertain.domain.rectification import Rectifications
from ascertain.domain.restriction import Restrictions
from ascertain.domain.retention import Retention
from ascertain.domain.reviewing import Checks, Looks
from ascertain.domain.rights import Accesses, Tombstones
from ascertain.domain.rights_requests import RightsRequests
from ascertain.domain.rollout import Rollouts
from ascertain.domain.run_requests import RunRequests
from ascertain.domain.sessions import Sessions
from ascertain.domain.spending import UsageLog
from ascertain.domain.stewardship import Stewardship
from ascertain.domain.succession import Successions
from ascertain.domain.sweeps import Sweeps
from ascertain.domain.tag_notices import TagNotices
from ascertain.domain.tag_words import TagWords
from ascertain.domain.transcripts import Transcripts
from ascertain.domain.wishes import Wishes
from ascertain.errors import AscertainError, ForbiddenError
from ascertain.store.activity import SqlEngagements, SqlJobProposals
from ascertain.store.answers import SqlAnswers
from ascertain.store.api_keys import SqlApiKeys
from ascertain.store.api_requests import SqlApiRequests
from ascertain.store.assertions import SqlAssertions
from ascertain.store.assignments import SqlAssignments
from ascertain.store.audit import SqlAuditLog
from ascertain.store.calibrations import SqlCalibrations
from ascertain.store.checkpoints import CheckpointFile
from ascertain.store.consents import SqlConsents, SqlNotices
from ascertain.store.content_tags import SqlTagVotes
from ascertain.store.contents import SqlContents, SqlRoles
from ascertain.store.disputes import SqlDisputes, SqlRestrictions
from ascertain.store.engine import Engines
from ascertain.store.evidence import SqlEvidence
from ascertain.store.fairness import SqlFairnessLog
from ascertain.store.grants import SqlRoleGrants
from ascertain.store.inbox import SqlInbox
from ascertain.store.kept import SqlKeptSecrets
from ascertain.store.keys import KeyRing
from ascertain.store.matches import SqlMatchLists
from ascertain.store.mentoring import SqlMentoring
from ascertain.store.notifications import SqlNotifications
from ascertain.store.onboarding import SqlOnboardings
from ascertain.store.openings import SqlOpenings
from ascertain.store.outbox import SqlOutbox, SqlSwitches
from ascertain.store.path_choices import SqlPathChoices
from ascertain.store.people import SqlPeople
from ascertain.store.rectifications import SqlRectifications
from ascertain.store.retention import SqlRetention
from ascertain.store.reviewing import SqlChecks, SqlLooks
from ascertain.store.reviews import SqlReviews
from ascertain.store.rights import SqlAccesses, SqlTombstones
from ascertain.store.rights_requests import SqlRightsRequests
from ascertain.store.rollout import NO_ROLLOUT, Boundaries, SqlRollouts
from ascertain.store.run_requests import SqlRunRequests
from ascertain.store.runs import SqlRuns
from ascertain.store.sessions import SqlSessions
from ascertain.store.spending import SqlUsage
from ascertain.store.statements import Tx
from ascertain.store.stewardship import SqlStewardship
from ascertain.store.succession import SqlSuccessions
from ascertain.store.sweeps import SqlSweeps
from ascertain.store.sync import SqlPolicyArchive, SqlSyncState
from ascertain.store.tag_words import SqlTagNotices, SqlTagWords
from ascertain.store.transcripts import SqlTranscripts
from ascertain.store.weighings import SqlWeighings
from ascertain.store.wishes import SqlWishes


@dataclass(frozen=True, slots=True)
class UnitContext:
    """What every unit of work of a store shares."""

    pseudonym: Callable[[str], str]
    now: Callable[[], datetime]
    keys: KeyManagers | None
    checkpoints: CheckpointFile | None
    boundaries: Boundaries = NO_ROLLOUT


class SqlUnitOfWork:
    """``ascertain.domain.ports.UnitOfWork``: enter once, ``commit`` to keep, leave to give back the connection.

    After ``commit`` the block may go on: the next statement opens a new transaction. Not for use by two threads.
    """

    people: People
    evidence: EvidenceStore
    contents: Contents
    transcripts: Transcripts
    weighings: Weighings
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
    looks: Looks
    checks: Checks
    tombstones: Tombstones
    disputes: Disputes
    restrictions: Restrictions
    rectifications: Rectifications
    rights_requests: RightsRequests
    assignments: Assignments
    paths: PathChoices
    grants: RoleGrants
    sessions: Sessions
    calibrations: Calibrations
    retention: Retention
    consents: ConsentStore
    notices: Notices
    api_requests: ApiRequests
    run_requests: RunRequests
    sweeps: Sweeps
    usage: UsageLog
    answers: Answers
    tag_votes: TagVotes
    tag_words: TagWords
    tag_notices: TagNotices
    stewardship: Stewardship
    rollouts: Rollouts
    openings: Openings
    wishes: Wishes
    matches: MatchLists
    onboardings: Onboardings
    successions: Successions
    mentoring: Mentoring

    def __init__(self, engines: Engines, context: UnitContext, *, write: bool) -> None:
        self._engines = engines
        self._context = context
        self._write = write
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        if self._connection is not None:
            raise AscertainError("this unit of work is open already", remedy="open one unit of work a block")
        self._connection = (self._engines.write if self._write else self._engines.read).connect()
        tx = self._tx = Tx(self._connection, self._context.now, self._write)
        rollouts = self._rollouts = SqlRollouts(tx, self._context.boundaries)
        self.rollouts = rollouts
        self.people = SqlPeople(tx, rollouts)
        retention = SqlRetention(tx, self._context.pseudonym)
        self.retention = retention
        self.evidence = SqlEvidence(tx, retention, rollouts)
        contents = SqlContents(tx)
        self.contents = contents
        self.transcripts = SqlTranscripts(tx, contents)
        self.weighings = SqlWeighings(tx)
        self.roles = SqlRoles(tx)
        self.runs = SqlRuns(tx, rollouts)
        self.assertions = SqlAssertions(tx, rollouts)
        self.reviews = SqlReviews(tx, rollouts)
        keys = KeyRing(tx, self._context.keys)
        self.audit = SqlAuditLog(tx, keys, self._context.pseudonym)
        self.answers = SqlAnswers(tx, keys, self._context.pseudonym)
        self.sync = SqlSyncState(tx)
        self.policies = SqlPolicyArchive(tx)
        self.inbox = SqlInbox(tx)
        self.kept = SqlKeptSecrets(tx, self._context.keys)
        self.api_keys = SqlApiKeys(tx)
        self.outbox = SqlOutbox(tx)
        self.switches = SqlSwitches(tx)
        self.notifications = SqlNotifications(tx)
        self.engagements = SqlEngagements(tx)
        self.proposals = SqlJobProposals(tx)
        self.fairness = SqlFairnessLog(tx)
        self.accesses = SqlAccesses(tx)
        self.calibrations = SqlCalibrations(tx)
        self.looks = SqlLooks(tx)
        self.checks = SqlChecks(tx)
        self.tombstones = SqlTombstones(tx, self._context.pseudonym)
        self.disputes = SqlDisputes(tx)
        self.restrictions = SqlRestrictions(tx)
        self.rectifications = SqlRectifications(tx)
        self.rights_requests = SqlRightsRequests(tx)
        self.assignments = SqlAssignments(tx)
        self.paths = SqlPathChoices(tx)
        self.grants = SqlRoleGrants(tx)
        self.consents = SqlConsents(tx)
        self.notices = SqlNotices(tx)
        self.sessions = SqlSessions(tx)
        self.api_requests = SqlApiRequests(tx)
        self.run_requests = SqlRunRequests(tx)
        self.sweeps = SqlSweeps(tx)
        self.usage = SqlUsage(tx)
        self.tag_votes = SqlTagVotes(tx)
        self.tag_words = SqlTagWords(tx)
        self.tag_notices = SqlTagNotices(tx)
        self.stewardship = SqlStewardship(tx)
        self.openings = SqlOpenings(tx)
        self.wishes = SqlWishes(tx)
        self.matches = SqlMatchLists(tx)
        self.onboardings = SqlOnboardings(tx)
        self.successions = SqlSuccessions(tx)
        self.mentoring = SqlMentoring(tx)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()  # rolls back what was not committed
        if isinstance(error, ForbiddenError) and not error.recorded:
            self._note_refusal(error)

    def _note_refusal(self, refused: ForbiddenError) -> None:
        """A refusal undoes what was begun, but is itself on the chain: nobody has to remember to record it."""
        refused.recorded = True
        with SqlUnitOfWork(self._engines, self._context, write=True) as uow:
            uow.audit.append(
                "permission.refused",
                actor=refused.kind,
                header={"action": refused.action},
                learner_id=refused.learner_id,
                payload={"actor": refused.actor},
            )
            uow.commit()

    @property
    def connection(self) -> Connection:
        """For the store's own modules."""
        if self._connection is None:
            raise AscertainError("this unit of work is not open", remedy="use it inside its `with` block")
        return self._connection

    @property
    def tx(self) -> Tx:
        """For the store's own modules; as ``connection``."""
        _ = self.connection
        return self._tx

    def commit(self) -> None:
        """Keep everything, then write the checkpoint of the audit chain.

        Raises:
            IntegrityError: when the checkpoint cannot be written; the transaction is committed all the same.
        """
        self.commit_early()()

    def commit_early(self) -> Callable[[], None]:
        """Keep everything; what is returned writes the checkpoint, and is to be called soon. Until then the records
        are as durable as ever, and the file outside names the ones before."""
        if self._connection is None:
            raise AscertainError("this unit of work is not open", remedy="commit inside its `with` block")
        self.audit.flush()
        self._connection.commit()
        self._tx.bumped.clear()
        self._tx.moves = None
        self._rollouts.forget()
        sealed, file = self.audit.settle(), self._context.checkpoints

        def checkpoint() -> None:
            if sealed is not None and file is not None:
                file.append(sealed)

        return checkpoint
