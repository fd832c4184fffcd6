"""Cornerstone's dialect against the vendor's pages: tokens, OData pages and deltas, budgets, skills, webhooks."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ascertain.sandbox.company import build_company
from ascertain.sandbox.cornerstone import CornerstoneOptions, create_app
from ascertain.sandbox.cornerstone_filter import FilterError, matcher
from ascertain.sandbox.cornerstone_shapes import VIEWS
from ascertain.sandbox.cornerstone_skills import PATH, skill_id
from ascertain.sandbox.live import LiveCompany

VIEW = "/services/api/x/odata/api/views"
OBJECT = "/services/api/x/dataexporter/api/objects"


class Portal:
    def __init__(self, **options: Any) -> None:
        self.options = CornerstoneOptions(**options)
        self.live = LiveCompany(build_company(date(2026, 5, 1)))
        self.app = create_app(self.live, self.options)
        self.http = TestClient(self.app)
        self.http.headers["authorization"] = f"Bearer {self.token()}"

    def token(self, **changed: str) -> str:
        sent = {
            "clientId": self.options.client_id,
            "clientSecret": self.options.client_secret,
            "grantType": "client_credentials",
            "scope": "all",
        }
        answer = self.http.post("/services/api/oauth2/token", json=sent | changed)
        return str(answer.json().get("access_token", answer.status_code))

    def pages(self, path: str, size: int, prefer: str = "", **query: str) -> Iterator[dict[str, Any]]:
        headers = {"prefer": f"odata.maxpagesize={size}{prefer}"}
        answer = self.http.get(path, params=query, headers=headers)
        while True:
            assert answer.status_code == 200, answer.text
            yield answer.json()
            link = answer.json().get("@odata.nextLink")
            if link is None:
                return
            answer = self.http.get(link)


@pytest.fixture
def portal() -> Portal:
    return Portal()


def test_tokens_need_right_credentials_and_name_their_scopes(portal: Portal) -> None:
    assert portal.token(clientSecret="no") == "401"
    assert portal.token(grantType="password") == "400"
    assert portal.token(scope="everything") == "400"
    form = {"client_id": "sandbox-cornerstone", "client_secret": "sandbox-cornerstone-secret"}
    snake = portal.http.post(
        "/services/api/oauth2/token", data={**form, "grant_type": "client_credentials", "scope": "training:read"}
    ).json()
    assert (snake["token_type"], snake["expires_in"], snake["scope"]) == ("Bearer", 3600, "training:read")
    small = {"authorization": f"Bearer {snake['access_token']}"}
    assert portal.http.get(f"{VIEW}/vw_rpt_user", headers=small).status_code == 403
    assert portal.http.get("/services/api/Catalog/GlobalSearch", headers=small).json()["totalRecords"] == 123
    assert portal.http.get(f"{VIEW}/vw_rpt_user", headers={"authorization": "Bearer x"}).status_code == 401


def test_tokens_die() -> None:
    short = Portal(token_seconds=0.05)
    time.sleep(0.1)
    assert short.http.get(f"{VIEW}/vw_rpt_user").status_code == 401


def test_the_server_drives_the_pages_and_repeats_a_row(portal: Portal) -> None:
    found = list(portal.pages(f"{VIEW}/vw_rpt_transcript", 300, **{"$count": "true"}))
    assert [len(p["value"]) for p in found] == [300, 300, 200]
    assert found[0]["@odata.count"] == 798
    assert found[1]["value"][0] == found[0]["value"][-1]
    rows = {(r["transc_user_id"], r["transc_object_id"], r["reg_num"]) for p in found for r in p["value"]}
    assert len(rows) == 798
    assert all(isinstance(r["user_lo_score"], int | None) for p in found for r in p["value"])


def test_columns_and_filters_are_checked(portal: Portal) -> None:
    def ask(**query: str) -> Any:
        return portal.http.get(f"{VIEW}/vw_rpt_training", params={f"${k}": v for k, v in query.items()})

    assert set(ask(select="object_id,lo_title").json()["value"][0]) == {"object_id", "lo_title"}
    assert ask(select="lo_price").status_code == 400
    assert ask(top="5").status_code == 400
    since = "lo_modified_dt ge cast('2026-01-01T00:00:00Z',Edm.DateTimeOffset)"
    later = ask(filter=since).json()["value"]
    assert 0 < len(later) < 123
    assert all(r["lo_modified_dt"] >= "2026" for r in later)
    one = ask(filter=f"object_id eq {later[0]['object_id']} and not (lo_active eq false)").json()["value"]
    assert one == [later[0]]
    assert ask(filter=f"object_id eq '{later[0]['object_id']}'").status_code == 400
    assert ask(filter="lo_modified_dt ge 2026-01-01").status_code == 400
    assert ask(filter="lo_title eq '" + "x" * 2100 + "'").status_code == 414
    unindexed = portal.http.get(f"{OBJECT}/transcript_core", params={"$filter": "user_lo_score gt 50"})
    assert unindexed.status_code == 400
    assert "index" in unindexed.json()["error"]["message"]


@pytest.mark.parametrize("text", ["", "reg_num", "reg_num eq", "(reg_num eq 1", "reg_num eq 1)", "reg_num is 1", "§"])
def test_a_filter_that_cannot_be_read_is_refused(text: str) -> None:
    columns = VIEWS["vw_rpt_transcript"].columns
    with pytest.raises(FilterError):
        matcher(text, columns, columns)


def test_deltas_bring_what_changed_and_what_is_gone(portal: Portal) -> None:
    path = f"{OBJECT}/transcript_core"
    pages = list(portal.pages(path, 500, ", odata.track-changes"))
    assert ["@odata.deltaLink" in p for p in pages] == [False, True]
    link = pages[-1]["@odata.deltaLink"]
    assert portal.http.get(link).json()["value"] == []
    portal.live.change_score("FL1201", "AWS-301", 70)
    gone = portal.live.current.enrolments[5]
    people = {p.docebo_id: p for p in portal.live.current.learners}
    courses = {c.id: c for c in portal.live.current.courses}
    removed = portal.live.remove_enrolment(people[gone.user_id].id, courses[gone.course_id].code)
    answer = portal.http.get(link)
    assert answer.headers["preference-applied"].startswith("odata.track-changes")
    changed = [r for r in answer.json()["value"] if "reason" not in r]
    deleted = [r for r in answer.json()["value"] if r.get("reason") == "deleted"]
    assert (len(changed), len(deleted)) == (1, removed)
    assert deleted[0]["@odata.context"].endswith("transcript_core/$deletedEntity")
    assert portal.http.get(link).json()["value"] == answer.json()["value"], "a delta link may be used again"
    assert portal.http.get(answer.json()["@odata.deltaLink"]).json()["value"] == []
    assert portal.http.get(f"{path}?deltatoken=lost").status_code == 410
    untracked = portal.http.get(f"{OBJECT}/ou_core", headers={"prefer": "odata.track-changes"})
    assert untracked.status_code == 501


def test_a_used_up_budget_is_told_as_the_vendor_tells_it() -> None:
    portal = Portal(minute_share=0.01)
    first = [portal.http.get(f"{VIEW}/vw_rpt_user") for _ in range(5)]
    assert [a.status_code for a in first] == [200, 200, 200, 200, 429]
    assert first[0].headers["x-csod-throttling-rate-limit-urilevel"] == "240"
    left = [int(a.headers["x-csod-requests-remaining-urilevel"]) for a in first]
    assert left == [239, 238, 237, 236, 235], "a refused call counts"
    body = first[-1].json()
    assert set(body) == {"status", "timeStamp", "error"}
    assert set(body["error"]) == {"errorId", "message", "code", "description", "details"}
    assert "retry-after" not in first[-1].headers
    assert portal.http.get(f"{VIEW}/vw_rpt_transcript").status_code == 200, "each address has a budget of its own"


def test_the_employee_list_has_page_tokens_that_die() -> None:
    portal = Portal(employee_page_seconds=0.2)
    path = "/services/api/x/users/v2/employees"
    first = portal.http.get(path).json()
    assert len(first["data"]) == 50
    rest = portal.http.get(path, params={"nextPageToken": first["nextPageToken"]}).json()
    assert len(rest["data"]) == 1
    assert "nextPageToken" not in rest
    time.sleep(0.25)
    assert portal.http.get(path, params={"nextPageToken": first["nextPageToken"]}).status_code == 400


def test_metadata_names_columns_keys_and_tracking(portal: Portal) -> None:
    text = portal.http.get(f"{OBJECT}/$metadata").text
    assert '<Property Name="lo_max_score" Type="Edm.Int32"' in text
    assert text.count('ObjectSupportsChangeTracking" String="true"') == 4


def test_skills_are_added_and_taken_away(portal: Portal) -> None:
    path = PATH.replace("{employee}", "12001")
    sql = {"skillId": skill_id("SQL"), "source": "Ascertain", "proficiencyLevel": 3}
    sent = {"skillsAdded": [sql], "type": "Proficiency"}
    assert portal.http.post(path, json=sent).status_code == 200
    assert portal.http.get(path).json()["data"] == [{"skillId": skill_id("SQL"), "proficiencyLevel": 3}]
    assert portal.http.post(path, json={**sent, "type": "Interest"}).status_code == 400
    assert portal.http.post(path, json={**sent, "skillsAdded": [{**sql, "skillId": "x"}]}).status_code == 400
    assert portal.http.post(PATH.replace("{employee}", "1"), json=sent).status_code == 404
    portal.http.post(path, json={"skillsRemoved": [{"skillId": skill_id("SQL")}], "type": "Proficiency"})
    assert portal.http.get(path).json()["data"] == []
    found = portal.http.get("/services/api/x/skills/v1/skills", params={"SearchText": "sql"}).json()["data"]
    assert [s["name"] for s in found["item1"]] == ["SQL"]
    assert found["item2"]["totalCount"] == 1


def test_completions_and_heartbeats_are_sent_in_gzip_with_a_proof() -> None:
    calls: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(200 if len(calls) > 1 else 503)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1/webhooks/cornerstone"
    portal = Portal(webhook_url=url, heartbeat_seconds=None, retry_seconds=(0.01,))
    hooks = portal.app.state.hooks
    portal.live.add_enrolment("FL1101", "SQL-201", score=88)
    portal.live.add_enrolment("FL1101", "SQL-201", status="in_progress")
    hooks.heartbeat()
    assert hooks.sender.flush()
    server.shutdown()
    bodies = [json.loads(gzip.decompress(b)) for _, b in calls]
    assert [len(b["records"]) for b in bodies] == [1, 1, 0], "a 503 is tried again, a heartbeat is empty"
    data = bodies[0]["records"][0]["value"]["trainingCompleted"]["data"]
    assert data["trainingRef"] == "SQL-201"
    assert not [k for k in data if "score" in k.lower()]
    for headers, _ in calls:
        assert headers["content-encoding"] == "gzip"
        assert headers["x-api-key"] == portal.options.webhook_key
        assert headers["authorization"].startswith("HMAC-SHA256 ")
