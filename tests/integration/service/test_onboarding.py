"""A plan of the first 90 days over HTTP and on the pages: asked for, drafted, changed, approved, followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from ascertain.domain.access import Scope
from ascertain.domain.permission import Role
from tests.integration.service.pages_world import Visitor
from tests.integration.service.writing_world import WritingWorld, writing_world

LD: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("Data",)}
AT = "/v1/onboarding"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("onboarding")) as found:
        yield found


def data(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def told(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_over_http_from_asking_to_done(world: WritingWorld) -> None:
    body = {"learner": "E1", "priorities": ["Negotiation"], "systems": [{"name": "Billing"}]}
    with world.signed_in("chi@example.org") as chi, world.signed_in("ann@example.org") as ann:
        made = data(chi.post(AT, json=body, headers={"Idempotency-Key": "o-1"}), 201)
        assert data(chi.post(AT, json=body, headers={"Idempotency-Key": "o-1"}), 201) == made
        assert (made["state"], made["version"], made["milestones"]) == ("asked", 0, [])
        assert ann.post(AT, json=body).status_code == 403, "nobody makes their own"
        wrong = chi.post(AT, json=body | {"priorities": ["Juggling"]})
        assert wrong.status_code == 422
        assert "priorities.0" in wrong.text
        at = f"{AT}/{made['id']}"
        assert chi.post(f"{at}/decision", json={"approve": True}).status_code == 409, "not drafted yet"
        world.app.draft_onboarding(made["id"])
        draft = chi.get(at)
        tag, plan = draft.headers["etag"], data(draft)
        assert plan["state"] == "draft"
        assert "Get to know Billing" in [m["title"] for m in plan["milestones"]]
        first = plan["milestones"][0]["id"]
        change = {"changes": [{"op": "edit", "milestone": first, "title": "Talk on Friday"}], "reason": "as agreed"}
        stale = chi.post(f"{at}/changes", json=change, headers={"If-Match": '"another"'})
        assert stale.status_code == 412
        edited = data(chi.post(f"{at}/changes", json=change, headers={"If-Match": tag}))
        assert (edited["version"], edited["versions"][-1]["by"]) == (2, "chi@example.org")
        nowhere = {"changes": [{"op": "remove", "milestone": "m99"}], "reason": "x"}
        assert chi.post(f"{at}/changes", json=nowhere).status_code == 404
        assert ann.post(f"{at}/changes", json=change).status_code == 403
        assert ann.post(f"{at}/milestones/{first}", json={"state": "done"}).status_code == 409
        assert data(chi.post(f"{at}/decision", json={"approve": True, "reason": "Welcome!"}))["state"] == "approved"
        ticked = data(ann.post(f"{at}/milestones/{first}", json={"state": "done"}))
        assert (ticked["done"], ticked["milestones"][0]["done_by"]) == (1, "ann@example.org")
        assert ann.post(f"{at}/milestones/{first}", json={"state": "skipped"}).status_code == 422, "a note says why"
        said = data(ann.post(f"{at}/comments", json={"words": "Where is it?", "milestone": first}), 201)
        assert said["words"] == "Where is it?"
        assert [c["words"] for c in data(chi.get(at))["comments"]] == ["Where is it?"]
        (row,) = chi.get(AT).json()["data"]
        assert (row["learner"], row["done"]) == ("E1", 1)
        assert (
            data(chi.post(f"{at}/decision", json={"approve": False, "reason": "Another role."}))["state"] == "withdrawn"
        )
        assert chi.get(AT).json()["data"] == []
    with world.app.units(write=False) as uow:
        assert "onboarding" in {a.what for a in uow.accesses.of("E1")}
    with world.signed_in("bob@example.org") as bob, world.with_key("everything", list(Scope)) as key:
        for who in (bob, key):
            assert who.get(at).status_code == 403
            assert who.get(f"{AT}/o000000000000000").status_code == 403


def test_the_new_hire_sees_it_once_it_is_approved(world: WritingWorld) -> None:
    with world.signed_in("chi@example.org") as chi, world.signed_in("bob@example.org") as bob:
        made = data(chi.post(AT, json={"learner": "E2"}), 201)
        world.app.draft_onboarding(made["id"])
        at = f"{AT}/{made['id']}"
        before = data(bob.get(at))
        assert (before["milestones"], before["summary"], before["given"], before["versions"]) == ([], "", None, [])
        chi.post(f"{at}/decision", json={"approve": True})
        after = data(bob.get(at))
        assert after["milestones"]
        assert not any(m["remark"] for m in after["milestones"])
        file = bob.get(f"{at}/calendar")
        assert file.headers["content-type"].startswith("text/calendar")
        parsed: Any = Calendar.from_ical(file.content)
        assert len(list(parsed.walk("VEVENT"))) == len(after["milestones"])
        chi.post(f"{at}/decision", json={"approve": False, "reason": "done with it"})


def test_on_the_pages_the_manager_makes_it_and_the_new_hire_follows(world: WritingWorld) -> None:
    chi, ann = Visitor(world.app, "chi@example.org"), Visitor(world.app, "ann@example.org")
    assert 'href="/onboarding"' in chi.get("/onboarding")
    assert "There is no plan for you" in told(ann.get("/me/onboarding")) or "withdrawn" in told(
        ann.get("/me/onboarding")
    )
    wrong = chi.send("/onboarding", learner="E1", priorities="Juggling", project="<b>Archive</b>", outcome="it is read")
    assert wrong.status_code == 422
    assert "no skill that the role asks for" in told(wrong.text)
    assert "&lt;b&gt;Archive&lt;/b&gt;" in wrong.text, "what was typed is still there, as text"
    assert ann.send("/onboarding", learner="E1").status_code == 403
    made = chi.send(
        "/onboarding",
        learner="E1",
        priorities="SQL",
        systems="Billing | IT desk\n\nCRM",
        project="Churn",
        outcome="read",
    )
    assert made.status_code == 303, made.text
    href = made.headers["location"]
    assert "A worker drafts it" in told(chi.get(href))
    world.app.draft_onboarding(href.rpartition("/")[2])
    assert "Your manager prepares your plan" in told(ann.get("/me/onboarding"))
    page = chi.get(href)
    assert "Get to know CRM" in page
    assert 'class="figure days"' in page or "days" in page
    assert ann.send(f"{href}/decide", decision="approve").status_code == 403
    late = chi.send(f"{href}/changes", op="edit", milestone="m01", title="x", reason="y", version="7")
    assert late.status_code == 422
    assert "version 7" in late.text
    kept = chi.send(
        f"{href}/changes", op="add", kind="task", title="<i>Read</i>", due_on="2026-05-04", reason="so", version="1"
    )
    assert kept.status_code == 303
    assert "added: &lt;i&gt;Read" in chi.get(href) or "added: Read" in told(chi.get(href))
    assert chi.send(f"{href}/decide", decision="approve", reason="Welcome").status_code == 303
    mine = ann.get("/me/onboarding")
    assert "Welcome" in mine
    assert ">Approve<" not in mine
    assert ann.send(f"{href}/tick", milestone="m01", state="done").status_code == 303
    assert ann.send(f"{href}/tick", milestone="m02", state="skipped", note="").status_code == 422
    assert ann.send(f"{href}/comments", words="<script>hello</script>", about="m01").status_code == 303
    shown = chi.get(href)
    assert "<script>hello" not in shown
    assert re.search(r"1 of \d+ milestones are done", told(shown))
    assert chi.client.get(f"{href}/calendar").headers["content-type"].startswith("text/calendar")
