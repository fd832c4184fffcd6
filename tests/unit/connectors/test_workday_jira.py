"""Workday's and Jira's odd answers, replayed through an injected transport; rich text flattened."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.adf import flatten
from ascertain.connectors.connection import Connection
from ascertain.connectors.http import Download
from ascertain.connectors.jira import JiraConnector
from ascertain.connectors.workday import WorkdayConnector
from ascertain.connectors.workday_report import Report
from ascertain.domain.connector import Page
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import Entity, TextRecord, WorkerRecord
from ascertain.errors import ConfigError, PermanentConnectorError

WORKER = {"Employee_ID": "E1", "Worker": "A", "Email_-_Primary_Work": "a@x.example", "National_ID": "900-11-2222"}
REVIEW = {
    "Review_ID": "R1",
    "Employee_ID": "E1",
    "Review_Type": "Peer Feedback",
    "Comments": "Good.",
    "Overall_Rating": "4",
}


def workday(rows: list[Any], **options: Any) -> WorkdayConnector:
    reports = {"worker": "W", "review": "R", "project": "P"}
    connection = Connection(
        "hris",
        "workday",
        "https://hris.example",
        ZoneInfo("Europe/Berlin"),
        {"username": "u", "password": "p"},
        {"SE2": "software-engineer"},
        options={"tenant": "t", "owner": "o", "reports": reports, **options},
    )
    return WorkdayConnector(
        connection, transport=httpx.MockTransport(lambda r: httpx.Response(200, json={"Report_Entry": rows}))
    )


def first(connector: WorkdayConnector, entity: Entity) -> Any:
    page = next(connector.pull(entity, None))
    assert page.rejected == ()
    return page.records[0]


def test_a_worker_in_the_reports_words() -> None:
    row = {**WORKER, "Job_Profile_Code": "SE2", "Hire_Date": "2024-03-01", "Scheduled_Weekly_Hours": "20"}
    found = first(workday([row]), Entity.WORKER)
    assert isinstance(found, WorkerRecord)
    assert (found.job_profile_id, found.hours_per_week, found.active) == ("software-engineer", 20.0, True)
    assert found.hired_at is not None
    assert found.hired_at.date().isoformat() == "2024-03-01"
    assert "900-11-2222" not in repr(found)


def test_a_national_id_is_not_even_kept_of_a_bad_row() -> None:
    page = next(workday([{**WORKER, "Hire_Date": "never"}]).pull(Entity.WORKER, None))
    assert [r.field for r in page.rejected] == ["Hire_Date"]
    assert "900-11-2222" not in repr(page)


def test_consent_is_what_the_report_says_and_silence_is_none() -> None:
    assert first(workday([WORKER]), Entity.WORKER).reviews_consent is None
    said = {"0": False, "1": True, "": None}
    for value, answer in said.items():
        assert first(workday([{**WORKER, "Reviews_Consent": value}]), Entity.WORKER).reviews_consent is answer


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Performance Review", EvidenceKind.MANAGER_REVIEW),
        ("Peer Feedback", EvidenceKind.PEER_FEEDBACK),
        ("Self-Assessment", EvidenceKind.SELF_ASSESSMENT),
        ("Self Review", EvidenceKind.SELF_ASSESSMENT),
    ],
)
def test_kinds_of_review(word: str, kind: EvidenceKind) -> None:
    found = first(workday([{**REVIEW, "Review_Type": word}]), Entity.REVIEW)
    assert isinstance(found, TextRecord)
    assert found.kind is kind
    assert found.score == 0.75


def test_columns_that_are_missing_are_said() -> None:
    page = next(workday([WORKER]).pull(Entity.WORKER, None))
    assert "Hire_Date" in page.warnings[0]
    assert "Employee_ID" not in page.warnings[0]


def test_a_long_report_comes_in_pages_and_starts_over_when_interrupted() -> None:
    rows = [{**WORKER, "Employee_ID": f"E{n}"} for n in range(1201)]
    pages = list(workday(rows).pull(Entity.WORKER, None))
    assert [len(p.records) for p in pages] == [500, 500, 201]
    again = list(workday(rows).pull(Entity.WORKER, pages[0].checkpoint))
    assert sum(len(p.records) for p in again) == 1201


def test_a_column_that_comes_late_is_there() -> None:
    rows = [{**WORKER, "Employee_ID": f"E{n}"} for n in range(600)] + [{**WORKER, "Hire_Date": "2024-03-01"}]
    pages = list(workday(rows).pull(Entity.WORKER, None))
    assert pages[0].warnings == ()
    assert "Location" in pages[1].warnings[0]
    assert "Hire_Date" not in pages[1].warnings[0]
    assert [p.approx_total for p in pages] == [None, 601]


def test_an_empty_report_is_one_empty_page() -> None:
    pages = list(workday([]).pull(Entity.WORKER, None))
    assert [(p.records, p.rejected, p.warnings, p.approx_total) for p in pages] == [((), (), (), 0)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"other": []}', "no Report_Entry"),
        (b"[]", "no Report_Entry"),
        (b'{"Report_Entry": {"a": 1}}', "no Report_Entry"),
        (b'{"Report_Entry": [{"a": ]}', "is not JSON"),
    ],
)
def test_what_is_no_report_is_said(body: bytes, said: str) -> None:
    connector = workday([])
    connector.http._client._transport = httpx.MockTransport(lambda r: httpx.Response(200, content=body))
    with pytest.raises(PermanentConnectorError, match=said):
        list(connector.pull(Entity.WORKER, None))
    health = connector.check()
    assert not health.ok


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=5),
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(max_size=10),
            max_size=4,
        ),
        max_size=5,
    )
)
def test_rows_are_read_as_json_gives_them(rows: list[dict[str, Any]]) -> None:
    file = io.BytesIO(json.dumps({"before": [1], "Report_Entry": rows, "after": {}}).encode())
    found = list(Report("r", Download(file, None)).rows())
    assert found == json.loads(file.getvalue())["Report_Entry"]


def test_a_report_of_any_length_takes_the_same_memory() -> None:
    def most(count: int) -> int:
        rows = [{**REVIEW, "Review_ID": f"R{n}", "Comments": "word " * 60} for n in range(count)]
        file = io.BytesIO(json.dumps({"Report_Entry": rows}).encode())
        del rows
        tracemalloc.start()
        try:
            assert sum(1 for _ in Report("r", Download(file, None)).rows()) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert most(10_000) < 1.5 * most(1000)


def test_the_rating_scale_has_two_ends() -> None:
    with pytest.raises(ConfigError, match="rating_high"):
        workday([], rating_low=5, rating_high=5)


def jira(answer: Callable[[dict[str, Any]], dict[str, Any]], **options: Any) -> JiraConnector:
    def play(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/myself"):
            return httpx.Response(200, json={"timeZone": "America/New_York"})
        return httpx.Response(200, json=answer(json.loads(request.content)))

    connection = Connection(
        "tracker", "jira", "https://jira.example", ZoneInfo("UTC"), {"user": "u", "token": "t"}, options=options
    )
    return JiraConnector(connection, transport=httpx.MockTransport(play))


def issue(number: int = 1, **fields: Any) -> dict[str, Any]:
    base = {
        "summary": "Fix it",
        "description": {
            "type": "doc",
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Why."}]}],
        },
        "assignee": {"accountId": "acc", "emailAddress": "a@x.example"},
        "updated": "2026-07-01T10:00:00.000+0000",
    }
    return {"id": str(number), "key": f"OPS-{number}", "fields": {**base, **fields}}


def test_an_issue_with_the_assignees_own_comments() -> None:
    def said(account: str, text: str) -> dict[str, Any]:
        return {"author": {"accountId": account}, "body": text}

    comments = {"comments": [said("acc", "Solved by a cache."), said("boss", "Well done, Ann!")]}
    page = next(jira(lambda b: {"issues": [issue(comment=comments)], "isLast": True}).pull(Entity.TICKET, None))
    (found,) = page.records
    assert isinstance(found, TextRecord)
    assert (found.subject, found.title, found.text) == ("email:a@x.example", "OPS-1 Fix it", "Why.\nSolved by a cache.")
    assert "Ann" not in repr(page)


def test_a_hidden_address_is_explained_or_looked_up() -> None:
    hidden = issue(assignee={"accountId": "acc"})
    answer: dict[str, Any] = {"issues": [hidden, issue(2)], "isLast": True}
    page = next(jira(lambda b: answer).pull(Entity.TICKET, None))
    assert [r.field for r in page.rejected] == ["assignee.emailAddress"]
    assert len(page.records) == 1
    page = next(jira(lambda b: answer, accounts={"acc": "a@x.example"}).pull(Entity.TICKET, None))
    assert len(page.records) == 2


def test_a_chain_that_never_ends_is_stopped() -> None:
    calls: list[object] = []

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        calls.append(body.get("nextPageToken"))
        return {"issues": [issue(len(calls))], "nextPageToken": "again"}

    pages: list[Page] = []
    with pytest.raises(PermanentConnectorError, match="same page token twice"):
        pages.extend(jira(answer).pull(Entity.TICKET, None))
    assert calls == [None, "again"]
    assert sum(len(p.records) for p in pages) == 2
    assert pages[-1].checkpoint.get("position") is None


def test_the_increment_is_asked_in_the_users_time_zone() -> None:
    asked: list[str] = []

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        asked.append(body["jql"])
        return {"issues": [issue()], "isLast": True}

    found = jira(answer, projects=["OPS", "DEV"])
    (page,) = found.pull(Entity.TICKET, None)
    (page,) = found.pull(Entity.TICKET, page.checkpoint)
    assert "updated >=" not in asked[0]
    assert 'updated >= "2026-07-01 05:55"' in asked[1]
    assert "project in (OPS, DEV)" in asked[1]
    assert page.records == ()


ADF = st.recursive(
    st.fixed_dictionaries({"type": st.just("text"), "text": st.text(max_size=8)})
    | st.sampled_from([None, 3, {}, {"type": "hardBreak"}, {"type": "mention", "attrs": {"text": "@Ann"}}]),
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.sampled_from(["doc", "paragraph", "bulletList", "listItem", "codeBlock", "table", "weird"]),
            "content": st.lists(inner, max_size=4),
        }
    ),
    max_leaves=20,
)


@given(ADF)
def test_any_tree_flattens(tree: object) -> None:
    assert "@Ann" not in flatten(tree)


def test_a_document_reads_like_one() -> None:
    def node(kind: str, *content: Any) -> dict[str, Any]:
        return {"type": kind, "content": list(content)}

    def text(words: str) -> dict[str, Any]:
        return {"type": "text", "text": words, "marks": [{"type": "strong"}]}

    items = [node("listItem", node("paragraph", text(t))) for t in ("one", "two")]
    tree = node(
        "doc",
        node("heading", text("Cause")),
        node("paragraph", text("A "), text("leak."), {"type": "hardBreak"}, text("Found.")),
        node("bulletList", *items),
        node("codeBlock", text("List<String> x;")),
        node("table", node("tableRow", node("tableCell", text("a")), node("tableCell", text("b")))),
    )
    assert flatten(tree) == "Cause\nA leak.\nFound.\none\ntwo\nList<String> x;\na b"
    deep: Any = text("bottom")
    for _ in range(5000):
        deep = node("panel", deep)
    assert flatten(deep) == ""
