"""The table of demands: complete, and each row says what shows it and where it stands."""

from __future__ import annotations

import re

from tests.unit.governance.pages import TRUST, named_tests, rows

KEYS = [
    *(f"A{n}" for n in range(1, 10)),
    *(f"G{n}" for n in range(1, 7)),
    *(f"U{n}" for n in range(1, 7)),
    *(f"S{n}" for n in range(1, 19)),
    *(f"N{n}" for n in range(1, 3)),
]
STATUS = re.compile(r"met|(?:partly|not|later): \w.{8,}")


def test_every_demand_has_its_row() -> None:
    assert [r["Key"] for r in rows(TRUST)] == KEYS


def test_every_row_says_where_it_stands() -> None:
    assert not [f"{r['Key']}: {r['Status']}" for r in rows(TRUST) if not STATUS.fullmatch(r["Status"])]


def test_nothing_is_called_met_without_a_test() -> None:
    bare = [
        r["Key"] for r in rows(TRUST) if r["Status"].startswith(("met", "partly")) and not named_tests(r["Shown by"])
    ]
    assert not bare
