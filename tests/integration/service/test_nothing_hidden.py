"""Invisible characters in what is stored, past every cleaning: no page and no answer shows one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from ascertain.domain.text import visible
from tests.integration.service.matrix_world import Call, Caller, Matrix, matrix

HIDDEN = "\u200b\u202e\u2066\ufe0f\u2060\U000e0041\u00ad\u200f"
"""Zero width, turning round, isolating, a variation selector, a joiner, a tag, a soft hyphen, a mark of direction."""
PLANTED = (
    "Archer",
    "Baker",
    "Carver",
    "SQL",
    "Kubernetes",
    "Negotiation",
    "Analyst",
    "Not so",
    "good at",
    "first steps",
)
"""Words of names, titles, job titles, comments and texts, wherever a table has them; ids are in small letters."""
READERS = ("Ann with every role", "their manager", "the people partner here", "an auditor", "an administrator")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with matrix(tmp_path_factory.mktemp("hidden")) as found:
        places = plant(found)
        print(f"planted in {len(places)} columns: {', '.join(sorted(places))}")
        assert {"learners.name", "evidence.text", "evidence.title", "assertions.skill_label"} <= places
        yield found


def plant(world: Matrix) -> set[str]:
    """Put them into each of these words, in every column of every table but the trail's; the columns that had one."""
    found: set[str] = set()
    with closing(sqlite3.connect(world.file, timeout=30)) as connection:
        names = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in names:
            if table.startswith(("audit", "alembic")):
                continue  # nothing can be written there: see test_audit_tampering
            for column, kind in [(c[1], c[2]) for c in connection.execute(f'PRAGMA table_info("{table}")')]:
                if "TEXT" not in kind.upper() and "JSON" not in kind.upper() and "CHAR" not in kind.upper():
                    continue
                for word in PLANTED:
                    spoilt = word[:2] + HIDDEN + word[2:]
                    done = connection.execute(
                        f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?) WHERE instr("{column}", ?)',
                        (word, spoilt, word),
                    )
                    if done.rowcount:
                        found.add(f"{table}.{column}")
        connection.commit()
    return found


def test_no_page_and_no_answer_shows_what_cannot_be_seen(world: Matrix) -> None:
    shown: dict[str, set[str]] = {}
    wrong: list[str] = []
    for caller in [c for c in world.callers if c.name in READERS]:
        for call in [c for c in world.calls if c.reads]:
            answer = world.send(caller, call, world.world.ids)
            if answer.status_code >= 500 and answer.status_code != 503:
                wrong.append(f"{call.name}: {answer.status_code}")
            if left := sorted({f"U+{ord(c):04X}" for c in answer.text if c in HIDDEN}):
                wrong.append(f"{call.name} as {caller.name}: {left}")
            words = {w for w in PLANTED if w in answer.text}
            if words and answer.status_code == 200:
                shown.setdefault(call.name, set()).update(words)
    pages = [n for n in shown if not n.startswith("GET /v1/")]
    print(
        f"{len(pages)} pages and {len(shown) - len(pages)} answers of the API showed planted words, 0 hidden characters"
    )
    assert not wrong, "\n".join(wrong)
    assert len(pages) >= 12, "they have to show these words at all"
    assert {"GET /learners/{learner}", "GET /team", "GET /me", "GET /me/export.{form}"} <= set(shown)


def test_what_a_form_says_back_shows_none_either(world: Matrix) -> None:
    """Errors and messages repeat what was typed."""
    tried = 0
    for caller in [c for c in world.callers if c.name in READERS]:
        for call in [c for c in world.calls if not c.reads and c.page]:
            answer = typed(world, caller, call)
            assert not set(answer) & set(HIDDEN), call.name
            tried += 1
    assert tried >= 30


def typed(world: Matrix, caller: Caller, call: Call) -> str:
    ids = {k: v if k in call.parameters else f"no{HIDDEN}thing" for k, v in world.world.ids.items()}
    return str(world.send(caller, call, ids).text)


def test_each_of_them_is_hidden() -> None:
    assert visible(f"a{HIDDEN}b") == "ab"
