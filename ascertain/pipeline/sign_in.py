"""Opens and ends sessions, makes links to sign in with, and says who a session is. All of it audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Grant, Principal, Role
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.sessions import SIGN_IN, Session, SignIn, digest_of, lasts, new_secret
from ascertain.errors import ConflictError
from ascertain.pipeline.grants import usable_name
from ascertain.pipeline.permit import demand, principal_of

_TOUCH_SECONDS = 60
"""A session's last use is written at most so often."""


def make_link(uow: UnitOfWork, who: Principal, name: str, *, clock: Clock) -> str:
    """The secret of a link that signs ``name`` in, once, within ten minutes. The caller commits.

    Raises:
        InputError: no usable name.
        ForbiddenError: ``who`` may not give access.
    """
    demand(uow, who, Action.ROLES_GRANT)
    name = usable_name(name)
    person = _by_address(uow, name) or uow.people.get(name)
    secret, digest = new_secret()
    learner_id = person.id if person else None
    uow.sessions.wait_for(digest, SignIn("link", {"name": name}, clock.now() + SIGN_IN, learner_id))
    payload = {"actor": who.name, "name": name}
    uow.audit.append("access.linked", actor=who.kind, header={}, learner_id=learner_id, payload=payload)
    return secret


def use_link(uow: UnitOfWork, secret: str, *, clock: Clock) -> str | None:
    """Sign in with a link: the session's secret, or ``None`` for a link that is used, over or wrong."""
    taken = uow.sessions.take(digest_of(secret), "link", clock.now())
    if taken is None:
        return None
    person = uow.people.get(taken.learner_id) if taken.learner_id else None
    return _open(uow, "link", "", str(taken.held["name"]), person, {}, clock)


def open_session(
    uow: UnitOfWork, subject: str, email: str, roles: Mapping[Role, tuple[str, ...]], *, clock: Clock
) -> str:
    """A session for somebody whom the identity provider vouches for; its secret. The caller commits.

    Args:
        email: the verified address; empty where there is none, and then nobody among the learners is meant.
    """
    return _open(uow, "oidc", subject, email, _by_address(uow, email), roles, clock)


def end_session(uow: UnitOfWork, secret: str, *, clock: Clock) -> bool:
    """Revoke a session. The caller commits."""
    session = uow.sessions.get(digest_of(secret))
    if session is None or not uow.sessions.revoke(session.digest, clock.now()):
        return False
    uow.audit.append("session.ended", actor="person", header={"via": session.via}, learner_id=session.learner_id)
    return True


def live_session(uow: UnitOfWork, secret: str, now: datetime) -> Session | None:
    """The session that a browser holds, if it is live."""
    session = uow.sessions.get(digest_of(secret)) if secret else None
    return session if session is not None and session.live(now) else None


def is_to_be_touched(session: Session, now: datetime) -> bool:
    """Whether its last use is old enough to be written anew."""
    return (now - session.seen_at).total_seconds() >= _TOUCH_SECONDS


def principal_of_session(uow: UnitOfWork, session: Session, *, today: date, sees_tree: bool) -> Principal:
    """Who is signed in, with what is granted to them now: a grant that was revoked is gone from open sessions too."""
    subject = f"oidc:{session.subject}" if session.subject else ""
    person = uow.people.get(session.learner_id) if session.learner_id else None
    return principal_of(
        uow,
        session.email or subject,
        today=today,
        sees_tree=sees_tree,
        names=[subject] if subject else [],
        extra=[Grant(role, frozenset(populations)) for role, populations in session.roles.items()],
        learner=person,
        look_up=False,
    )


def _open(
    uow: UnitOfWork,
    via: str,
    subject: str,
    email: str,
    person: Learner | None,
    roles: Mapping[Role, tuple[str, ...]],
    clock: Clock,
) -> str:
    now = clock.now()
    uow.sessions.sweep(now)
    secret, digest = new_secret()
    learner_id = person.id if person else None
    uow.sessions.add(Session(digest, via, subject, email, learner_id, roles, now, now, now + lasts(roles)))
    payload = {"name": email or f"oidc:{subject}"}
    uow.audit.append("session.opened", actor="person", header={"via": via}, learner_id=learner_id, payload=payload)
    return secret


def _by_address(uow: UnitOfWork, email: str) -> Learner | None:
    """By address alone: an identity provider must not choose a learner's id."""
    try:
        person = uow.people.find(email) if "@" in email else None
    except ConflictError:  # the address of several is nobody's
        return None
    return person if person is not None and person.email.casefold() == email.strip().casefold() else None
