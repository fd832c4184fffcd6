"""However a learner is assessed, by queue, directly or again, the outcome is the same and is stored once."""

from __future__ import annotations

from tests.e2e.harness import Demo, Place, audit_counts, sandbox, tables, undecide

DEPARTMENT = "Data"
"""Nine people of two roles."""

NUMBERS = ("runs", "run_documents", "assertions", "review_items")

NOBODY = {
    "cohort": "all",
    "assessed": 0,
    "known": 0,
    "unchanged": 0,
    "no_notice": 0,
    "no_consent": 0,
    "named": 0,
    "failed": 0,
    "failures": [],
    "state": "done",
}
"""A sweep in which nothing happened."""


def test_direct_runs_agree_with_the_queue(demo: Demo, own: Place, fresh: Place) -> None:
    """Another home, the same company, one process without a queue: the same rows of a department's people."""
    done = fresh.json("assess", "--cohort", DEPARTMENT, env=demo.place.pseudonym_key())
    people = {r[0] for r in own.rows("SELECT id FROM learners WHERE department = ? AND active", (DEPARTMENT,))}
    everybody = dict.fromkeys(("looked", "due", "assessed"), len(people))
    assert done == NOBODY | {"sweep": done["sweep"], "cohort": DEPARTMENT} | everybody
    theirs = people | {r[0] for r in fresh.rows("SELECT id FROM runs")}
    direct, queued = tables(fresh, NUMBERS), tables(undecide(own), NUMBERS)
    for name in NUMBERS:
        wanted = [r for r in queued[name] if set(r) & theirs]
        assert wanted, name
        assert direct[name] == wanted, name


def test_assessing_the_same_case_again_creates_nothing(demo: Demo, own: Place) -> None:
    before, audit = tables(own), audit_counts(own)
    (learner,) = own.rows("SELECT id, email FROM learners ORDER BY id LIMIT 1 OFFSET 9")
    (run,) = own.rows("SELECT id FROM runs WHERE learner_id = ?", (learner[0],))
    for name in learner:
        done = own.json("assess", "--learner", name)
        assert (done["run"], done["new"], done["learner"]) == (run[0], False, learner[0])
    forced = own.json("assess", "--cohort", "Data", "--force")
    assert forced["assessed"] == 0
    assert forced["known"] == own.rows("SELECT count(*) FROM learners WHERE department = 'Data'")[0][0]
    assert tables(own) == before
    assert audit_counts(own) == audit


def test_sweep_finds_exactly_who_has_changed(own: Place) -> None:
    learners = own.rows("SELECT count(*) FROM learners WHERE active")[0][0]
    nothing = own.json("sweep")
    assert nothing == NOBODY | {"sweep": nothing["sweep"], "looked": learners, "due": 0, "unchanged": learners}
    (changed,) = own.rows(
        "SELECT l.id, l.email FROM learners l JOIN evidence e ON e.learner_id = l.id WHERE e.kind = 'assessment'"
        " AND e.system = 'docebo' AND e.score IS NOT NULL AND l.department = 'Data' ORDER BY l.id LIMIT 1"
    )
    runs = own.rows("SELECT count(*) FROM runs")[0][0]
    with sandbox() as (served, env):
        person = next(p for p in served.company.current.people if p.email == changed[1])
        enrolments = [e for e in served.company.current.enrolments if e.user_id == person.docebo_id]
        taken = {e.course_id for e in enrolments}
        course = next(c for c in served.company.current.courses if c.id not in taken and not c.prerequisites)
        served.company.add_enrolment(person.id, course.code, score=91.0)
        own.run("sync", "--only", "docebo", env=env)
    queued = own.json("sweep", "--queue")
    assert queued["queued"] == 1
    assert queued["unchanged"] == learners - 1
    done = own.json("sweep")
    one = {"looked": learners, "due": 1, "assessed": 1, "unchanged": learners - 1}
    assert done == NOBODY | {"sweep": done["sweep"]} | one
    assert own.rows("SELECT count(*) FROM runs")[0][0] == runs + 1
    latest = own.rows("SELECT learner_id FROM runs ORDER BY started_at DESC LIMIT 1")
    assert latest == [(changed[0],)]
    # One set of current assertions: those of the earlier run are superseded.
    current = own.rows(
        "SELECT DISTINCT run_id FROM assertions WHERE learner_id = ? AND state <> 'superseded'", changed[:1]
    )
    assert len(current) == 1
    # The queued job finds that the work was done, and does nothing.
    own.run("worker", "--burst")
    assert own.rows("SELECT count(*) FROM runs")[0][0] == runs + 1
    assert own.json("audit", "verify")["whole"] is True
