"""Tables: exports as they are, row by row, with nothing lost and nothing read twice."""

from __future__ import annotations

import csv
import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ascertain.connectors.files import FilesConnector
from ascertain.connectors.files_csv import LONGEST_LINE
from ascertain.domain.connector import Cursor
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import EnrolmentStatus, Entity
from ascertain.errors import ConfigError, PermanentConnectorError
from tests.unit.connectors.files_bench import ENROLMENTS, Place, gone, records, rejected, warnings

HEAD = "Employee,Course,Done,Score\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, {"tables": [ENROLMENTS]}, page_size=3)


def with_rule(tmp_path: Path, **changes: Any) -> Place:
    return Place(tmp_path, {"tables": [ENROLMENTS | changes]})


def test_a_row_is_a_record(place: Place) -> None:
    place.write("exports/a.csv", HEAD + "E1,C1,2026-03-01,85\nE1,C2,,\n")
    done, open_ = records(place.pages(Entity.ENROLMENT))
    assert (str(done.ref), done.user_id, done.course_id) == ("hr:enrolment:E1-C1", "employee:E1", "C1")
    assert (done.status, done.score) == (EnrolmentStatus.COMPLETED, 0.85)
    assert done.completed_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert (open_.status, open_.score, open_.completed_at) == (EnrolmentStatus.ENROLLED, None, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found(place: Place, encoding: str, delimiter: str) -> None:
    place.write("exports/a.csv", (HEAD + "Jörg,C1,,5\n").replace(",", delimiter).encode(encoding))
    pages = place.pages(Entity.ENROLMENT)
    assert [r.user_id for r in records(pages)] == ["employee:Jörg"]
    assert ("was read as cp1252" in warnings(pages)) == (encoding == "cp1252")


def test_what_the_mapping_says_goes_before_what_is_found(tmp_path: Path) -> None:
    place = with_rule(tmp_path, encoding="cp1250", delimiter=";")
    place.write("exports/a.csv", "Employee;Course;Done;Score\nŁukasz;a,b,c,d;;1\n".encode("cp1250"))
    (found,) = records(place.pages(Entity.ENROLMENT))
    assert (found.user_id, found.course_id) == ("employee:Łukasz", "a,b,c,d")


def test_dates_decimals_words_and_constants(tmp_path: Path) -> None:
    place = with_rule(
        tmp_path,
        columns={**ENROLMENTS["columns"], "status": "State", "enrolled": "Begun"},
        dates=["%d.%m.%Y", "%d.%m.%Y %H:%M"],
        decimal=",",
        score={"low": 0, "high": 20},
        values={"status": {"Abgeschlossen": "completed"}},
        constants={"certification": True},
    )
    place.write(
        "exports/a.csv",
        "Employee;Course;Done;Score;State;Begun\nE1;C1;31.03.2026;17,5;Abgeschlossen;01.03.2026 09:30\n"
        "E2;C1;03/31/2026;1;Abgeschlossen;\nE3;C1;;x;Abgeschlossen;\nE4;C1;;;Offen;\nE5;C1;;1.234,5;;\n",
    )
    pages = place.pages(Entity.ENROLMENT)
    (found,) = records(pages)
    assert found.score == 0.875
    assert found.is_certification
    assert found.completed_at == datetime(2026, 3, 31, tzinfo=UTC), "a day has no zone"
    assert found.enrolled_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC), "a time has the connection's"
    assert [(r.field, r.reason.partition(": ")[0]) for r in rejected(pages)] == [
        ("Done", "exports/a.csv:3"),
        ("Score", "exports/a.csv:4"),
        ("State", "exports/a.csv:5"),
        ("Score", "exports/a.csv:6"),
    ]


def test_a_bad_row_is_named_and_the_rest_goes_on(place: Place) -> None:
    place.write(
        "exports/a.csv",
        HEAD
        + 'E1,C1,,1\nE2,C2\nE3,C3,,3,,\nE4,C4,,4,x\n"E5,C5,,5\nE6,C6,,600\n\nE7,"C\n7",,7\nE8,C8,,"8"x\nE9,C9,,9\n',
    )
    pages = place.pages(Entity.ENROLMENT)
    assert [r.user_id for r in records(pages)] == ["employee:E1", "employee:E3", "employee:E7", "employee:E9"]
    found = {r.reason.partition(": ")[0]: r for r in rejected(pages)}
    assert list(found) == [f"exports/a.csv:{n}" for n in (3, 5, 6, 7, 11)]
    assert "has 2 columns, the header has 4" in found["exports/a.csv:3"].reason
    assert found["exports/a.csv:7"].field == "Score"
    assert found["exports/a.csv:7"].raw["user"] == "E6"
    assert all(r.ref.startswith("hr:enrolment:") for r in found.values())


def test_a_quote_that_is_never_closed_costs_one_row(place: Place) -> None:
    rows = [f"E{n},C1,,1\n" for n in range(1000)]
    rows[500] = 'E500,"C1,,1\n'
    place.write("exports/a.csv", HEAD + "".join(rows))
    pages = place.pages(Entity.ENROLMENT)
    assert len(records(pages)) == 999
    assert [r.reason.partition(": ")[0] for r in rejected(pages)] == ["exports/a.csv:502"]


@pytest.mark.parametrize(
    ("decimal", "written", "meant"),
    [(",", "87,5", 87.5), (",", "87 %", 87), (".", "87.5%", 87.5), (",", "1.234", 1234), (".", "1,234.5", 1234.5)],
)
def test_numbers_as_people_write_them(tmp_path: Path, decimal: str, written: str, meant: float) -> None:
    place = with_rule(tmp_path, decimal=decimal, delimiter=";", score={"low": 0, "high": 2000})
    place.write("exports/a.csv", f"Employee;Course;Done;Score\nE1;C1;;{written}\nE2;C1;;nan\nE3;C1;;1e999\n")
    pages = place.pages(Entity.ENROLMENT)
    assert [r.score for r in records(pages)] == [meant / 2000]
    assert [r.field for r in rejected(pages)] == ["Score", "Score"]


def test_yes_and_no_in_a_mapping_are_words(tmp_path: Path) -> None:
    place = with_rule(tmp_path)
    place.write(
        "mapping.yaml",
        "tables:\n- entity: enrolment\n  files: a.csv\n  columns: {user: U, course: C, status: S}\n"
        "  values: {status: {Yes: completed, No: failed, 2: expired}}\n",
    )
    place.write("a.csv", "U,C,S\nE1,C1,Yes\nE2,C1,No\nE3,C1,2\n")
    assert [r.status.value for r in records(place.pages(Entity.ENROLMENT))] == ["completed", "failed", "expired"]


def test_what_json_allows_and_sense_does_not_is_named(tmp_path: Path) -> None:
    place = with_rule(tmp_path)
    odd = ("NaN", "Infinity", '"\\ud800"', "[1]", "{}", "1e999", "9" * 5000)
    place.write("exports/a.jsonl", "".join(f'{{"Employee": "E", "Course": "C", "Score": {v}}}\n' for v in odd))
    pages = place.pages(Entity.ENROLMENT)
    assert len(rejected(pages)) + len(records(pages)) == len(odd)
    assert all(r.score is None for r in records(pages))


def test_names_that_are_no_text_are_left_alone(place: Place) -> None:
    (place.root / "exports").mkdir()
    for name in (b"caf\xe9.csv", b"two\nlines.csv"):
        Path(os.fsdecode(os.fsencode(place.root / "exports") + b"/" + name)).write_text(HEAD + "E1,C1,,1\n")
    pages = place.pages(Entity.ENROLMENT)
    assert records(pages) == []
    assert warnings(pages).count("a name that is no text") == 2
    warnings(pages).encode()


def test_what_a_folder_has_not_and_old_cursors_are_refused(place: Place) -> None:
    with pytest.raises(PermanentConnectorError, match="ticket"):
        place.pages(Entity.TICKET)
    with pytest.raises(ConfigError, match="version 7"):
        place.pages(Entity.ENROLMENT, {"v": 7})


def test_columns_that_nobody_named_are_never_read(place: Place) -> None:
    place.write("exports/a.csv", "National ID,Employee,Course,Done,Score\n123-45,E1,C1,,1\n987-65,E1,,,bad\n")
    assert "123-45" not in repr(pages := place.pages(Entity.ENROLMENT))
    assert "987-65" not in repr(pages)
    profile = place.connector().probe()
    assert profile.unmapped[Entity.ENROLMENT] == ("National ID",)


def test_a_file_without_a_needed_column_is_named_and_comes_back(place: Place) -> None:
    place.write("exports/a.csv", "Employee,Kurs,Done,Score\nE1,C1,,1\n")
    place.write("exports/b.csv", HEAD + "E2,C1,,1\n")
    pages = place.pages(Entity.ENROLMENT)
    (bad,) = rejected(pages)
    assert (bad.ref, bad.field) == ("hr:enrolment:exports/a.csv", "Course")
    assert [r.user_id for r in records(pages)] == ["employee:E2"]
    place.write("exports/a.csv", HEAD + "E1,C1,,1\n", age=50)
    mended = place.pages(Entity.ENROLMENT, pages[-1].checkpoint)
    assert [r.user_id for r in records(mended)] == ["employee:E1"]
    assert gone(mended) == ["hr:enrolment:exports/a.csv"], "what was held against the file is settled"


def test_only_what_changed_comes_again(place: Place) -> None:
    rows = [f"E{n},C1,,1\n" for n in range(40)]
    place.write("exports/a.csv", HEAD + "".join(rows))
    first = place.pages(Entity.ENROLMENT)
    assert len(records(first)) == 40
    assert len(first) == 15
    assert records(place.pages(Entity.ENROLMENT, first[-1].checkpoint)) == []
    rows[7] = "E7,C1,,2\n"
    rows.insert(20, "E99,C1,,1\n")
    del rows[3]
    place.write("exports/a.csv", HEAD + "".join(rows), age=50)
    second = place.pages(Entity.ENROLMENT, first[-1].checkpoint)
    assert [r.user_id for r in records(second)] == ["employee:E7", "employee:E99"]
    place.write("exports/a.csv", HEAD + "".join(rows), age=40)  # touched, and as it was
    assert records(place.pages(Entity.ENROLMENT, second[-1].checkpoint)) == []


def test_a_large_file_brings_little_of_what_it_had(tmp_path: Path) -> None:
    place = with_rule(tmp_path)
    rows = [f"E{n},C{n % 50},2026-03-01,{n % 100}\n" for n in range(20_000)]
    place.write("exports/a.csv", HEAD + "".join(rows))
    first = place.pages(Entity.ENROLMENT)
    assert len(records(first)) == 20_000
    assert len(json.dumps(first[-1].checkpoint)) < 100_000
    rows.insert(0, "E_new,C1,,1\n")
    place.write("exports/a.csv", HEAD + "".join(rows), age=50)
    again = records(place.pages(Entity.ENROLMENT, first[-1].checkpoint))
    assert "employee:E_new" in {r.user_id for r in again}
    assert len(again) < 200


def test_a_pull_resumes_from_any_checkpoint(place: Place) -> None:
    place.write("exports/a.csv", HEAD + "".join(f"E{n},C1,,1\n" for n in range(11)))
    place.write("exports/b.csv", HEAD + "".join(f"F{n},C1,,1\n" for n in range(8)))
    pages = place.pages(Entity.ENROLMENT)
    whole = [r.user_id for r in records(pages)]
    for stop in range(len(pages) - 1):
        before = [r.user_id for r in records(pages[: stop + 1])]
        rest = place.pages(Entity.ENROLMENT, pages[stop].checkpoint)
        assert before + [r.user_id for r in records(rest)] == whole
        assert records(place.pages(Entity.ENROLMENT, rest[-1].checkpoint)) == []


rows_ = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=40)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=rows_, new=rows_, stop=st.integers(0, 20))
def test_whatever_changes_nothing_new_is_missed(
    tmp_path_factory: pytest.TempPathFactory, old: list[tuple[int, int]], new: list[tuple[int, int]], stop: int
) -> None:
    place = Place(tmp_path_factory.mktemp("f"), {"tables": [ENROLMENTS]}, page_size=3)

    def written(rows: list[tuple[int, int]]) -> str:
        return HEAD + "".join(f"E{a},C{b},,1\n" for a, b in rows)

    place.write("exports/a.csv", written(old))
    first = place.pages(Entity.ENROLMENT)
    cursor: Cursor = first[min(stop, len(first) - 1)].checkpoint
    seen = {str(r.ref) for r in records(first[: stop + 1])}
    place.write("exports/a.csv", written(new), age=30)
    second = {str(r.ref) for r in records(place.pages(Entity.ENROLMENT, cursor))}
    assert {f"hr:enrolment:E{a}-C{b}" for a, b in new} <= seen | second


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_named(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    place = Place(tmp_path_factory.mktemp("f"), {"tables": [ENROLMENTS]})
    place.write("exports/a.csv", HEAD.encode() + raw)
    place.write("exports/b.csv", raw)
    place.write("exports/c.jsonl", raw)
    place.write("exports/d.xlsx", raw)
    pages = place.pages(Entity.ENROLMENT)
    assert "hr:enrolment:exports/d.xlsx" in [r.ref for r in rejected(pages)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30), min_size=1, max_size=5))
def test_what_csv_writes_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, titles: list[str]) -> None:
    place = Place(
        tmp_path_factory.mktemp("f"),
        {"tables": [{"entity": "course", "files": "a.csv", "columns": {"id": "Id", "title": "Title"}}]},
    )
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Id", "Title"])
    writer.writerows([str(n), f"T{t}"] for n, t in enumerate(titles))
    place.write("a.csv", out.getvalue())
    pages = place.pages(Entity.COURSE)
    assert len(records(pages)) == len(titles)
    assert all(r.title.startswith("T") for r in records(pages))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """The figure for a million rows stands in the documentation; a thirtieth of that shows the same."""
    place = with_rule(tmp_path)
    line = "E{n},C1,2026-03-01,5\n"
    place.write("exports/a.csv", HEAD + "".join(line.format(n=n) for n in range(30_000)))
    connector = place.connector()
    tracemalloc.start()
    try:
        count = sum(len(p.records) for p in connector.pull(Entity.ENROLMENT, None))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 30_000
    assert peak < 8_000_000


def test_a_line_without_end_is_not_held(place: Place) -> None:
    place.write("exports/a.csv", HEAD + "E1," + "x" * (3 * LONGEST_LINE) + "\nE2,C2,,1\n")
    place.write("exports/b.jsonl", "[" * (LONGEST_LINE + 5) + '\n{"Employee": "E3", "Course": "C3"}\n')
    pages = place.pages(Entity.ENROLMENT)
    assert {"employee:E2", "employee:E3"} <= {r.user_id for r in records(pages)}
    assert rejected(pages)


def workbook(*rows: Sequence[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


COLUMNS = ["Employee", "Course", "Done", "Score"]


def test_a_workbook_is_a_table(place: Place) -> None:
    rows: list[list[Any]] = [
        [1001.0, "C1", datetime(2026, 3, 1), 85],
        ["0042", "C1", datetime(2026, 3, 1, 9, 30), 0.5],
        [None] * 4,
    ]
    place.write("exports/a.xlsx", workbook(COLUMNS, *rows))
    one, two = records(place.pages(Entity.ENROLMENT))
    assert one.user_id == "employee:1001"
    assert one.completed_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert two.user_id == "employee:0042"
    assert two.completed_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_a_formula_nobody_computed_is_named(place: Place) -> None:
    book = workbook(COLUMNS, ["E1", "C1", None, "=40+2"], ["E2", "C1", None, 5], ["E3", "C1", None, "#REF!"])
    place.write("exports/a.xlsx", book)
    pages = place.pages(Entity.ENROLMENT)
    assert [r.user_id for r in records(pages)] == ["employee:E2"]
    uncomputed, broken = rejected(pages)
    assert (uncomputed.field, "formula" in uncomputed.reason) == ("Score", True)
    assert (broken.field, "#REF!" in broken.reason) == ("Score", True)


def test_a_formulas_stored_value_counts(place: Place) -> None:
    raw = io.BytesIO(workbook(COLUMNS, ["E1", "C1", None, "=40+2"]))
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v></v>", b"<v>42</v>").replace(b"<v />", b"<v>42</v>"))
    place.write("exports/a.xlsx", out.getvalue())
    (found,) = records(place.pages(Entity.ENROLMENT))
    assert found.score == 0.42


def test_bombs_and_passwords_are_left_alone(place: Place) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/worksheets/sheet1.xml", b"0" * (200 << 20))
    place.write("exports/bomb.xlsx", out.getvalue())
    place.write("exports/locked.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    place.write("exports/cut.xlsx", workbook(COLUMNS)[:900])
    found = {r.ref.rpartition("/")[2]: r.reason for r in rejected(place.pages(Entity.ENROLMENT))}
    assert "would unpack to 200 MB" in found["bomb.xlsx"]
    assert "encrypted" in found["locked.xlsx"]
    assert "damaged" in found["cut.xlsx"]


def test_entities_that_multiply_are_left_alone(place: Place) -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>'.encode()
    raw, out = io.BytesIO(workbook(COLUMNS, ["E1", "C1", None, 1])), io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                part = bomb + part.replace(b"<v>1</v>", b"<v>&a11;</v>")
            new.writestr(name, part)
    place.write("exports/a.xlsx", out.getvalue())
    pages = place.pages(Entity.ENROLMENT)
    assert len(rejected(pages)) == 1
    assert records(pages) == []


def test_statements_of_an_lrs(tmp_path: Path) -> None:
    rule = {
        "entity": "assessment",
        "files": "*.jsonl",
        "people": "email",
        "columns": {
            "id": "/id",
            "user": "/actor/mbox",
            "title": "/object/definition/name/en",
            "score": "/result/score/scaled",
            "passed": "/result/success",
            "taken": "/timestamp",
        },
        "only": {"/verb/id": ["http://adlnet.gov/expapi/verbs/passed"]},
        "score": {"low": 0, "high": 1},
    }
    place = Place(tmp_path, {"tables": [rule]})
    verb = {"id": "http://adlnet.gov/expapi/verbs/passed"}
    statement = {
        "id": "s1",
        "actor": {"mbox": "mailto:a@b.example"},
        "verb": verb,
        "object": {"definition": {"name": {"en": "SQL exam"}}},
        "result": {"score": {"scaled": 0.9}, "success": True},
        "timestamp": "2026-03-01T10:00:00+01:00",
    }
    other = statement | {"id": "s2", "verb": {"id": "http://adlnet.gov/expapi/verbs/attempted"}}
    nobody = statement | {"id": "s3", "actor": {}}
    place.write("a.jsonl", "\n".join(map(json.dumps, (statement, other, nobody))) + "\nnot json\n[1]\n")
    pages = place.pages(Entity.ASSESSMENT)
    (found,) = records(pages)
    assert (found.user_id, found.title, found.score, found.passed) == ("email:a@b.example", "SQL exam", 0.9, True)
    assert found.taken_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert [r.field for r in rejected(pages)] == ["/actor/mbox", "", ""]


def test_every_entity_has_its_record(tmp_path: Path) -> None:
    tables: dict[str, tuple[dict[str, str], str]] = {
        "user": ({"id": "i", "name": "n", "employee_id": "e"}, "i,n,e\n1,Ann,E1\n"),
        "worker": ({"employee_id": "i", "name": "n", "manager": "m"}, "i,n,m\nE1,Ann,E2\n"),
        "course": ({"id": "i", "title": "t", "duration": "d", "prerequisites": "p"}, "i,t,d,p\nC1,SQL,2 hours,A;B\n"),
        "award": ({"user": "u", "title": "t", "kind": "k"}, "u,t,k\nE1,CKA,Certification\n"),
        "review": ({"user": "u", "text": "x", "kind": "k"}, "u,x,k\nE1,<p>Good SQL.</p>,peer feedback\n"),
        "project": ({"user": "u", "text": "x", "title": "t"}, "u,x,t\nE1,Built it,Archive\n"),
        "ticket": ({"user": "u", "text": "x", "id": "i"}, "u,x,i\nE1,Fixed it,T-1\n"),
        "engagement": ({"user": "u", "title": "t", "minutes": "m"}, "u,t,m\nE1,Talk,30\n"),
        "job_profile": ({"code": "c", "title": "t", "skills": "s"}, "c,t,s\nDE,Data engineer,SQL; Python\n"),
    }
    rules = [{"entity": e, "files": f"{e}.csv", "columns": c} for e, (c, _) in tables.items()]
    place = Place(tmp_path, {"tables": rules})
    for entity, (_, text) in tables.items():
        place.write(f"{entity}.csv", text)
    found = {e: records(place.pages(Entity(e)))[0] for e in tables}
    assert found["worker"].manager_employee_id == "E2"
    assert (found["course"].hours, found["course"].prerequisites) == (2.0, ("A", "B"))
    assert found["award"].kind is EvidenceKind.CERTIFICATION
    assert (found["review"].kind, found["review"].text) == (EvidenceKind.PEER_FEEDBACK, "Good SQL.")
    assert found["ticket"].subject == "employee:E1"
    assert found["engagement"].minutes == 30
    assert found["job_profile"].skills == ("SQL", "Python")
    assert place.connector().capabilities().entities == {Entity(e) for e in tables}


def test_of_dated_exports_only_the_newest_is_read(tmp_path: Path) -> None:
    place = with_rule(tmp_path, newest=True)
    place.write("exports/2026-03-01.csv", HEAD + "E1,C1,,1\nE2,C1,,1\n")
    first = place.pages(Entity.ENROLMENT)
    place.write("exports/2026-03-02.csv", HEAD + "E1,C1,,1\nE2,C1,,2\n")
    second = place.pages(Entity.ENROLMENT, first[-1].checkpoint)
    assert [r.user_id for r in records(second)] == ["employee:E2"]


def test_links_are_not_followed(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.csv").write_text(HEAD + "E1,C1,,1\n")
    (place.root / "exports").mkdir()
    (place.root / "exports/a.csv").symlink_to(outside / "secret.csv")
    (place.root / "more").symlink_to(outside)
    pages = place.pages(Entity.ENROLMENT)
    assert records(pages) == []
    assert "exports/a.csv is a link" in warnings(pages)
    assert "more is a link" in warnings(pages)


def test_a_folder_that_is_gone_is_no_empty_folder(place: Place) -> None:
    connector: FilesConnector = place.connector()
    place.root.rename(place.root.with_name("elsewhere"))
    assert not connector.check().ok
    with pytest.raises(PermanentConnectorError, match="cannot be read"):
        list(connector.pull(Entity.ENROLMENT, None))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"files": "../secret/*.csv"}, "tables.0.files"),
        ({"files": "/etc/passwd"}, "tables.0.files"),
        ({"columns": {"user": "U"}}, "tables.0.columns.course"),
        ({"columns": {"user": "U", "course": "C", "national_id": "N"}}, "tables.0.columns.national_id"),
        ({"timezone": "Europe/Nowhere"}, "tables.0.timezone"),
        ({"encoding": "klingon"}, "tables.0.encoding"),
        ({"score": {"low": 5, "high": 1}}, "tables.0.score"),
        ({"entity": "message"}, "tables.0.entity"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_by_field(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        with_rule(tmp_path, **changes).connector()
