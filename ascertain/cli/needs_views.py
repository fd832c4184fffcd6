"""Development needs and suppositions, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

ROWS = 10


def needs_table(c: Console, found: dict[str, Any]) -> None:
    """What people need most, with why."""
    from rich.table import Table

    if not found["needs"]:
        c.print("nobody here has a role with requirements and was assessed")
        return
    cover = found["coverage"]
    c.print(
        f"{found['assessed']} of {found['people']} people: the evidence covers {cover['point']:.0%} of what their roles"
        f" ask (between {cover['low']:.0%} and {cover['high']:.0%})"
    )
    table = Table("need", "first", "missing", "range", "of all", "why", box=None)
    for n in found["needs"][:ROWS]:
        low, high = n["range"]
        why = n["reasons"][0] if n["reasons"] else ""
        table.add_row(n["label"], n["act"], f"{n['weighted']:.2f}", f"{low:.2f}-{high:.2f}", f"{n['share']:.0%}", why)
    c.print(table)
    if len(found["needs"]) > ROWS:
        c.print(f"… and {len(found['needs']) - ROWS} more")


def supposed(c: Console, found: dict[str, Any]) -> None:
    """Before and after."""
    from rich.table import Table

    c.print(f"What if: {found['what']}", style="bold")
    c.print(found["said"])
    table = Table("", "expected", "range", box=None)
    for name in ("before", "after"):
        row = found[name]
        table.add_row(name, f"{row['point']:.1%}", f"{row['low']:.1%} to {row['high']:.1%}")
    c.print(table)
    if found["changes"]:
        table = Table("skill", "people", "missing before", "after", "range", box=None)
        for row in found["changes"][:ROWS]:
            after = row["after"]
            table.add_row(
                row["label"],
                str(row["people"]),
                f"{row['before']:.2f}",
                f"{after['point']:.2f}",
                f"{after['low']:.2f}-{after['high']:.2f}",
            )
        c.print(table)
    c.print(found["note"])
