"""How it is shown what a model added to what the rules find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ascertain.domain.canonical import plain

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.pipeline.beside import Addition

KINDS: Mapping[str, str] = {
    "implied": "skills read into words that do not name them",
    "picks": "other skills for the same words",
    "left": "quotes with fewer skills",
    "quotes": "other quotes",
    "ranks": "needs in another place",
    "reasons": "reasons in other words",
    "plan": "another path",
    "verdicts": "other verdicts",
    "notes": "notes for a human",
}


def addition_json(found: Addition) -> dict[str, Any]:
    """As JSON."""
    return dict(plain(found))


def addition_view(c: Console, found: Addition) -> None:
    """In words, kind by kind."""
    if not found.asked:
        c.print("This run asked no model: there is nothing beside the rules.", soft_wrap=True)
        return
    c.print(f"Beside the rules, on the same records, {', '.join(found.brains)}:", soft_wrap=True, markup=False)
    for kind, words in KINDS.items():
        if not (number := found.counts.get(kind, 0)):
            continue
        c.print(f"{number} {words}", style="bold", markup=False)
        for line in (x for x in found.lines if x.kind == kind):
            quote = f" “{line.quote}”" if line.quote else ""
            why = f": {line.why}" if line.why else ""
            c.print(f"  {line.what}{quote}{why}", soft_wrap=True, markup=False)
    if left := found.counts.get("unquoted", 0):
        c.print(f"{left} quotes of the rules were left out", markup=False)
    if not any(found.counts.values()):
        c.print("nothing: the rules find the same")
