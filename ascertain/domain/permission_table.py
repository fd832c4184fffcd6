"""The one table of permissions: role × action × relation. What is not in it is not allowed.

``docs/permissions.md`` shows the same table written out; a test keeps both in step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in the organisation. The first two follow from the people table, ``operator`` from the machine;
    ``integration`` belongs to API keys; the others are granted."""

    LEARNER = "learner"
    MANAGER = "manager"
    L_AND_D = "l_and_d"
    HRBP = "hrbp"
    SKILL_OWNER = "skill_owner"
    AUDITOR = "auditor"
    FAIRNESS_AUDITOR = "fairness_auditor"
    INTEGRATION = "integration"
    ADMIN = "admin"
    OPERATOR = "operator"


GRANTABLE = frozenset({Role.L_AND_D, Role.HRBP, Role.SKILL_OWNER, Role.AUDITOR, Role.FAIRNESS_AUDITOR, Role.ADMIN})
"""Roles that somebody can be given. The others follow from what is so."""


class Relation(StrEnum):
    """What a person is to whoever asks."""

    SELF = "self"
    DIRECT_REPORT = "direct_report"
    INDIRECT_REPORT = "indirect_report"
    POPULATION = "population"
    OWNED_SKILL = "owned_skill"
    INTERESTED = "interested"
    """Has said that they are interested in an opening for which whoever asks looks for somebody."""
    ANYBODY = "anybody"
    NONE = "none"
    """The action is about nobody in particular."""


class Action(StrEnum):
    """Everything that can be asked of the product about a person or the organisation."""

    # About a person
    SKILLS_READ = "skills.read"
    PEOPLE_SEARCH = "people.search"  # find who has a skill
    EVIDENCE_READ = "evidence.read"
    EVIDENCE_ADD = "evidence.add"
    GAPS_READ = "gaps.read"
    PATH_READ = "path.read"
    PATH_PLAN = "path.plan"  # say what a path has to keep to, skip an item, have it planned anew
    TEAM_READ = "team.read"
    EXPLAIN = "explain"
    REPLAY = "replay"
    REVIEW_LIST = "review.list"
    REVIEW_DECIDE = "review.decide"
    REVIEW_BULK = "review.bulk"
    DISPUTE_OPEN = "dispute.open"
    DISPUTE_READ = "dispute.read"
    DISPUTE_DECIDE = "dispute.decide"
    ASSIGNMENT_READ = "assignment.read"
    ASSIGNMENT_APPROVE = "assignment.approve"
    ONBOARDING_READ = "onboarding.read"
    ONBOARDING_EDIT = "onboarding.edit"  # ask for a plan of the first 90 days, change it, approve it
    ONBOARDING_FOLLOW = "onboarding.follow"  # tick milestones off, comment
    CONSENT_GIVE = "consent.give"
    CONSENT_READ = "consent.read"
    CONSENT_RECORD = "consent.record"  # write down what the person gave or withdrew on paper
    NOTICE_RECORD = "notice.record"
    PERSON_EXPORT = "person.export"
    PERSON_RECTIFY = "person.rectify"
    PERSON_RESTRICT = "person.restrict"
    PERSON_ERASE = "person.erase"
    ACCESS_READ = "access.read"  # who looked at the person
    REQUEST_MAKE = "request.make"  # ask for a correction, a restriction or erasure
    REQUEST_READ = "request.read"
    REQUEST_ANSWER = "request.answer"  # what is done about it asks for its own action as well
    ASSESS_RUN = "assess.run"
    INFER = "infer"
    MAILS_SET = "mails.set"  # whether somebody gets mails
    WRITEBACK_READ = "writeback.read"
    MATCH_READ = "match.read"  # see the person beside openings
    WISH_STATE = "wish.state"  # say what one wants
    READINESS_READ = "readiness.read"  # see how ready the person is for a key role
    SUCCESSION_NOMINATE = "succession.nominate"  # put the person on the list for a key role, or take them off
    CONTENT_SAY = "content.say"  # say whether content that one finished teaches a skill
    MENTOR_READ = "mentor.read"  # who could be the person's mentor, what they offer, whom they work with
    MENTOR_USE = "mentor.use"  # offer, ask, answer, end, object
    MENTOR_ALLOW = "mentor.allow"  # give leave for a mentor along a reporting line
    # About the organisation
    WRITEBACK_PUSH = "writeback.push"
    WRITEBACK_UNDO = "writeback.undo"
    NOTIFY_SEND = "notify.send"
    PERSON_LIFT = "person.lift"  # let somebody erased come back
    CONSENT_ORGANISATION = "consent.organisation"
    REVIEWERS_WATCH = "reviewers.watch"
    REPLAY_ALL = "replay.all"  # whether the numbers can be rebuilt, without the numbers
    AUDIT_READ = "audit.read"  # headers: nothing about people
    AUDIT_VERIFY = "audit.verify"
    AUDIT_OPEN = "audit.open"  # payloads in clear
    FAIRNESS_AUDIT = "fairness.audit"
    LABELS_IMPORT = "labels.import"
    CALIBRATION_READ = "calibration.read"
    CALIBRATION_APPROVE = "calibration.approve"
    SYNC_RUN = "sync.run"
    CONNECTOR_READ = "connector.read"
    QUARANTINE_READ = "quarantine.read"  # records that could not be used: their ids, the field and the fault
    CATALOGUE_IMPORT = "catalogue.import"
    CONTENT_TAG = "content.tag"  # say whether content teaches a skill
    TAXONOMY_IMPORT = "taxonomy.import"
    TAXONOMY_APPROVE = "taxonomy.approve"
    JOBS_ACCEPT = "jobs.accept"
    RETAIN_READ = "retain.read"
    RETAIN_RUN = "retain.run"
    STOP = "stop"
    RESUME = "resume"
    SYSTEM_RUN = "system.run"  # worker, schedule, service
    KEYS_MANAGE = "keys.manage"
    ROLLOUT_READ = "rollout.read"  # pilots and their reports: counts, nobody by name
    ROLLOUT_MOVE = "rollout.move"  # keep a report, move a pilot to another phase
    COST_READ = "cost.read"  # tokens and money by day, crew and brain: nothing about people
    ROLES_READ = "roles.read"
    ROLES_GRANT = "roles.grant"
    OPENING_READ = "opening.read"  # what there is to take on: nothing about people
    OPENING_WRITE = "opening.write"
    SUCCESSION_KEEP = "succession.keep"  # say which roles are key roles, keep the month's readiness


A, R = Action, Relation

_READING = frozenset(
    {A.SKILLS_READ, A.PEOPLE_SEARCH, A.EVIDENCE_READ, A.GAPS_READ, A.PATH_READ, A.TEAM_READ, A.EXPLAIN, A.REPLAY}
)
_REVIEWING = frozenset({A.REVIEW_LIST, A.REVIEW_DECIDE, A.REVIEW_BULK})
_CARE = frozenset({A.DISPUTE_READ, A.DISPUTE_DECIDE, A.ASSIGNMENT_READ, A.ASSIGNMENT_APPROVE, A.PATH_PLAN})
_ONBOARDING = frozenset({A.ONBOARDING_READ, A.ONBOARDING_EDIT, A.ONBOARDING_FOLLOW})
_SUCCESSION = frozenset({A.READINESS_READ, A.SUCCESSION_NOMINATE})
_MENTORING = frozenset({A.MENTOR_READ, A.MENTOR_ALLOW})
_OWN_RIGHTS = frozenset({A.CONSENT_READ, A.PERSON_EXPORT, A.ACCESS_READ, A.REQUEST_MAKE, A.REQUEST_READ})
_FAIRNESS = frozenset({A.FAIRNESS_AUDIT, A.LABELS_IMPORT})
_RUNNING = frozenset(
    {A.SYNC_RUN, A.CONNECTOR_READ, A.CATALOGUE_IMPORT, A.TAXONOMY_IMPORT, A.JOBS_ACCEPT, A.SYSTEM_RUN}
    | {A.WRITEBACK_PUSH, A.WRITEBACK_UNDO, A.NOTIFY_SEND, A.STOP, A.RESUME, A.RETAIN_READ, A.RETAIN_RUN}
)

ABOUT_A_PERSON = frozenset(list(A)[: list(A).index(A.WRITEBACK_PUSH)])
"""Actions that need to know about whom; the others are about the organisation (``Relation.NONE``)."""

NEVER_ABOUT_ONESELF = frozenset(
    {A.REVIEW_DECIDE, A.REVIEW_BULK, A.DISPUTE_DECIDE, A.ASSIGNMENT_APPROVE, A.PERSON_RECTIFY, A.PERSON_RESTRICT}
    | {A.CONSENT_RECORD, A.REQUEST_ANSWER, A.ONBOARDING_EDIT, A.SUCCESSION_NOMINATE, A.MENTOR_ALLOW}
)
"""Nobody decides about themselves, whatever their roles."""

TABLE: Mapping[Role, Mapping[Relation, Collection[Action]]] = {
    Role.LEARNER: {
        R.SELF: (_READING - {A.TEAM_READ, A.PEOPLE_SEARCH})
        | _OWN_RIGHTS
        | {A.EVIDENCE_ADD, A.DISPUTE_OPEN, A.DISPUTE_READ, A.CONSENT_GIVE, A.ASSIGNMENT_READ, A.MAILS_SET, A.PATH_PLAN}
        | {A.MATCH_READ, A.WISH_STATE, A.CONTENT_SAY, A.ONBOARDING_READ, A.ONBOARDING_FOLLOW, A.READINESS_READ}
        | {A.MENTOR_READ, A.MENTOR_USE},
        R.NONE: {A.OPENING_READ},
    },
    Role.MANAGER: {
        R.DIRECT_REPORT: _READING | _REVIEWING | _CARE | _ONBOARDING | {A.MATCH_READ} | _SUCCESSION,
        R.INDIRECT_REPORT: _READING,  # only where the policy says that managers see the tree
        R.INTERESTED: {A.MATCH_READ},
    },
    Role.L_AND_D: {
        R.POPULATION: _READING
        | _REVIEWING
        | _CARE
        | _ONBOARDING
        | {A.ASSESS_RUN, A.WRITEBACK_READ, A.READINESS_READ}
        | _MENTORING,
        R.NONE: {
            A.CATALOGUE_IMPORT,
            A.CONTENT_TAG,
            A.TAXONOMY_APPROVE,
            A.JOBS_ACCEPT,
            A.CALIBRATION_READ,
            A.CALIBRATION_APPROVE,
        }
        | {A.CONNECTOR_READ, A.QUARANTINE_READ, A.REVIEWERS_WATCH, A.COST_READ, A.OPENING_READ}
        | {A.ROLLOUT_READ, A.ROLLOUT_MOVE},
    },
    Role.HRBP: {
        R.POPULATION: _READING
        | _REVIEWING
        | _CARE
        | _ONBOARDING
        | _OWN_RIGHTS
        | {A.CONSENT_RECORD, A.NOTICE_RECORD, A.PERSON_RECTIFY, A.PERSON_RESTRICT, A.PERSON_ERASE}
        | {A.REQUEST_ANSWER, A.MATCH_READ}
        | _SUCCESSION
        | _MENTORING,
        R.NONE: {A.OPENING_READ, A.OPENING_WRITE, A.SUCCESSION_KEEP},
    },
    Role.SKILL_OWNER: {
        R.OWNED_SKILL: {A.SKILLS_READ, A.EVIDENCE_READ, A.EXPLAIN, A.REPLAY, A.DISPUTE_READ, A.DISPUTE_DECIDE}
        | {A.ASSIGNMENT_READ, A.ASSIGNMENT_APPROVE}  # paths that work on the skill
        | _REVIEWING,
        R.NONE: {A.CONTENT_TAG, A.TAXONOMY_APPROVE, A.CALIBRATION_READ},  # about the skills that they own
    },
    Role.AUDITOR: {
        R.NONE: {A.AUDIT_READ, A.AUDIT_VERIFY, A.REPLAY_ALL, A.ROLES_READ, A.RETAIN_READ, A.CALIBRATION_READ}
        | {A.REVIEWERS_WATCH, A.CONNECTOR_READ, A.COST_READ, A.ROLLOUT_READ},
    },
    Role.FAIRNESS_AUDITOR: {R.NONE: _FAIRNESS},
    Role.INTEGRATION: {  # of these, what the scopes of the key say; deciding about people is in no scope
        R.POPULATION: _READING
        | {A.INFER, A.REVIEW_LIST, A.DISPUTE_READ, A.DISPUTE_OPEN, A.ASSESS_RUN, A.WRITEBACK_READ},
        R.NONE: {A.SYNC_RUN, A.CONNECTOR_READ, A.CATALOGUE_IMPORT, A.AUDIT_READ, A.AUDIT_VERIFY, A.WRITEBACK_PUSH}
        | {A.JOBS_ACCEPT, A.COST_READ, A.OPENING_READ, A.OPENING_WRITE},
    },
    Role.ADMIN: {
        R.ANYBODY: {A.NOTICE_RECORD, A.PERSON_ERASE, A.ASSESS_RUN, A.MAILS_SET},
        R.NONE: _RUNNING
        | {
            A.KEYS_MANAGE,
            A.ROLES_READ,
            A.ROLES_GRANT,
            A.PERSON_LIFT,
            A.QUARANTINE_READ,
            A.CONSENT_ORGANISATION,
            A.AUDIT_READ,
            A.COST_READ,
        }
        | {A.AUDIT_VERIFY, A.REPLAY_ALL, A.CALIBRATION_READ, A.ROLLOUT_READ, A.ROLLOUT_MOVE},
    },
    Role.OPERATOR: {R.ANYBODY: ABOUT_A_PERSON, R.NONE: frozenset(A) - ABOUT_A_PERSON - _FAIRNESS},
}
