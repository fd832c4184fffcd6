"""`ascertain person export` against the database, table by table: whatever names the person is in the JSON and on the
page, and nothing of anybody else's."""

from __future__ import annotations

import contextlib
import html
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from ascertain.domain.rights_requests import RequestKind
from ascertain.pipeline import rights_requests
from tests.integration.command import call, granted
from tests.integration.service.api_world import ApiWorld, served_world

ANN, BOB = "E1", "E2"
Rows = dict[str, list[dict[str, Any]]]
APART = {"audit_records", "person_keys", "alembic_version", "revisions"}
"""The chain has a part of its own in the copy; a key is no information; the schema's version is nobody's."""
THROUGH = {"run_documents": ("run_id", "runs", "id")}
"""Tables that name a person through another one: their column, that table, and its key."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiWorld]:
    with served_world(tmp_path_factory.mktemp("export")) as found:
        app = found.app
        with app.units() as uow:
            ann = uow.people.get(ANN)
            assert ann is not None
            uow.people.link("lms:user:u-1", ANN)
            uow.people.link("lms:user:u-2", BOB)
            kind = RequestKind.RESTRICTION
            rights_requests.ask(uow, ann, kind, field="", value="", words="Wait.", actor="ann", clock=app.clock)
            uow.commit()
        yield found


@pytest.fixture(scope="module")
def copy(world: ApiWorld, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """What the command wrote: the JSON and the page."""
    home, out = world.app.settings.home_dir, tmp_path_factory.mktemp("copy") / "ann"
    granted(home, "zoe", "hrbp", "--population", "all")
    answer = call("person", "export", ANN, "--out", str(out), "--as", "zoe", home=home)
    assert answer.code == 0, answer
    return json.loads((out / "person.json").read_text()), (out / "person.html").read_text()


def stored(world: ApiWorld) -> tuple[Rows, Rows]:
    """By table, as SQLite has them: the person's rows, and everybody else's. Nothing of the product reads here."""
    mine: Rows = {}
    others: Rows = {}
    with closing(sqlite3.connect(world.app.settings.home_dir / "ascertain.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        names = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        every = {n: [dict(r) for r in connection.execute(f'SELECT * FROM "{n}"')] for n in names if n not in APART}
    for name, rows in every.items():
        for row in rows:
            whose = owner(name, row, every)
            if whose is not None:
                (mine if whose == ANN else others).setdefault(name, []).append(row)
    return mine, others


def owner(name: str, row: Mapping[str, Any], every: Rows) -> str | None:
    if name == "learners":
        return str(row["id"])
    if name in THROUGH:
        column, table, key = THROUGH[name]
        return next(owner(table, r, every) for r in every[table] if r[key] == row[column])
    found = row.get("learner_id")
    return str(found) if found is not None else None


def leaves(value: Any) -> Iterator[str]:
    """Every text and number in it, of JSON columns too; not the names of fields."""
    if isinstance(value, str) and value[:1] in "[{":
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, Mapping):
        for v in value.values():
            yield from leaves(v)
    elif isinstance(value, list):
        for v in value:
            yield from leaves(v)
    elif isinstance(value, bool):
        yield str(int(value))
    elif isinstance(value, int | float):
        yield f"{value:.6g}"
    elif isinstance(value, str) and value:
        yield value


def words(value: Any) -> list[str]:
    """As they can be compared: databases have no truth values, and times are written in several forms."""
    return sorted(w for w in leaves(value) if w not in ("0", "1") and not re.match(r"\d{4}-\d\d-\d\d", w))


def test_each_row_of_each_table_that_names_the_person_is_in_the_copy(
    world: ApiWorld, copy: tuple[dict[str, Any], str]
) -> None:
    held, (mine, _) = copy[0]["held"], stored(world)
    mine["accesses"] = mine["accesses"][: len(held["accesses"])]  # the export itself was noted
    compared = 0
    for name, rows in mine.items():
        columns = set(rows[0]) & set(held.get(name, [{}])[0])
        binary = {k for r in rows for k, v in r.items() if isinstance(v, bytes)}
        assert columns == set(rows[0]) - binary, f"{name}: columns are missing in the copy"
        wanted = sorted(words({k: r[k] for k in columns}) for r in rows)
        assert sorted(words(r) for r in held[name]) == wanted, name
        compared += len(rows)
    print(f"{len(mine)} tables name the person, {compared} rows compared")
    assert len(mine) >= 12
    assert {"assertions", "review_items", "disputes", "assignments", "evidence", "runs", "run_documents"} <= set(mine)


def test_the_page_has_them_too(copy: tuple[dict[str, Any], str]) -> None:
    data, page = copy
    for name, rows in data["held"].items():
        section = page.partition(f'id="{name}"')[2].partition("<section")[0]
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", section)).split())
        text = re.sub(r"\d+\.\d+(e-?\d+)?", lambda m: f"{float(m[0]):.6g}", text)
        for row in rows:
            for word in words(row):
                assert " ".join(word.split()) in text, f"{name}: {word!r} is not on the page"


def test_no_row_of_anybody_else_is_in_the_copy(world: ApiWorld, copy: tuple[dict[str, Any], str]) -> None:
    data, page = copy
    mine, others = stored(world)
    known = {w for rows in mine.values() for r in rows for w in leaves(r)}
    kept = json.dumps(data["held"], ensure_ascii=False)
    strange = 0
    for name, rows in others.items():
        for row in rows:
            own = {w for w in leaves({k: row[k] for k in row if k in IDS}) if len(w) > 7} - known
            for word in own:
                strange += 1
                assert f'"{word}"' not in kept, f"{name}: {word} is somebody else's"
                assert word not in page, f"{name}: {word} is somebody else's"
    for name in ("Bob Baker", "bob@example.org", "Eva Ember"):
        assert name not in kept
    assert strange > 10


IDS = {"id", "run_id", "assertion_id", "evidence_id", "origin", "ref", "fingerprint", "text", "email"}
