"""What the scopes of an API key stand for in the one table of permissions."""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.domain.access import Scope
from ascertain.domain.permission import Action

A = Action

ACTIONS_OF_SCOPE: Mapping[Scope, frozenset[Action]] = {
    Scope.INFER: frozenset({A.INFER}),
    Scope.SKILLS_READ: frozenset({A.SKILLS_READ, A.GAPS_READ, A.PATH_READ, A.TEAM_READ, A.EXPLAIN}),
    Scope.EVIDENCE_READ: frozenset({A.EVIDENCE_READ, A.REPLAY}),
    Scope.PEOPLE_SEARCH: frozenset({A.PEOPLE_SEARCH}),
    Scope.REVIEW: frozenset({A.REVIEW_LIST}),
    Scope.DISPUTE: frozenset({A.DISPUTE_READ, A.DISPUTE_OPEN}),
    Scope.RUNS: frozenset({A.ASSESS_RUN, A.COST_READ}),
    Scope.SYNC: frozenset({A.SYNC_RUN, A.CONNECTOR_READ, A.CATALOGUE_IMPORT}),
    Scope.WRITEBACK: frozenset({A.WRITEBACK_READ, A.WRITEBACK_PUSH}),
    Scope.AUDIT_READ: frozenset({A.AUDIT_READ, A.AUDIT_VERIFY}),
    Scope.ROLES_WRITE: frozenset({A.JOBS_ACCEPT}),
    Scope.OPENINGS: frozenset({A.OPENING_READ, A.OPENING_WRITE}),
}
"""What a scope of a key stands for. No action is in two, and a scope gives nothing that the table does not."""
