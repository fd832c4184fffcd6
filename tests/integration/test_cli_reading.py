"""The command line on the demonstration's data: what each command prints under --json, and its exit code."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import COMMAND, Demo, Place
from tests.integration.command import Answer, call, granted


def ask(place: Place, *arguments: str, code: int = 0, env: dict[str, str] | None = None) -> Any:
    """A command's JSON."""
    answer = call(*arguments, "--json", home=place.home, folder=place.folder, env=env)
    assert answer.code == code, answer
    return answer.json


def tell(place: Place, *arguments: str) -> Answer:
    """A command's answer for people."""
    return call(*arguments, home=place.home, folder=place.folder)


def somebody(place: Place) -> tuple[str, str, str]:
    """Id, name and address of a learner with accepted skills."""
    (found,) = place.rows(
        "SELECT l.id, l.name, l.email FROM learners l JOIN assertions a ON a.learner_id = l.id"
        " WHERE a.state = 'accepted' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    return found


SKILL = {
    "id", "skill", "label", "level", "confidence", "interval", "amount_of_evidence", "state", "reasons",
    "human_reviewed", "evidence",
}  # fmt: skip


def test_profile(demo: Demo) -> None:
    learner, name, email = somebody(demo.place)
    data = ask(demo.place, "profile", learner)
    assert data.keys() >= {"learner", "run", "skills", "notes"}
    assert data["learner"]["name"] == name
    assert data["run"]["versions"].keys() == {"policy", "taxonomy", "brain", "prompts", "mapper"}
    for s in data["skills"]:
        assert s.keys() >= SKILL
        assert len(s["interval"]) == 2
        # Not enough evidence is never shown as zero skill.
        # A human may find evidence too thin that code found enough; the figure is then still there to read.
        if not s["human_reviewed"]:
            assert (s["confidence"] is None) == (s["state"] == "not_enough_evidence")
        assert s["confidence"] is not None or s["level"] is None
        assert s["evidence"]
        assert all(e.keys() >= {"id", "title", "kind", "system", "on", "supports", "quote"} for e in s["evidence"])
    assert ask(demo.place, "profile", email.upper()) == data
    text = tell(demo.place, "profile", learner).out
    assert name in text
    assert all(s["id"][:8] in text for s in data["skills"] if s["confidence"] is not None)


def test_gaps_and_heat_map(demo: Demo) -> None:
    learner, name, _ = somebody(demo.place)
    data = ask(demo.place, "gaps", learner)
    assert data.keys() >= {"learner", "role", "coverage", "gaps"}
    assert data["gaps"]
    for g in data["gaps"]:
        low, high = g["range"]
        assert 0 <= low <= g["p_below"] <= high <= 1
    cohort = ask(demo.place, "gaps", "--cohort", "Data")
    assert cohort.keys() >= {"cohort", "gaps", "heatmap"}
    people = demo.place.rows("SELECT name FROM learners WHERE department = 'Data'")
    assert sorted(p["name"] for p in cohort["heatmap"]["people"]) == sorted(n for (n,) in people)
    assert all(len(p["cells"]) == len(cohort["heatmap"]["skills"]) for p in cohort["heatmap"]["people"])
    assert name in tell(demo.place, "gaps", learner).out
    drawn = tell(demo.place, "gaps", "--cohort", "Data").out
    assert [n for (n,) in people if n not in drawn] == []


def test_path(demo: Demo) -> None:
    learner, _, _ = somebody(demo.place)
    data = ask(demo.place, "path", learner)
    assert data.keys() >= {"learner", "plan", "summary", "mentors"}
    assert data["plan"]["steps"]
    catalogue = {c for (c,) in demo.place.rows("SELECT id FROM contents")}
    for step in data["plan"]["steps"]:
        assert step["content_id"] in catalogue
        assert step["hours"] > 0
    assert data["plan"]["steps"][0]["title"] in tell(demo.place, "path", learner).out


def test_reviews(demo: Demo) -> None:
    data = ask(demo.place, "review", "list", "--limit", "1000000")
    assert data["waiting"] == len(data["items"]) > 0
    keys = {"id", "learner", "name", "skill", "label", "reasons", "priority", "assignee", "due", "overdue"}
    assert all(i.keys() == keys for i in data["items"])  # no level, no confidence: the evidence comes first
    some = ask(demo.place, "review", "list", "--limit", "3")
    assert some == data | {"items": data["items"][:3]}
    assert data["left_out"] == 0
    mine = ask(demo.place, "review", "list", "--assignee", data["items"][0]["assignee"], "--limit", "1000000")
    assert 0 < mine["waiting"] <= data["waiting"]
    assert {i["assignee"] for i in mine["items"]} == {data["items"][0]["assignee"]}
    one = ask(demo.place, "review", "list", "--learner", data["items"][0]["learner"], "--limit", "1000000")
    assert {i["learner"] for i in one["items"]} == {data["items"][0]["learner"]}


def test_receipt(demo: Demo) -> None:
    (found,) = demo.place.rows("SELECT id, confidence FROM assertions WHERE state = 'in_review' ORDER BY id LIMIT 1")
    data = ask(demo.place, "explain", found[0])
    assert data.keys() >= {"assertion", "learner_name", "threshold", "reasons", "next_proof", "review"}
    assert data["assertion"]["id"] == found[0]
    assert data["reasons"]
    assert all(r.keys() >= {"evidence_id", "quote", "weight", "outcome", "delta"} for r in data["reasons"])
    text = tell(demo.place, "explain", found[0][:10]).out
    assert data["learner_name"] in text


def test_audit_and_doctor(demo: Demo) -> None:
    assert ask(demo.place, "audit", "verify")["whole"] is True
    checks = ask(demo.place, "doctor")
    assert {"python", "home", "database", "taxonomy", "queue", "audit", "brain"} <= {c["name"] for c in checks}
    assert all(c.keys() == {"name", "state", "detail", "remedy"} for c in checks)
    assert not [c for c in checks if c["state"] == "failed"]


def test_report_of_a_cohort(demo: Demo, tmp_path: Path) -> None:
    answer = tell(demo.place, "report", "--cohort", "Data", "--out", str(tmp_path / "data.html"))
    assert answer.code == 0
    text = (tmp_path / "data.html").read_text()
    for name, department in demo.place.rows("SELECT name, department FROM learners WHERE manager_id IS NOT NULL"):
        assert (f">{name}<" in text or name in text) or department != "Data", name
    failed = tell(demo.place, "report", "--out", str(tmp_path / "no" / "such" / "folder.html"))
    assert failed.code == 2
    assert "choose another --out" in failed.err
    before = tell(demo.place, "demo", "--out", str(tmp_path / "no" / "folder.html"))
    assert (before.code, before.out) == (2, ""), "told before the work, not after it"


@pytest.mark.parametrize(
    "arguments",
    [
        ("profile", "FL9999"),
        ("gaps", "nobody@fjordlane.example"),
        ("path", "FL9999"),
        ("gaps", "--cohort", "Astronauts"),
        ("report", "--cohort", "Astronauts"),
        ("explain", "a0000000000000000"),
        ("replay", "a0000000000000000"),
        ("review", "decide", "v0000000000000000", "accept", "--reason", "x"),
        ("review", "list", "--learner", "FL9999"),
    ],
)
def test_what_is_not_there_is_exit_4(demo: Demo, arguments: tuple[str, ...]) -> None:
    answer = tell(demo.place, *arguments)
    assert answer.code == 4, answer
    assert answer.err.startswith("ascertain: there is no")
    assert "Traceback" not in answer.err
    assert answer.out == ""


def test_ambiguous_beginning_is_refused(demo: Demo) -> None:
    answer = tell(demo.place, "explain", "a")
    assert answer.code in (3, 4, 5)
    assert answer.err.startswith("ascertain: ")
    assert "Traceback" not in answer.err


def test_output_cut_off_by_its_reader_is_no_error(demo: Demo) -> None:
    with subprocess.Popen(
        [*COMMAND, "review", "list", "--limit", "100000", "--json"],
        cwd=demo.place.folder,
        env=demo.place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (0, b"")


def test_interrupted_is_130(demo: Demo) -> None:
    with subprocess.Popen(
        [*COMMAND, "map", "--file", "-"],
        cwd=demo.place.folder,
        env=demo.place.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b'{"id": "1", "text": "SQL"}\n' * 256)  # a whole batch, so that it answers
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
    assert process.returncode == 130, told
    assert b"Traceback" not in told


def test_sandbox_prints_settings_that_work(demo: Demo, tmp_path: Path) -> None:
    place = Place(tmp_path / "work")
    place.folder.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "sandbox", "--json"],
        cwd=place.folder,
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        text = ""
        deadline = time.monotonic() + 60
        while not text.rstrip().endswith("}"):
            assert time.monotonic() < deadline
            text += process.stdout.readline()
        settings = json.loads(text)
        assert settings["ASCERTAIN_DOCEBO_URL"].startswith("http://127.0.0.1:")
        data = ask(place, "sync", "--only", "workday", env=settings)
        assert data.keys() == {"sync", "tagging"}
        people = demo.place.rows("SELECT count(*) FROM learners")[0][0]
        assert [e["pulled"] for e in data["sync"]["entities"] if e["entity"] == "worker"] == [people]
        again = ask(place, "sync", "--only", "workday", env=settings)
        assert all(e["new"] == e["changed"] == 0 for e in again["sync"]["entities"])
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


class TestDeciding:
    """`review decide`, and what it does to the profile."""

    def item(self, place: Place, where: str = "1") -> tuple[str, str, str, int]:
        (row,) = place.rows(
            "SELECT r.id, r.assertion_id, r.learner_id, a.level FROM review_items r JOIN assertions a"
            f" ON a.id = r.assertion_id WHERE r.decision IS NULL AND a.level BETWEEN 1 AND 4 AND {where} LIMIT 1"
        )
        return row

    def reviewer(self, place: Place, name: str, item: str) -> None:
        """Somebody who may, is trained, has seen the evidence and has judged."""
        granted(place.home, name, "hrbp", "--population", "all")
        ask(place, "access", "train", name, "--on", "2026-01-05")
        ask(place, "review", "show", item, "--as", name)
        ask(place, "review", "show", item, "--my-level", "3", "--as", name)

    def skill(self, place: Place, learner: str, assertion: str) -> dict[str, Any]:
        (found,) = [s for s in ask(place, "profile", learner)["skills"] if s["id"] == assertion]
        return dict(found)

    @pytest.mark.parametrize(("decision", "state"), [("accept", "accepted"), ("reject", "rejected")])
    def test_accept_and_reject(self, own: Place, decision: str, state: str) -> None:
        item, assertion, learner, level = self.item(own)
        self.reviewer(own, "FL1000", item)
        listed = ("review", "list", "--limit", "1000000")
        before = {i["id"] for i in ask(own, *listed)["items"]}
        done = ask(own, "review", "decide", item, decision, "--reason", "seen at work", "--as", "FL1000")["item"]
        assert (done["id"], done["decision"], done["decided_by"]) == (item, decision, "FL1000")
        assert done["own_level"] == 3
        skill = self.skill(own, learner, assertion)
        assert (skill["state"], skill["human_reviewed"], skill["level"]) == (state, True, level)
        # A decision may put a known item or a second opinion into the queue, by chance.
        assert before - {i["id"] for i in ask(own, *listed)["items"]} == {item}
        assert ask(own, "audit", "verify")["whole"] is True
        assert ask(own, "replay", assertion)[0]["identical"] is True

    def test_adjust(self, own: Place) -> None:
        item, assertion, learner, level = self.item(own)
        arguments = (
            "review",
            "decide",
            item,
            "adjust",
            "--level",
            str(level + 1),
            "--reason",
            "led it",
            "--as",
            "boss",
        )
        self.reviewer(own, "boss", item)
        ask(own, *arguments)
        skill = self.skill(own, learner, assertion)
        assert (skill["state"], skill["level"]) == ("accepted", level + 1)
        assert ask(own, "replay", assertion)[0]["identical"] is True
        # Saying the same again changes nothing; saying otherwise is a conflict.
        audit = ask(own, "audit", "verify")["records"]
        ask(own, *arguments)
        assert ask(own, "audit", "verify")["records"] == audit
        answer = tell(own, "review", "decide", item, "reject", "--reason", "no", "--as", "boss")
        assert answer.code == 5
        assert "decided before: adjust by boss" in answer.err
        assert self.skill(own, learner, assertion) == skill

    def test_the_evidence_comes_before_the_number(self, own: Place) -> None:
        item, assertion, _, level = self.item(own)
        (confidence,) = own.rows("SELECT confidence FROM assertions WHERE id = ?", (assertion,))[0]
        listed = tell(own, "review", "list", "--json", "--limit", "2000").out
        first = tell(own, "review", "show", item, "--json").out
        for text in (listed, first, tell(own, "review", "show", item).out, tell(own, "review", "list").out):
            assert f"{confidence:.2f}" not in text
            assert str(confidence) not in text
        assert json.loads(first)["evidence"][0]["quote"]
        refused = tell(own, "review", "decide", item, "accept", "--reason", "x")
        assert (refused.code, "your own judgement comes first" in refused.err) == (3, True)
        then = ask(own, "review", "show", item, "--my-level", "2")
        assert then["suggestion"]["confidence"] == pytest.approx(confidence)
        assert (then["suggestion"]["level"], then["suggestion"]["own_level"]) == (level, 2)

    def test_who_is_not_trained_is_refused(self, own: Place) -> None:
        item, *_ = self.item(own)
        granted(own.home, "boss", "hrbp", "--population", "all")
        answer = tell(own, "review", "decide", item, "accept", "--reason", "x", "--as", "boss")
        assert answer.code == 3
        assert "no reviewer training is on record" in answer.err

    def test_next_reassign_and_the_figures(self, own: Place) -> None:
        granted(own.home, "lea", "l_and_d", "--population", "all")
        mine = ask(own, "review", "list", "--mine", "--as", "lea")["items"]
        assert {i["assignee"] for i in mine} == {"l-and-d"}
        first = ask(own, "review", "next", "--as", "lea")
        assert first["item_id"] == mine[0]["id"]
        ask(own, "review", "reassign", first["item_id"], "--to", "lea", "--reason", "her field")
        assert ask(own, "review", "list", "--assignee", "lea")["waiting"] == 1
        assert ask(own, "review", "list", "--overdue")["waiting"] == 0
        assert "lea" not in {q["reviewer"] for q in ask(own, "review", "quality", "--as", "lea")["reviewers"]}
        assert ask(own, "review", "thresholds", "--as", "lea")["plain"]["threshold"] is None
        assert tell(own, "review", "quality", "--as", "stranger").code == 9

    def test_nobody_decides_about_themselves(self, own: Place) -> None:
        item, assertion, learner, _ = self.item(own)
        (email,) = own.rows("SELECT email FROM learners WHERE id = ?", (learner,))[0]
        for name in (learner, email, email.upper(), learner.lower(), f" {learner} "):
            answer = tell(own, "review", "decide", item, "accept", "--reason", "I know it", "--as", name)
            assert answer.code == 9, name
        assert self.skill(own, learner, assertion)["state"] == "in_review"

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            (("adjust", "--reason", "x"), "--level"),
            (("accept", "--level", "3", "--reason", "x"), "level"),
            (("accept", "--reason", "  "), "reason"),
            (("accept", "--reason", "x", "--as", " "), "--as"),
        ],
    )
    def test_incomplete_decisions(self, own: Place, more: tuple[str, ...], told: str) -> None:
        item, *_ = self.item(own)
        ask(own, "review", "show", item)
        answer = tell(own, "review", "decide", item, *more, "--my-level", "2")
        assert answer.code == 3
        assert told in answer.err

    def test_decision_outlives_a_new_run_on_the_same_evidence(self, own: Place) -> None:
        """A changed circumstance brings a new run; what a human said about the same evidence stands."""
        item, assertion, learner, _ = self.item(own)
        skill = self.skill(own, learner, assertion)["skill"]
        self.reviewer(own, "boss", item)
        ask(own, "review", "decide", item, "accept", "--reason", "seen at work", "--as", "boss")
        own.tamper(f"UPDATE learners SET hours_per_week = hours_per_week + 1 WHERE id = '{learner}'")
        assert own.json("assess", "--learner", learner)["new"] is True
        (now,) = [s for s in ask(own, "profile", learner)["skills"] if s["skill"] == skill]
        assert now["id"] != assertion
        assert (now["state"], now["human_reviewed"]) == ("accepted", True)
