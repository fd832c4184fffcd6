"""Notices and consents of people in tests that are about something else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from ascertain.domain.consent import OrganisationStatement, Origin, Source, Statement
from ascertain.domain.notice import Notice
from ascertain.domain.ports import UnitOfWorkFactory

LONG_AGO = date(2020, 1, 6)
AT = datetime(2020, 1, 6, 9, 0, tzinfo=UTC)
OPINIONS = (Source.REVIEWS, Source.PEER_FEEDBACK)


def tell_everybody(units: UnitOfWorkFactory, on: date = LONG_AGO, cohort: str = "all") -> None:
    """A notice to a cohort, and to whoever joins it, is on record."""
    with units() as uow:
        uow.notices.add(Notice(f"n-{cohort}-{on}", cohort, on, "2020-1", "mail", None, True, "test", AT), [])
        uow.commit()


def opt_in(units: UnitOfWorkFactory, *sources: Source) -> None:
    """The organisation has said yes."""
    with units() as uow:
        for s in sources:
            uow.consents.add_organisation(OrganisationStatement(s, True, LONG_AGO, "2020-1", "test", "", AT))
        uow.commit()


def agree(units: UnitOfWorkFactory, people: Iterable[str], *sources: Source) -> None:
    """These people have said yes, as the HR system has it."""
    with units() as uow:
        said = [Statement(i, s, True, Origin.HRIS, LONG_AGO, "", "hris", "", AT) for i in people for s in sources]
        uow.consents.add(said)
        uow.commit()
