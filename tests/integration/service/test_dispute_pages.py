"""A file as evidence in the browser, and what the pages say about a dispute that is overdue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from ascertain.domain.permission import Role
from ascertain.service.pages.forms import MOST_UPLOAD, token_of
from tests.integration.service.pages_world import ORIGIN, Visitor
from tests.integration.service.writing_world import WritingWorld, writing_world
from tests.unit.connectors.files_bench import pdf

DATA: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("Data",)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("files")) as found:
        found.world.assess("E1")
        yield found


def send(who: Visitor, path: str, file: tuple[str, bytes] | None = None, **form: str) -> Any:
    """A form with a file, as a browser sends it."""
    files = {"file": file or ("", b"")}
    return who.client.post(path, data={"csrf": token_of(who.secret), **form}, files=files, headers=ORIGIN)


def added(world: WritingWorld, where: str) -> list[str]:
    with world.app.units(write=False) as uow:
        found = uow.disputes.get(where.rpartition("/")[2])
        assert found is not None
        pieces = {e.id: e.text for e in uow.evidence.of("E1")}
        return [pieces[i] for i in found.evidence]


def test_a_file_is_read_and_its_words_alone_are_kept(world: WritingWorld) -> None:
    ann = Visitor(world.app, "ann@example.org")
    ident = next(a.id for a in world.world.assertions("E1").values() if a.skill_id == "sql")
    report = pdf("I tuned every query of the warehouse.")
    opened = send(
        ann, "/disputes", ("plan.pdf", report), assertion=ident, reason="Too low.", evidence="The plan is mine."
    )
    assert opened.status_code == 303, opened.text
    where = opened.headers["location"]
    assert [t.strip() for t in added(world, where)] == ["The plan is mine.", "I tuned every query of the warehouse."]

    more = send(ann, f"{where}/evidence", ("notes.txt", "Wrote the \u202etests\u202c too.".encode()))
    assert more.status_code == 303
    assert added(world, where)[-1] == "Wrote the tests too."
    assert "Wrote the tests too." in ann.get(where)
    pasted = ann.send(f"{where}/evidence", evidence="And without a file, as ever.")
    assert pasted.status_code == 303

    for file, said in (
        (("tool.exe", b"MZ"), "is none of these"),
        (("scan.pdf", pdf("", "")), "scanned"),
        (("broken.pdf", b"%PDF-1.4 nonsense"), "damaged"),
        (None, "there is nothing to add"),
    ):
        wrong = send(ann, f"{where}/evidence", file)
        assert wrong.status_code == 422, said
        assert said in wrong.text
    huge = send(ann, f"{where}/evidence", ("big.txt", b"x" * (MOST_UPLOAD + 200_000)))
    assert huge.status_code == 413
    long = send(ann, f"{where}/evidence", ("long.txt", b"word " * 6000))
    assert long.status_code == 422
    assert len(added(world, where)) == 4


def test_a_file_from_another_site_or_session_does_nothing(world: WritingWorld) -> None:
    ann = Visitor(world.app, "ann@example.org")
    with world.app.units(write=False) as uow:
        where = f"/disputes/{uow.disputes.about('E1')[0].id}"
    before = added(world, where)
    files = {"file": ("a.txt", b"words")}
    for data, headers in (({"csrf": "0" * 64}, ORIGIN), ({"csrf": token_of(ann.secret)}, {"Origin": "https://evil"})):
        assert ann.client.post(f"{where}/evidence", data=data, files=files, headers=headers).status_code == 403
    two = [("file", ("a.txt", b"x")), ("file", ("b.txt", b"y"))]
    many = ann.client.post(f"{where}/evidence", data={"csrf": token_of(ann.secret)}, files=two, headers=ORIGIN)
    assert many.status_code == 422
    other = ann.client.post("/me/mails", data={"csrf": token_of(ann.secret)}, files=files, headers=ORIGIN)
    assert other.status_code == 415, "only where a form may have a file"
    assert added(world, where) == before


def test_overdue_ones_are_counted_and_say_before_whom_they_were_put(world: WritingWorld) -> None:
    was = world.world.clock.at
    world.world.clock.at += timedelta(days=31)
    try:
        assert len(world.app.escalate()) == 1
        assert world.app.escalate() == []
        lea, ann = Visitor(world.app, "lea@example.org", DATA), Visitor(world.app, "ann@example.org")
        listed = " ".join(re.sub(r"<[^>]+>", " ", lea.get("/disputes")).split())
        assert "1 is overdue , and comes first" in listed
        mine = ann.get("/me/disputes")
        assert '<span class="tag bad">overdue</span>' in mine
        where = next(w for w in re.findall(r'href="(/disputes/d[^"]+)"', mine))
        assert "was put before learning and development on" in ann.get(where)
    finally:
        world.world.clock.at = was
