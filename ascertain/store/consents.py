"""Consents of people and of the organisation, and notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from sqlalchemy import func, insert, select

from ascertain.domain.consent import (
    Answers,
    OrganisationStatement,
    Origin,
    Statement,
    Topic,
    standing,
    standing_of_organisation,
    topic_of,
)
from ascertain.domain.notice import Notice
from ascertain.store.schema import table
from ascertain.store.schema_consent import (
    ConsentRow,
    NoticePersonRow,
    NoticeRow,
    OrganisationConsentRow,
    StandingConsentRow,
)
from ascertain.store.statements import Tx, bump, chunks, insert_missing, upsert

_CONSENTS, _STANDING, _ORGANISATION = table(ConsentRow), table(StandingConsentRow), table(OrganisationConsentRow)
_NOTICES, _TOLD = table(NoticeRow), table(NoticePersonRow)
_PEOPLE = "people"
"""The revision of people: what somebody allows is part of them."""

_STATEMENTS = select(_ORGANISATION).order_by(_ORGANISATION.c.number)


class SqlConsents:
    """``ascertain.domain.consent.ConsentStore``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add(self, statements: Iterable[Statement]) -> None:
        rows = [
            {
                "learner_id": s.learner_id,
                "topic": s.topic.value,
                "given": s.given,
                "origin": s.origin.value,
                "said_on": s.on,
                "text_version": s.text_version,
                "actor": s.actor,
                "reason": s.reason,
                "at": s.at,
            }
            for s in statements
        ]
        if not rows:
            return
        self._tx.connection.execute(insert(_CONSENTS), rows)
        for some in chunks(sorted({str(r["learner_id"]) for r in rows})):
            histories: dict[str, list[Statement]] = {}
            for said in self._select(some):
                histories.setdefault(said.learner_id, []).append(said)
            standings = [{"learner_id": i, "answers": standing(h).plain()} for i, h in sorted(histories.items())]
            upsert(self._tx, _STANDING, standings)
        bump(self._tx, _PEOPLE)

    def of(self, learner_id: str) -> list[Statement]:
        return self._select([learner_id])

    def newest(self, learner_ids: Collection[str], origin: Origin) -> Mapping[tuple[str, Topic], bool]:
        found: dict[tuple[str, Topic], bool] = {}
        for some in chunks(sorted(learner_ids)):
            found.update({(s.learner_id, s.topic): s.given for s in self._select(some) if s.origin is origin})
        return found

    def add_organisation(self, statement: OrganisationStatement) -> None:
        row = {
            "topic": statement.topic.value,
            "given": statement.given,
            "said_on": statement.on,
            "text_version": statement.text_version,
            "actor": statement.actor,
            "reason": statement.reason,
            "at": statement.at,
        }
        self._tx.connection.execute(insert(_ORGANISATION), [row])
        bump(self._tx, _PEOPLE)

    def organisation(self) -> list[OrganisationStatement]:
        rows = self._tx.connection.execute(_STATEMENTS)
        return [
            OrganisationStatement(topic_of(r.topic), r.given, r.said_on, r.text_version, r.actor, r.reason, r.at)
            for r in rows
        ]

    def _select(self, learner_ids: Collection[str]) -> list[Statement]:
        query = select(_CONSENTS).where(_CONSENTS.c.learner_id.in_(learner_ids)).order_by(_CONSENTS.c.number)
        return [
            Statement(
                r.learner_id,
                topic_of(r.topic),
                r.given,
                Origin(r.origin),
                r.said_on,
                r.text_version,
                r.actor,
                r.reason,
                r.at,
            )
            for r in self._tx.connection.execute(query)
        ]


def organisation_answers(tx: Tx) -> Answers:
    """What the organisation allows now."""
    return standing_of_organisation(SqlConsents(tx).organisation())


class SqlNotices:
    """``ascertain.domain.notice.Notices``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add(self, notice: Notice, learner_ids: Iterable[str]) -> int:
        row = {
            "id": notice.id,
            "cohort": notice.cohort,
            "given_on": notice.given_on,
            "text_version": notice.text_version,
            "channel": notice.channel,
            "representatives_on": notice.representatives_on,
            "joiners": notice.joiners,
            "recorded_by": notice.recorded_by,
            "recorded_at": notice.recorded_at,
        }
        insert_missing(self._tx, _NOTICES, [row])
        told = select(_TOLD.c.learner_id).where(_TOLD.c.notice_id == notice.id)
        known = set(self._tx.connection.execute(told).scalars())
        new = sorted(set(learner_ids) - known)
        insert_missing(self._tx, _TOLD, [{"notice_id": notice.id, "learner_id": i} for i in new])
        return len(new)

    def all(self) -> list[Notice]:
        counted = select(_TOLD.c.notice_id, func.count().label("people")).group_by(_TOLD.c.notice_id).subquery()
        query = (
            select(_NOTICES, counted.c.people)
            .outerjoin(counted, counted.c.notice_id == _NOTICES.c.id)
            .order_by(_NOTICES.c.given_on, _NOTICES.c.recorded_at, _NOTICES.c.id)
        )
        return [
            Notice(
                id=r.id,
                cohort=r.cohort,
                given_on=r.given_on,
                text_version=r.text_version,
                channel=r.channel,
                representatives_on=r.representatives_on,
                joiners=r.joiners,
                recorded_by=r.recorded_by,
                recorded_at=r.recorded_at,
                people=r.people or 0,
            )
            for r in self._tx.connection.execute(query)
        ]

    def dates(self, learner_ids: Collection[str] | None = None) -> Mapping[str, date]:
        query = (
            select(_TOLD.c.learner_id, func.min(_NOTICES.c.given_on))
            .join(_NOTICES, _NOTICES.c.id == _TOLD.c.notice_id)
            .group_by(_TOLD.c.learner_id)
        )
        if learner_ids is None:
            return {r[0]: r[1] for r in self._tx.connection.execute(query)}
        found: dict[str, date] = {}
        for some in chunks(sorted(learner_ids)):
            rows = self._tx.connection.execute(query.where(_TOLD.c.learner_id.in_(some)))
            found.update({r[0]: r[1] for r in rows})
        return found
