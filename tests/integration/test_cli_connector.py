"""connector and roles on the command line, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ascertain.domain.activity import JobProposal
from ascertain.runtime import open_app
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.server import Sandbox
from ascertain.settings import load_settings
from ascertain.store import open_store
from tests.integration.command import Answer, call


@dataclass
class Place:
    sandbox: Sandbox
    home: Path

    def tell(self, *arguments: str, **env: str) -> Answer:
        return call(*arguments, home=self.home, env={**self.sandbox.environment(), **env})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    options = {"docebo": DoceboOptions(hourly_budget=None)}
    with Sandbox(anchor=date(2026, 5, 1), options=options) as sandbox:
        found = Place(sandbox, tmp_path_factory.mktemp("connector") / "home")
        _sync(found)
        yield found


def _sync(place: Place) -> None:
    """As `ascertain sync` does it, less the mapping of the catalogue, which nothing here needs."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**place.sandbox.environment(), "ASCERTAIN_HOME": str(place.home)}.items():
            patch.setenv(name, value)
        app = open_app(load_settings())
        assert app.sync().ok
        app.close()


def test_list_says_what_each_connection_offers(place: Place) -> None:
    rows = {r["name"]: r for r in place.tell("connector", "list", "--json").json["connections"]}
    assert set(rows) == {"docebo", "workday", "jira"}
    assert rows["docebo"]["entities"]["enrolment"] == "updated_since"
    assert rows["docebo"]["quarantined"] == 4
    assert "enrolment" in rows["docebo"]["synced"]
    assert rows["docebo"]["host"] == "127.0.0.1"
    shown = place.tell("connector", "list")
    assert shown.code == 0
    assert "enrolment" in shown.out


def test_list_names_what_is_missing_and_goes_on(place: Place) -> None:
    answer = place.tell("connector", "list", "--json", ASCERTAIN_JIRA_TOKEN="")
    rows = {r["name"]: r for r in answer.json["connections"]}
    assert answer.code == 0
    assert "ASCERTAIN_JIRA_TOKEN" in rows["jira"]["problem"]
    assert rows["jira"]["remedy"]
    assert rows["workday"]["problem"] == ""


def test_check_works_or_says_why_not(place: Place) -> None:
    good = place.tell("connector", "check", "docebo", "--json")
    assert good.code == 0
    assert good.json["ok"] is True
    assert good.json["quota"] == {"scope": "ip", "calls": 1000, "window_seconds": 3600.0, "exclusive": False}
    bad = place.tell("connector", "check", "docebo", ASCERTAIN_DOCEBO_CLIENT_SECRET="wr0ng-secret")
    assert bad.code == 6
    assert "401" in bad.out
    assert "credentials" in bad.out
    assert "wr0ng-secret" not in bad.out + bad.err
    assert place.tell("connector", "check", "nobody").code == 2


def test_probe_lists_what_is_mapped_and_what_is_not(place: Place) -> None:
    rows = {(r["entity"], r["key"]): r for r in place.tell("connector", "probe", "workday", "--json").json["fields"]}
    assert rows["worker", "Employee_ID"]["mapped"] is True
    assert rows["worker", "National_ID"]["mapped"] is False
    assert "National_ID" in place.tell("connector", "probe", "workday").out


def test_quarantine_shows_retries_and_drops(place: Place) -> None:
    before = place.tell("connector", "quarantine", "--json").json
    assert before["waiting"] == 4
    assert place.tell("connector", "quarantine", "workday", "--json").json["waiting"] == 0
    for row in before["records"]:
        assert row["connection"] == "docebo"
        assert row["entity"] == "enrolment"
        assert row["field"]
        assert row["reason"]
        assert row["remedy"]
        assert row["days"] == 0
    shown = place.tell("connector", "quarantine")
    assert all(r["id"][:11] in shown.out for r in before["records"])

    held = {r["field"]: r for r in before["records"] if "unidentified" not in r["record"]}
    still = place.tell("connector", "quarantine", "--retry", held["course_id"]["id"], "--json")
    assert still.code == 3
    assert still.json["taken"] is False
    assert "no course" in still.json["detail"]

    # The source corrects the score: the record is asked for again, and comes in.
    score = held["score"]
    course_id, user_id, _ = score["record"].split("-")
    company = place.sandbox.company.current
    person = next(p for p in company.people if p.docebo_id == int(user_id))
    course = next(c for c in company.courses if c.id == int(course_id))
    assert place.tell("connector", "quarantine", "--retry", score["id"]).code == 3
    place.sandbox.company.change_score(person.id, course.code, 77)
    done = place.tell("connector", "quarantine", "--retry", score["id"], "--json")
    assert (done.code, done.json["taken"]) == (0, True), done.out + done.err
    assert "77 of 100" in place.tell("profile", person.id).out + _evidence(place, person.id)

    gone = next(r for r in before["records"] if "unidentified" in r["record"])
    assert place.tell("access", "grant", "ada", "admin").code == 0
    assert place.tell("connector", "quarantine", "--drop", gone["id"], "--as", "ada").code == 0
    left = place.tell("connector", "quarantine", "--json").json
    assert {r["id"] for r in left["records"]} == {r["id"] for r in before["records"]} - {score["id"], gone["id"]}
    assert place.tell("connector", "quarantine", "--drop", gone["id"]).code == 4
    assert place.tell("connector", "quarantine", "--drop", "x", "--retry", "y").code == 2
    assert place.tell("audit", "verify").code == 0


def _evidence(place: Place, learner: str) -> str:
    store = open_store(f"sqlite:///{place.home}/ascertain.sqlite", pseudonym=str, checkpoint_file=None)
    try:
        with store.units(write=False) as uow:
            return " ".join(e.text for e in uow.evidence.of(learner))
    finally:
        store.close()


def test_a_job_asks_for_nothing_until_it_is_accepted(place: Place) -> None:
    store = open_store(
        f"sqlite:///{place.home}/ascertain.sqlite",
        pseudonym=str,
        checkpoint_file=place.home / "audit" / "checkpoints.jsonl",
    )
    skills = ("Terraform", "Python", "Zorbing at dawn")
    job = JobProposal(
        "hr:job_profile:1",
        "hr",
        "PLT-3",
        "Platform III",
        "",
        "Engineering",
        skills,
        True,
        datetime(2026, 5, 1, tzinfo=UTC),
    )
    with store.units() as uow:
        uow.proposals.put([job])
        uow.commit()
    store.close()
    listed = place.tell("roles", "list", "--json").json
    assert [j["code"] for j in listed["proposals"]] == ["PLT-3"]
    assert "PLT-3" not in {p["id"] for p in listed["profiles"]}
    assert "PLT-3" in place.tell("roles", "list").out
    assert place.tell("access", "grant", "ada", "admin").code == 0
    made = place.tell("roles", "accept", "PLT-3", "--level", "4", "--as", "ada", "--json")
    assert made.code == 0, made.err
    assert {(r["skill_id"], r["level"]) for r in made.json["profile"]["requirements"]} == {
        ("terraform", 4),
        ("python", 4),
    }
    assert made.json["unknown"] == ["Zorbing at dawn"]
    assert "PLT-3" in {p["id"] for p in place.tell("roles", "list", "--json").json["profiles"]}
    assert place.tell("roles", "accept", "PLT-3").code == 5
    assert place.tell("roles", "accept", "none").code == 4
