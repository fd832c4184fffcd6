"""The demonstration, as a newcomer sees it."""

from __future__ import annotations

import json
import re
import stat
from html.parser import HTMLParser

from ascertain.sandbox.managers import managers
from tests.e2e.harness import Demo, Place, audit_counts, tables

SECTIONS = (
    "1  the sandbox",
    "2  sync",
    "3  the queue",
    "4  humans decide",
    "5  what came out",
    "probability of being below the role's level",
    "one learner:",
    "the evidence behind",
    "what limits it:",
    "what waits for a human",
    "what was refused, and why",
    "6  go on",
)


class Links(HTMLParser):
    """Collects what a page refers to, and its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.ids: set[str] = set()
        self.tags: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("href", "src", "action", "srcset", "data", "poster"):
                self.references.append(value or "")
            if name == "id":
                self.ids.add(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def test_every_section_is_printed_and_every_learner_assessed(demo: Demo) -> None:
    for section in SECTIONS:
        assert section in demo.output, section
    learners = demo.place.rows("SELECT id FROM learners WHERE active")
    assert len(learners) >= 40
    done = demo.place.rows("SELECT learner_id FROM runs WHERE state = 'done'")
    assert sorted(done) == sorted(learners)
    assert demo.place.rows("SELECT count(*) FROM runs WHERE state <> 'done'") == [(0,)]
    assert audit_counts(demo.place)["run.concluded"] == len(learners)
    assert "Traceback" not in demo.output
    assert "failed:" not in demo.output


def test_some_wait_for_a_human_and_some_records_are_in_quarantine(demo: Demo) -> None:
    listed = demo.place.json("review", "list")
    assert listed["waiting"] > 0
    assert f"{listed['waiting']} wait for a human" in demo.output
    refused = demo.place.rows("SELECT ref, reason FROM quarantine")
    assert refused
    for ref, reason in refused:
        assert ref in demo.output or len(refused) > 8, ref
        assert reason


def test_invented_managers_have_decided_at_the_desk(demo: Demo) -> None:
    """Every decision comes after a look and a judgement of one's own, by somebody trained, and is on the chain."""
    decided = "FROM review_items WHERE decision IS NOT NULL AND decided_by <> ''"
    count = demo.place.rows(f"SELECT count(*) {decided}")[0][0]
    waits = demo.place.rows("SELECT count(*) FROM review_items WHERE decision IS NULL AND withdrawn_at IS NULL")[0][0]
    assert 0.5 < count / (count + waits) < 0.7
    assert f"{count} decisions by the demonstration's 8 invented managers" in demo.output
    assert demo.place.rows(f"SELECT count(*) {decided} AND (own_level IS NULL OR shown_at >= decided_at)") == [(0,)]
    audited = audit_counts(demo.place)
    assert audited["review.decided"] == count
    assert audited["review.judged"] == count + audited["review.check_decided"]
    kinds = {k for (k,) in demo.place.rows(f"SELECT DISTINCT decision {decided}")}
    assert kinds == {"accept", "adjust", "reject", "more_evidence"}
    about = demo.place.rows(f"SELECT learner_id, decided_by {decided}")
    addresses = dict(demo.place.rows("SELECT id, email FROM learners"))
    assert all(addresses[who] != by for who, by in about)


def test_the_watch_finds_the_rubber_stamp_and_nobody_else(demo: Demo, own: Place) -> None:
    (careless,) = (r.id for r in managers().reviewers if r.rubber_stamp)
    found = [q for q in own.json("review", "quality")["reviewers"] if q["alarms"]]
    ((address, name),) = demo.place.rows("SELECT email, name FROM learners WHERE id = ?", (careless,))
    assert [q["reviewer"] for q in found] == [address]
    assert f"the watch on reviewers has found {name}" in demo.output


def test_rights_were_used_once(demo: Demo, own: Place) -> None:
    """One consent withdrawn, one dispute open, one path approved, group labels in; a line of output for each."""
    assert demo.place.rows("SELECT count(*) FROM disputes WHERE state = 'open'") == [(1,)]
    assert demo.place.rows("SELECT learner_id FROM assignments WHERE state = 'approved'") == [
        (managers().approved["person"],)
    ]
    gone = managers().withdrawn["person"]
    kept = "SELECT count(*) FROM evidence WHERE learner_id = ? AND kind = 'manager_review'"
    assert demo.place.rows(kept, (gone,)) == [(0,)]
    labels = own.json("fairness", "labels", "list", "--as", managers().fairness_auditor)
    assert labels["attributes"]
    for words in (
        "has withdrawn consent for",
        "contests",
        "asks for a correction",
        "has approved the path of",
        "group labels of",
        "access link",
    ):
        assert words in demo.output, words
        assert words in demo.again, words


def test_results_have_three_faces(demo: Demo) -> None:
    """A demonstration in which nothing is accepted, or nothing is open, would show nothing."""
    states = dict(demo.place.rows("SELECT state, count(*) FROM assertions GROUP BY state"))
    assert {"accepted", "in_review", "not_enough_evidence"} <= states.keys(), states


def test_report_stands_alone(demo: Demo) -> None:
    file = demo.place.folder / "report.html"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    page = Links()
    page.feed(text)
    assert "script" not in page.tags
    assert not page.tags & {"iframe", "object", "embed", "link", "base"}
    assert not page.handlers
    outside = [r for r in page.references if not r.startswith(("#", "data:"))]
    assert not outside
    assert [r for r in page.references if r.startswith("#") and r[1:] not in page.ids] == []
    styles = " ".join(re.findall(r"<style[^>]*>(.*?)</style>", text, flags=re.S))
    assert styles
    assert not re.search(r"url\(\s*['\"]?(?!data:)|@import", styles)
    for name, department in demo.place.rows("SELECT name, department FROM learners"):
        assert name in text, name
        assert department in text


def test_second_time_nothing_is_due_and_nothing_is_new(demo: Demo) -> None:
    now = tables(demo.place)
    for name, rows in now.items():
        assert json.loads(json.dumps(rows)) == [list(r) for r in demo.before[name]], name
    audit = dict(demo.before["audit"])
    later = audit_counts(demo.place)
    # Pulling again and looking again are on record each time; nothing else happened.
    again = ("ingest.", "people.read")
    assert {k: v for k, v in later.items() if not k.startswith(again)} == {
        k: v for k, v in audit.items() if not k.startswith(again)
    }
    assert "0 learners are due" in demo.again


def test_state_is_for_its_owner_alone(demo: Demo) -> None:
    home = demo.place.home
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for file in home.rglob("*.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
