"""SCORM results: what both versions' words mean, and folders of exports in all their forms."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.parsing import FieldError
from ascertain.connectors.scorm import ScormConnector
from ascertain.connectors.scorm_cmi import flat, outcome
from ascertain.domain.records import CourseRecord, EngagementRecord, EnrolmentRecord, EnrolmentStatus, Entity
from ascertain.errors import ConfigError

S = EnrolmentStatus
LESSON, RAW = "cmi.core.lesson_status", "cmi.core.score.raw"


@pytest.mark.parametrize(
    ("word", "status", "passed"),
    [
        ("passed", S.COMPLETED, True),
        ("completed", S.COMPLETED, None),
        ("failed", S.FAILED, False),
        ("incomplete", S.IN_PROGRESS, None),
        ("browsed", S.IN_PROGRESS, None),
        ("not attempted", S.ENROLLED, None),
        ("", S.ENROLLED, None),
        (" Passed ", S.COMPLETED, True),
    ],
)
def test_the_one_word_of_1_2(word: str, status: EnrolmentStatus, passed: bool | None) -> None:
    found = outcome({LESSON: word})
    assert (found.status, found.passed) == (status, passed)


@pytest.mark.parametrize(
    ("done", "success", "status"),
    [
        ("completed", "passed", S.COMPLETED),
        ("completed", "unknown", S.COMPLETED),
        ("completed", "failed", S.FAILED),
        ("incomplete", "failed", S.IN_PROGRESS),
        ("incomplete", "passed", S.COMPLETED),
        ("incomplete", "unknown", S.IN_PROGRESS),
        ("unknown", "failed", S.FAILED),
        ("unknown", "unknown", S.ENROLLED),
        ("not attempted", "unknown", S.ENROLLED),
    ],
)
def test_the_two_words_of_2004(done: str, success: str, status: EnrolmentStatus) -> None:
    assert outcome({"cmi.completion_status": done, "cmi.success_status": success}).status is status


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ({LESSON: "passed", RAW: "85"}, 0.85),
        ({LESSON: "passed", RAW: 8, "cmi.core.score.max": "10"}, 0.8),
        ({LESSON: "passed", RAW: 15, "cmi.core.score.min": 10, "cmi.core.score.max": 20}, 0.5),
        ({LESSON: "passed", RAW: ""}, None),
        ({"cmi.completion_status": "completed", "cmi.score.scaled": 0.7, "cmi.score.raw": 1}, 0.7),
        ({"cmi.completion_status": "completed", "cmi.score.scaled": -0.3}, 0.0),
        ({"cmi.completion_status": "completed", "cmi.score.raw": 30, "cmi.score.max": 40}, 0.75),
        ({"cmi.completion_status": "completed", "cmi.score.raw": 30}, None),
    ],
)
def test_scores(values: dict[str, Any], score: float | None) -> None:
    assert outcome(values).score == score


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({LESSON: "done"}, LESSON),
        ({LESSON: "passed", RAW: 120}, RAW),
        ({LESSON: "passed", RAW: "n/a"}, RAW),
        ({LESSON: "passed", RAW: "nan"}, RAW),
        ({LESSON: "passed", "cmi.core.total_time": "soon"}, "cmi.core.total_time"),
        ({LESSON: ["passed"]}, LESSON),
        ({"cmi.completion_status": "yes"}, "cmi.completion_status"),
        ({"cmi.success_status": "yes"}, "cmi.success_status"),
        ({"cmi.completion_status": "completed", "cmi.score.scaled": 70}, "cmi.score.scaled"),
        ({"cmi.location": "3"}, "cmi"),
        ({}, "cmi"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], field: str) -> None:
    with pytest.raises(FieldError) as caught:
        outcome(values)
    assert caught.value.field == field


def test_every_form_of_export_is_the_same() -> None:
    dotted = {"learner": "7", LESSON: "passed", RAW: "85"}
    nested = {"learner": "7", "cmi": {"core": {"lesson_status": "passed", "score": {"raw": "85"}}}}
    listed = {"learner": "7", "cmi": [f"{LESSON}=passed", f"{RAW}=85", "nonsense"]}
    assert flat(dotted) == flat(nested) == flat(listed) == dotted


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
NAMES = st.sampled_from(
    (LESSON, RAW, "cmi", "cmi.score.scaled", "cmi.completion_status", "cmi.core.total_time", "data")
)


@given(st.dictionaries(NAMES | st.text(max_size=8), JSON, max_size=5))
def test_any_record_has_an_outcome_or_a_reason(raw: dict[str, Any]) -> None:
    try:
        found = outcome(flat(raw))
    except FieldError:
        return
    assert found.score is None or 0 <= found.score <= 1
    assert found.minutes is None or found.minutes >= 0


ROWS: list[dict[str, Any]] = [
    {
        "learner": "FL1101",
        "course_id": "c-1",
        "title": "Fire safety",
        LESSON: "passed",
        RAW: "90",
        "recorded_at": "2026-03-01T10:00:00",
    },
    {
        "learner": "FL1102",
        "course_id": "c-1",
        "title": "Fire safety",
        LESSON: "incomplete",
        RAW: "",
        "recorded_at": "2026-03-02",
        "cmi.core.total_time": "0000:30:00",
    },
    {"learner": "FL1103", "course_id": "c-2", "title": "Ladders", LESSON: "failed", RAW: "20", "recorded_at": ""},
]


def connect(folder: Path, **options: Any) -> ScormConnector:
    fields = {Entity.ENROLMENT: {"learner": "learner"}}
    zone = ZoneInfo("Europe/Berlin")
    return ScormConnector(Connection("scorm", "scorm", "", zone, fields=fields, options=options, path=str(folder)))


def write_csv(file: Path, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(k for r in rows for k in r))
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        table = csv.DictWriter(out, names, restval="")
        table.writeheader()
        table.writerows(rows)


def pulled(connector: ScormConnector, entity: Entity) -> tuple[list[Any], list[Any]]:
    pages = list(connector.pull(entity, None))
    return [r for p in pages for r in p.records], [r for p in pages for r in p.rejected]


def test_csv_json_and_jsonl_give_the_same_records(tmp_path: Path) -> None:
    found = []
    for kind in ("csv", "json", "jsonl"):
        folder = tmp_path / kind
        folder.mkdir()
        if kind == "csv":
            write_csv(folder / "a.csv", ROWS)
        else:
            text = json.dumps(ROWS) if kind == "json" else "\n".join(map(json.dumps, ROWS))
            (folder / f"a.{kind}").write_text(text, encoding="utf-8")
        connector = connect(folder)
        assert connector.check().ok
        found.append([pulled(connector, e)[0] for e in sorted(connector.capabilities().entities)])
        assert not [b for e in connector.capabilities().entities for b in pulled(connector, e)[1]]
    assert found[0] == found[1] == found[2]
    courses, uses, enrolments = found[0]
    assert {(c.ref.id, c.title) for c in courses if isinstance(c, CourseRecord)} == {
        ("c-1", "Fire safety"),
        ("c-2", "Ladders"),
    }
    assert [(u.user_id, u.minutes) for u in uses if isinstance(u, EngagementRecord)] == [("employee:FL1102", 30.0)]
    first, _, last = (e for e in enrolments if isinstance(e, EnrolmentRecord))
    assert (first.score, first.status) == (0.9, S.COMPLETED)
    assert first.completed_at is not None
    assert first.completed_at.isoformat() == "2026-03-01T09:00:00+00:00", "a naive time is the connection's"
    assert (last.status, last.score, last.completed_at) == (S.FAILED, 0.2, None)
    assert "FL1101" not in str(first.ref)


def test_pages_resume_where_they_stopped(tmp_path: Path) -> None:
    for n in range(3):
        rows = [{**ROWS[0], "learner": f"L{n}-{i}"} for i in range(5)]
        (tmp_path / f"{n}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    whole = list(connect(tmp_path, page_size=2).pull(Entity.ENROLMENT, None))
    assert len(whole) == 9
    refs = [str(r.ref) for p in whole for r in p.records]
    assert len(set(refs)) == 15
    for number, page in enumerate(whole[:-1]):
        rest = [r for p in connect(tmp_path, page_size=2).pull(Entity.ENROLMENT, page.checkpoint) for r in p.records]
        assert len(rest) == 15 - sum(len(p.records) for p in whole[: number + 1])


def test_of_several_reports_of_an_attempt_the_last_one_holds(tmp_path: Path) -> None:
    rows = [{**ROWS[0], LESSON: word, "attempt": a} for word, a in (("incomplete", 1), ("passed", 1), ("failed", 2))]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    records, _ = pulled(connect(tmp_path), Entity.ENROLMENT)
    assert [(r.attempt, r.status) for r in records] == [(1, S.COMPLETED), (2, S.FAILED)]


def test_a_bad_record_names_file_line_and_field_and_the_rest_is_there(tmp_path: Path) -> None:
    lines = [
        json.dumps(ROWS[0]),
        "{",
        json.dumps({**ROWS[1], LESSON: "done"}),
        json.dumps({**ROWS[2], "course_id": ""}),
    ]
    (tmp_path / "a.jsonl").write_text("\n".join([*lines, json.dumps(ROWS[2])]))
    (tmp_path / "b.csv").write_text("learner,course_id\nFL1,c-9,too much\n")
    (tmp_path / "c.json").write_text("3")
    (tmp_path / "d.json").write_bytes(b"\xff\xfe[")
    records, rejected = pulled(connect(tmp_path), Entity.ENROLMENT)
    assert len(records) == 2
    told = {(r.reason.split(":")[0], r.field) for r in rejected}
    assert told == {
        ("a.jsonl, line 2", ""),
        ("a.jsonl, line 3", LESSON),
        ("a.jsonl, line 4", "course_id"),
        ("b.csv, line 2", ""),
        ("c.json", ""),
        ("d.json", ""),
    }
    assert "FL1" not in str(rejected)
    assert rejected == pulled(connect(tmp_path), Entity.ENROLMENT)[1], "the same bad row has the same reference"


def test_what_is_not_named_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{**ROWS[0], "ssn": "123-45-6789"}]))
    (tmp_path / "notes.txt").write_text("private")
    (tmp_path / "other.csv").symlink_to("/etc/hostname")
    connector = connect(tmp_path)
    assert "123-45" not in str([pulled(connector, e) for e in connector.capabilities().entities])
    profile = connector.probe()
    assert "ssn" in profile.unmapped[Entity.ENROLMENT]
    assert "123-45" not in str(profile)
    assert connector.check().detail == "files of results: 1"


def test_a_folder_that_is_not_there_or_is_empty_is_told(tmp_path: Path) -> None:
    assert not connect(tmp_path / "gone").check().ok
    assert not connect(tmp_path).check().ok
    with pytest.raises(ConfigError, match="path"):
        ScormConnector(Connection("scorm", "scorm", "", ZoneInfo("UTC")))


def test_a_file_that_is_too_large_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([ROWS[0], {"x": "y" * (1 << 20)}]))
    records, rejected = pulled(connect(tmp_path, max_megabytes=1), Entity.ENROLMENT)
    assert records == []
    assert "more than 1 MB" in rejected[0].reason
