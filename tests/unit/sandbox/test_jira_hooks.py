"""Jira's webhooks in the sandbox: registered, signed, tried again under the same name."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ascertain.sandbox.company import build_company
from ascertain.sandbox.faults import Fault, FaultPlan
from ascertain.sandbox.jira import JiraOptions, create_app
from ascertain.sandbox.live import LiveCompany
from tests.unit.sandbox.receiver import Answer, Receiver

SECRET = "a secret of the administrator"
PLACE = "/rest/webhooks/1.0/webhook"


class Site:
    """A site with one webhook; ``statuses`` are the receiver's next answers."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.receiver = Receiver(self._answer)
        self.plan = FaultPlan()
        self.live = LiveCompany(build_company(date(2026, 5, 1)))
        options = JiraOptions(faults=self.plan)
        self.client = TestClient(create_app(self.live, options))
        self.client.auth = (options.user, options.token)

    def _answer(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        return (self.statuses.pop(0) if self.statuses else 200), {}, b""

    def register(self, **changes: Any) -> Any:
        asked = {"name": "Ascertain", "url": self.receiver.url, "events": ["jira:issue_updated"], "secret": SECRET}
        return self.client.post(PLACE, json={**asked, **changes})

    def change(self, calls: int = 1) -> list[tuple[Mapping[str, str], bytes]]:
        self.live.touch_ticket(self.live.current.tickets[0].key, status="Done")
        for _ in range(500):
            if len(self.receiver.got) >= calls:
                break
            time.sleep(0.01)
        return self.receiver.got


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.receiver.close()


def test_a_change_is_told_and_signed(site: Site) -> None:
    assert site.register().status_code == 201
    ((headers, body),) = site.change()
    proof = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature"] == f"sha256={proof}"
    told = json.loads(body)
    ticket = site.live.current.tickets[0]
    assert (told["webhookEvent"], told["issue"]["key"]) == ("jira:issue_updated", ticket.key)
    assert isinstance(told["issue"]["fields"]["description"], str)
    issue = site.client.get(f"/rest/api/3/issue/{told['issue']['id']}", params={"fields": "summary"}).json()
    assert issue["fields"] == {"summary": ticket.summary}


def test_a_delivery_that_is_refused_comes_again_under_its_name(site: Site) -> None:
    site.register()
    site.statuses = [503, 500]
    got = site.change(calls=3)
    assert len({h["x-atlassian-webhook-identifier"] for h, _ in got}) == 1
    assert [h.get("x-atlassian-webhook-retry") for h, _ in got] == [None, "1", "2"]


def test_deliveries_go_wrong_on_demand(site: Site) -> None:
    site.register()
    site.plan.inject(Fault("hook_unsigned"))
    ((headers, _),) = site.change()
    assert "x-hub-signature" not in headers


def test_without_a_secret_nothing_is_signed_and_without_a_webhook_nothing_sent(site: Site) -> None:
    made = site.register(secret="").json()
    ((headers, _),) = site.change()
    assert "x-hub-signature" not in headers
    assert [h["isSigned"] for h in site.client.get(PLACE).json()] == [False]
    assert site.client.delete(made["self"].removeprefix("http://testserver")).status_code == 204
    assert site.client.get(PLACE).json() == []
    assert site.client.delete(f"{PLACE}/1").status_code == 404


@pytest.mark.parametrize(
    "changes", [{"url": "https://example.com/"}, {"events": []}, {"events": ["jira:nothing"]}, {"name": ""}]
)
def test_what_cannot_be_registered_is_refused(site: Site, changes: dict[str, Any]) -> None:
    answer = site.register(**changes)
    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


def test_strangers_are_refused(site: Site) -> None:
    site.client.auth = ("a", "b")
    for answer in (site.register(), site.client.get(PLACE), site.client.get("/rest/api/3/issue/PLT-103")):
        assert answer.status_code == 401
