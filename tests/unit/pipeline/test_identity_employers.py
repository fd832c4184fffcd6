"""Several systems that know the same people as workers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ascertain.domain.people import Learner
from ascertain.domain.records import Entity, SourceRef, UserRecord, WorkerRecord
from ascertain.pipeline.identity import Identity


def worker(system: str, number: str, **fields: object) -> WorkerRecord:
    base = WorkerRecord(SourceRef(system, Entity.WORKER, number), number, "ada@example.org", "Ada Byron")
    return replace(base, **fields)  # type: ignore[arg-type]


def taken(identity: Identity, record: WorkerRecord) -> str:
    learner = identity.worker(record)
    identity.accept(learner, record.ref)
    return learner.id


def test_the_same_address_is_the_same_person_and_the_first_system_leads() -> None:
    identity = Identity([], {}, (), ["workday", "ukg"])
    lead = worker("workday", "7", job_title="Engineer", department="Data")
    assert taken(identity, lead) == "7"
    other = worker("ukg", "U-7", email="ADA@example.org", job_title="Wrong", location="Oslo", hours_per_week=10.0)
    assert taken(identity, other) == "7"
    ada = identity.learners["7"]
    assert (ada.job_title, ada.department, ada.location, ada.hours_per_week) == ("Engineer", "Data", "Oslo", 40.0)
    assert identity.employers("7") == {"workday", "ukg"}
    # The leading system goes on saying what it says, the other changes nothing of that.
    assert identity.worker(replace(lead, job_title="Principal")).job_title == "Principal"
    assert identity.worker(replace(other, active=False, reviews_consent=False)).active


def test_the_order_of_the_file_decides_not_the_order_of_arrival() -> None:
    identity = Identity([], {}, (), ["workday", "ukg"])
    assert taken(identity, worker("ukg", "U-7", job_title="From UKG", location="Oslo")) == "U-7"
    assert taken(identity, worker("workday", "7", job_title="From Workday")) == "U-7"
    assert identity.learners["U-7"].job_title == "From Workday"


def test_a_sync_of_the_second_system_alone_does_not_take_over() -> None:
    whole = Identity([], {}, (), ["workday", "ukg"])
    taken(whole, worker("workday", "7", job_title="Engineer"))
    taken(whole, worker("ukg", "U-7"))
    alone = Identity(whole.learners.values(), whole.links, (), ["ukg"])
    assert alone.worker(worker("ukg", "U-7", job_title="Wrong")).job_title == "Engineer"
    assert not alone.leads("ukg", "7")


def test_two_workers_of_one_system_are_two_people_whatever_their_address() -> None:
    identity = Identity([], {}, (), ["workday"])
    assert taken(identity, worker("workday", "7")) == "7"
    assert taken(identity, worker("workday", "8")) == "8"


def test_equal_numbers_of_two_systems_with_different_addresses_stay_apart() -> None:
    identity = Identity([], {}, (), ["workday", "ukg"])
    assert taken(identity, worker("workday", "7")) == "7"
    assert taken(identity, worker("ukg", "7", email="bob@example.org")) == "ukg-7"


def test_an_account_finds_the_one_person_that_two_systems_know() -> None:
    identity = Identity([], {}, (), ["workday", "ukg"])
    hired = datetime(2020, 1, 1, tzinfo=UTC)
    taken(identity, worker("workday", "7"))
    taken(identity, worker("ukg", "7", hired_at=hired))
    account = UserRecord(SourceRef("docebo", Entity.USER, "12"), "ada@example.org", "Ada", employee_id="7")
    found = identity.user(account)
    assert getattr(found, "id", found) == "7"
    assert identity.learners["7"].hired_on == hired.date()


def test_the_first_lms_says_the_language_whoever_comes_last() -> None:
    identity = Identity([], {}, (), ["workday", "docebo", "moodle"])
    taken(identity, worker("workday", "7"))
    for system, language in (("moodle", "en"), ("docebo", "de"), ("moodle", "en")):
        account = UserRecord(SourceRef(system, Entity.USER, "1"), "ada@example.org", "Ada", language=language)
        learner = identity.user(account)
        assert isinstance(learner, Learner)
        identity.accept(learner, account.ref)
    assert identity.learners["7"].language == "de"
