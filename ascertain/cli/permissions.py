"""What each command asks before it runs. A command that is not listed here does not start; a test walks them all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import typer

from ascertain.domain.permission import Action
from ascertain.errors import AscertainError


@dataclass(frozen=True, slots=True)
class Asks:
    """The command itself asks, about whom it is given, and shows of lists what may be seen."""

    action: Action


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may, and why."""

    because: str


Entry = Action | Asks | Public
"""An action alone is about nobody in particular and is asked before the command runs."""

_NAMES_NOBODY = Public("it tells about skills and jobs, never about people")

ENTRIES: Mapping[str, Entry] = {
    "demo": Public("it runs on invented people, in a home that holds nobody else"),
    "sandbox": Public("it serves invented people"),
    "doctor": Public("it tells about the installation and names nobody"),
    "sync": Action.SYNC_RUN,
    "assess": Asks(Action.ASSESS_RUN),
    "sweep": Asks(Action.ASSESS_RUN),
    "rehearse": Asks(Action.ASSESS_RUN),
    "evaluate": Action.SYSTEM_RUN,
    "worker": Action.SYSTEM_RUN,
    "schedule": Action.SYSTEM_RUN,
    "stop": Action.STOP,
    "resume": Action.RESUME,
    "serve": Action.SYSTEM_RUN,
    "webhooks list": Action.SYNC_RUN,
    "webhooks retry": Action.SYNC_RUN,
    "webhooks forget": Action.SYNC_RUN,
    "webhooks subscribe": Action.SYNC_RUN,
    "key create": Action.KEYS_MANAGE,
    "key rotate": Action.KEYS_MANAGE,
    "key list": Action.KEYS_MANAGE,
    "key revoke": Action.KEYS_MANAGE,
    "master-key show": Action.KEYS_MANAGE,
    "master-key rotate": Action.KEYS_MANAGE,
    "access grant": Action.ROLES_GRANT,
    "access revoke": Action.ROLES_GRANT,
    "access train": Action.ROLES_GRANT,
    "access link": Action.ROLES_GRANT,
    "access list": Action.ROLES_READ,
    "access who": Action.ROLES_READ,
    "profile": Asks(Action.SKILLS_READ),
    "gaps": Asks(Action.GAPS_READ),
    "what-if course": Asks(Action.TEAM_READ),
    "what-if hire": Asks(Action.TEAM_READ),
    "what-if require": Asks(Action.TEAM_READ),
    "path show": Asks(Action.PATH_READ),
    "path propose": Asks(Action.PATH_PLAN),
    "path replan": Asks(Action.PATH_PLAN),
    "path skip": Asks(Action.PATH_PLAN),
    "path unskip": Asks(Action.PATH_PLAN),
    "path sync": Action.WRITEBACK_PUSH,
    "path approve": Asks(Action.ASSIGNMENT_APPROVE),
    "path reject": Asks(Action.ASSIGNMENT_APPROVE),
    "report": Asks(Action.SKILLS_READ),
    "explain": Asks(Action.EXPLAIN),
    "replay": Asks(Action.REPLAY),
    "review list": Asks(Action.REVIEW_LIST),
    "review next": Asks(Action.REVIEW_DECIDE),
    "review show": Asks(Action.REVIEW_DECIDE),
    "review decide": Asks(Action.REVIEW_DECIDE),
    "review undo": Asks(Action.REVIEW_DECIDE),
    "review reassign": Asks(Action.REVIEW_DECIDE),
    "review bulk": Asks(Action.REVIEW_BULK),
    "review quality": Action.REVIEWERS_WATCH,
    "review thresholds": Action.CALIBRATION_READ,
    "dispute escalate": Action.NOTIFY_SEND,
    "dispute open": Asks(Action.DISPUTE_OPEN),
    "dispute add": Asks(Action.EVIDENCE_ADD),
    "dispute list": Asks(Action.DISPUTE_READ),
    "dispute show": Asks(Action.DISPUTE_READ),
    "dispute withdraw": Asks(Action.DISPUTE_OPEN),
    "dispute decide": Asks(Action.DISPUTE_DECIDE),
    "calibration show": Action.CALIBRATION_READ,
    "calibration list": Action.CALIBRATION_READ,
    "calibration rehearse": Action.CALIBRATION_READ,
    "calibration fit": Action.CALIBRATION_APPROVE,
    "calibration approve": Action.CALIBRATION_APPROVE,
    "calibration apply": Action.CALIBRATION_APPROVE,
    "calibration revert": Action.CALIBRATION_APPROVE,
    "fairness calibration": Asks(Action.FAIRNESS_AUDIT),
    "fairness audit": Asks(Action.FAIRNESS_AUDIT),
    "fairness list": Public("it tells when audits were made, without their figures"),
    "fairness labels import": Asks(Action.LABELS_IMPORT),
    "fairness labels list": Asks(Action.FAIRNESS_AUDIT),
    "fairness labels forget": Asks(Action.PERSON_ERASE),
    "writeback preview": Asks(Action.WRITEBACK_READ),
    "writeback push": Action.WRITEBACK_PUSH,
    "writeback undo": Action.WRITEBACK_UNDO,
    "writeback reconcile": Action.WRITEBACK_PUSH,
    "writeback pause": Action.STOP,
    "writeback resume": Action.RESUME,
    "writeback list": Action.WRITEBACK_PUSH,
    "writeback show": Asks(Action.WRITEBACK_READ),
    "notify": Asks(Action.NOTIFY_SEND),
    "notify status": Action.NOTIFY_SEND,
    "notify enable": Action.NOTIFY_SEND,
    "notify disable": Action.NOTIFY_SEND,
    "notify opt-out": Asks(Action.MAILS_SET),
    "notify opt-in": Asks(Action.MAILS_SET),
    "person access": Asks(Action.ACCESS_READ),
    "person export": Asks(Action.PERSON_EXPORT),
    "person erase": Asks(Action.PERSON_ERASE),
    "person lift": Action.PERSON_LIFT,
    "person rectify": Asks(Action.PERSON_RECTIFY),
    "person corrections": Asks(Action.PERSON_EXPORT),
    "person restrict": Asks(Action.PERSON_RESTRICT),
    "person unrestrict": Asks(Action.PERSON_RESTRICT),
    "person request": Asks(Action.REQUEST_MAKE),
    "person requests": Asks(Action.REQUEST_READ),
    "person answer": Asks(Action.REQUEST_ANSWER),
    "person withdraw-request": Asks(Action.REQUEST_MAKE),
    "assignment list": Asks(Action.ASSIGNMENT_READ),
    "assignment approve": Asks(Action.ASSIGNMENT_APPROVE),
    "assignment reject": Asks(Action.ASSIGNMENT_APPROVE),
    "onboard plan": Asks(Action.ONBOARDING_EDIT),
    "onboard draft": Asks(Action.ONBOARDING_EDIT),
    "onboard list": Asks(Action.ONBOARDING_READ),
    "onboard show": Asks(Action.ONBOARDING_READ),
    "onboard progress": Asks(Action.ONBOARDING_READ),
    "onboard edit": Asks(Action.ONBOARDING_EDIT),
    "onboard approve": Asks(Action.ONBOARDING_EDIT),
    "onboard withdraw": Asks(Action.ONBOARDING_EDIT),
    "onboard tick": Asks(Action.ONBOARDING_FOLLOW),
    "onboard comment": Asks(Action.ONBOARDING_FOLLOW),
    "onboard export": Asks(Action.ONBOARDING_READ),
    "onboard sync": Action.WRITEBACK_PUSH,
    "mentor find": Asks(Action.MENTOR_READ),
    "mentor list": Asks(Action.MENTOR_READ),
    "mentor offer": Asks(Action.MENTOR_USE),
    "mentor request": Asks(Action.MENTOR_USE),
    "mentor answer": Asks(Action.MENTOR_USE),
    "mentor end": Asks(Action.MENTOR_USE),
    "mentor object": Asks(Action.MENTOR_USE),
    "mentor leave": Asks(Action.MENTOR_ALLOW),
    "consent show": Asks(Action.CONSENT_READ),
    "consent list": Asks(Action.CONSENT_READ),
    "consent give": Asks(Action.CONSENT_GIVE),
    "consent withdraw": Asks(Action.CONSENT_GIVE),
    "consent import": Asks(Action.CONSENT_RECORD),
    "consent organisation": Action.CONSENT_ORGANISATION,
    "notice record": Asks(Action.NOTICE_RECORD),
    "notice missing": Asks(Action.NOTICE_RECORD),
    "notice list": Public("it tells when notices were given and to how many, and names nobody"),
    "rollout check": Action.ROLLOUT_READ,
    "rollout status": Action.ROLLOUT_READ,
    "rollout report": Asks(Action.ROLLOUT_READ),
    "rollout advance": Asks(Action.ROLLOUT_MOVE),
    "retain plan": Action.RETAIN_READ,
    "retain run": Action.RETAIN_RUN,
    "retain log": Action.RETAIN_READ,
    "retain hold": Action.RETAIN_RUN,
    "retain release": Action.RETAIN_RUN,
    "retain holds": Action.RETAIN_RUN,
    "audit verify": Action.AUDIT_VERIFY,
    "audit checkpoint": Action.AUDIT_VERIFY,
    "audit export": Action.AUDIT_READ,
    "taxonomy import": Action.TAXONOMY_IMPORT,
    "taxonomy fill": Action.TAXONOMY_IMPORT,
    "taxonomy adapt": Action.TAXONOMY_IMPORT,
    "taxonomy list": _NAMES_NOBODY,
    "taxonomy show": _NAMES_NOBODY,
    "taxonomy diff": _NAMES_NOBODY,
    "taxonomy propose": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy proposals": Action.TAXONOMY_APPROVE,
    "taxonomy preview": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy amend": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy decide": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy apply": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy revert": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy release propose": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy release amend": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy crosswalk import": Action.TAXONOMY_IMPORT,
    "taxonomy crosswalk codes": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy crosswalk draft": _NAMES_NOBODY,
    "taxonomy crosswalk propose": Asks(Action.TAXONOMY_APPROVE),
    "taxonomy crosswalk list": _NAMES_NOBODY,
    "taxonomy crosswalk show": _NAMES_NOBODY,
    "taxonomy scale list": _NAMES_NOBODY,
    "taxonomy scale show": _NAMES_NOBODY,
    "taxonomy scale convert": _NAMES_NOBODY,
    "map": _NAMES_NOBODY,
    "connector list": Action.CONNECTOR_READ,
    "connector check": Action.CONNECTOR_READ,
    "connector probe": Action.CONNECTOR_READ,
    "connector quarantine": Action.QUARANTINE_READ,
    "queue status": Asks(Action.SYSTEM_RUN),
    "queue dead": Asks(Action.SYSTEM_RUN),
    "queue requeue": Asks(Action.SYSTEM_RUN),
    "roles list": _NAMES_NOBODY,
    "roles accept": Action.JOBS_ACCEPT,
    "catalogue import": Action.CATALOGUE_IMPORT,
    "catalogue external": Action.CATALOGUE_IMPORT,
    "content list": _NAMES_NOBODY,
    "content tags": Action.CONTENT_TAG,
    "content tag": Asks(Action.CONTENT_TAG),
    "content bulk": Asks(Action.CONTENT_TAG),
    "content measure": Action.CONTENT_TAG,
    "opening import": Action.OPENING_WRITE,
    "opening list": Action.OPENING_READ,
    "opening close": Action.OPENING_WRITE,
    "match refresh": Action.OPENING_WRITE,
    "match opening": Asks(Action.MATCH_READ),
    "match person": Asks(Action.MATCH_READ),
    "content say": Asks(Action.CONTENT_SAY),
    "match wish": Asks(Action.WISH_STATE),
    "match wishes": Asks(Action.MATCH_READ),
    "fairness matches": Asks(Action.FAIRNESS_AUDIT),
    "fairness succession": Asks(Action.FAIRNESS_AUDIT),
    "succession import": Action.SUCCESSION_KEEP,
    "succession keep": Action.SUCCESSION_KEEP,
    "succession roles": Public("it tells which roles are key roles, and names nobody"),
    "succession nominate": Asks(Action.SUCCESSION_NOMINATE),
    "succession withdraw": Asks(Action.SUCCESSION_NOMINATE),
    "succession object": Asks(Action.WISH_STATE),
    "succession bench": Asks(Action.READINESS_READ),
    "succession role": Asks(Action.READINESS_READ),
    "readiness person": Asks(Action.READINESS_READ),
    "readiness plan": Asks(Action.READINESS_READ),
    "readiness history": Asks(Action.READINESS_READ),
    "content tag-all": Action.CATALOGUE_IMPORT,
    "content coverage": _NAMES_NOBODY,
    "content transcript put": Action.CATALOGUE_IMPORT,
    "content transcript import": Action.CATALOGUE_IMPORT,
    "content transcript list": _NAMES_NOBODY,
    "content transcript show": Action.CATALOGUE_IMPORT,
    "content transcript remove": Action.CATALOGUE_IMPORT,
}


def commands(app: typer.Typer, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its full name, with what Typer keeps of it."""
    for group in app.registered_groups:
        inner = group.typer_instance
        name = f"{prefix}{group.name or (inner.info.name if inner else '')}"
        if inner is not None:
            callback = inner.registered_callback
            if callback is not None and callback.invoke_without_command is True:
                yield name, callback
            yield from commands(inner, f"{name} ")
    for command in app.registered_commands:
        callback_name = command.callback.__name__.replace("_", "-") if command.callback else ""
        yield f"{prefix}{command.name or callback_name}", command


def enforce(app: typer.Typer) -> None:
    """Let every command ask first what its entry says."""
    for name, command in commands(app):
        command.callback = _asked_first(name, command.callback)


def _asked_first(name: str, callback: Callable[..., Any]) -> Callable[..., Any]:
    entry = ENTRIES.get(name)

    @functools.wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        if entry is None:
            raise AscertainError(
                f"`ascertain {name}` says nowhere who may run it", remedy="add it to cli/permissions.py"
            )
        if isinstance(entry, Action):
            from ascertain.cli.actor import require

            require(entry, kwargs.get("actor"))
        return callback(*args, **kwargs)

    return run
