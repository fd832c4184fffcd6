"""A person asks for something about their data, and somebody answers: on the pages and over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ascertain.domain.access import Scope
from ascertain.domain.permission import Role
from tests.integration.service.pages_world import Page, Visitor
from tests.integration.service.writing_world import WritingWorld, writing_world

HRBP: dict[Role, tuple[str, ...]] = {Role.HRBP: ("Data",)}
AT = "/v1/learners/E1/requests"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("requests")) as found:
        yield found


def data(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def told(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_over_http_from_asking_to_the_answer(world: WritingWorld) -> None:
    body = {"kind": "rectification", "field": "job_title", "value": "Data engineer", "words": "Since March."}
    with world.signed_in("ann@example.org") as ann, world.signed_in(roles=HRBP) as hal:
        made = data(ann.post(AT, json=body, headers={"Idempotency-Key": "r-1"}), 201)
        assert data(ann.post(AT, json=body, headers={"Idempotency-Key": "r-1"}), 201) == made
        assert (made["state"], made["overdue"]) == ("open", False)
        assert ann.post(AT, json={"kind": "rectification", "field": "email", "value": "x"}).status_code == 422
        assert ann.post("/v1/learners/E2/requests", json=body).status_code == 403
        at = f"{AT}/{made['id']}"
        assert ann.post(f"{at}/answer", json={"answer": "do"}).status_code == 403, "nobody answers for themselves"
        (listed,) = hal.get("/v1/requests").json()["data"]
        assert listed == made
        stale = hal.post(f"{at}/answer", json={"answer": "do"}, headers={"If-Match": '"another"'})
        assert stale.status_code == 412
        wrong = hal.post(f"/v1/learners/E2/requests/{made['id']}/answer", json={"answer": "do"})
        assert wrong.status_code == 404
        assert hal.post(f"{at}/answer", json={"answer": "decline"}).status_code == 422
        done = data(hal.post(f"{at}/answer", json={"answer": "do", "reason": "Done."}))
        assert (done["state"], done["assessed_anew"]) == ("done", True)
        assert hal.post(f"{at}/answer", json={"answer": "decline", "reason": "no"}).status_code == 409
        assert [r["answer"] for r in ann.get(AT).json()["data"]] == ["Done."]
        taken = data(ann.post(AT, json={"kind": "restriction"}), 201)
        assert data(ann.post(f"{AT}/{taken['id']}/withdraw"))["state"] == "withdrawn"
        assert hal.get("/v1/requests").json()["data"] == []
        assert len(hal.get("/v1/requests", params={"answered": True}).json()["data"]) == 2
    with world.app.units(write=False) as uow:
        ann_now = uow.people.get("E1")
        assert ann_now is not None
        assert ann_now.job_title == "Data engineer"
        assert {"requests"} <= {a.what for a in uow.accesses.of("E1")}
    with world.signed_in("bob@example.org") as bob, world.with_key("everything", list(Scope)) as key:
        bobs = data(bob.post("/v1/learners/E2/requests", json={"kind": "restriction"}), 201)
        for call in (key.get("/v1/requests"), key.post(AT, json=body)):
            assert call.status_code == 403, "asking and answering is in no scope"
        data(bob.post(f"/v1/learners/E2/requests/{bobs['id']}/withdraw"))


def test_on_the_pages_a_person_asks_and_reads_the_answer(world: WritingWorld) -> None:
    ann, hal = Visitor(world.app, "ann@example.org"), Visitor(world.app, "hal@example.org", HRBP)
    wrong = ann.send("/me/requests", kind="rectification", field="name", value="", words="<b>It is Anna</b>")
    assert wrong.status_code == 422
    assert "say what is right" in wrong.text
    assert "&lt;b&gt;It is Anna&lt;/b&gt;</textarea>" in wrong.text, "what was typed is still there, as text"
    assert ann.send("/me/requests", kind="everything").status_code == 422
    asked = ann.send("/me/requests", kind="rectification", field="language", value="de", words="<i>bitte</i>")
    assert (asked.status_code, asked.headers["location"]) == (303, "/me/data")
    mine = told(ann.get("/me/data"))
    assert "Correction: language waits for an answer" in mine
    assert "An answer is due by" in mine
    assert ann.status("/requests") == 403

    listed = hal.get("/requests")
    (href,) = {link for link in Page(listed).links if link.startswith("/requests/q")}
    assert "1 waits" in told(listed)
    assert 'href="/requests"' in hal.get("/disputes"), "it is in the menu"
    shown = told(hal.get(href))
    assert "Ann Archer" in shown
    assert "Held is: en" in shown
    assert hal.send(f"{href}/answer", said="decline", reason="").status_code == 422
    longer = hal.send(f"{href}/answer", said="longer", reason="The system is being replaced.")
    assert longer.status_code == 303
    assert "The system is being replaced." in ann.get("/me/data")
    assert "It takes longer</h2>" not in hal.get(href), "only once"
    done = hal.send(f"{href}/answer", said="do", reason="Gern.")
    assert done.status_code == 303
    assert "They are assessed anew with it." in hal.get(href)
    assert "Gern." in ann.get("/me/data")
    assert "No request waits" in hal.get("/requests")


def test_overdue_ones_are_counted_and_come_first(world: WritingWorld) -> None:
    bob, hal = Visitor(world.app, "bob@example.org"), Visitor(world.app, "hal@example.org", HRBP)
    bob.send("/me/requests", kind="restriction", words="First.")
    was = world.world.clock.at
    world.world.clock.at += timedelta(days=40)
    try:
        hal = Visitor(world.app, "hal@example.org", HRBP)
        Visitor(world.app, "ann@example.org").send("/me/requests", kind="restriction", words="Second.")
        page = hal.get("/requests")
        assert "1 is overdue" in told(page)
        assert page.index("First.") < page.index("Second.")
        assert '<span class="tag bad">overdue</span>' in page
    finally:
        world.world.clock.at = was


def test_an_erasure_needs_the_number_typed_and_then_nothing_is_left(world: WritingWorld) -> None:
    bob, boss = Visitor(world.app, "bob@example.org"), Visitor(world.app, "hal@example.org", HRBP)
    bob.send("/me/requests", kind="erasure", words="I leave.")
    hrefs = [link for link in Page(boss.get("/requests")).links if link.startswith("/requests/q")]
    href = next(h for h in hrefs if "Erase the person" in boss.get(h))
    for typed in ("", "E1", "bob@example.org"):
        refused = boss.send(f"{href}/answer", said="do", confirm=typed)
        assert refused.status_code == 422
        assert "type the person" in refused.text
    gone = boss.send(f"{href}/answer", said="do", confirm="E2")
    assert (gone.status_code, gone.headers["location"]) == (303, "/requests")
    assert "The person is erased" in boss.get("/requests")
    assert boss.status(href) == 403
    with world.app.units(write=False) as uow:
        assert uow.people.get("E2") is None
        found = [(r.action, r.header) for r in uow.audit.records() if r.action in ("person.erased", "request.done")]
    assert [a for a, _ in found][-2:] == ["person.erased", "request.done"]
    assert found[-1][1]["kind"] == "erasure"
    assert bob.status("/me") == 303, "whoever is gone is signed in no longer"
    with world.signed_in(roles={Role.HRBP: ("all",)}) as hal:
        again = hal.post("/v1/learners/E2/requests/q0/answer", json={"answer": "do", "confirm": "E2"})
        assert again.status_code == 404
