"""Which option a matter gets: the nearest skill where the term has its words or nearly its meaning, else a new skill;
for names and pairs, what the counts speak for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.domain.ports import CrewServices

_REASONS = {
    "synonym": "The term and the skill have the same words, or nearly the same meaning.",
    "new": "No skill of the taxonomy means the same, and several people's evidence names it.",
    "rename": "People use this form, and hardly the label.",
    "merge": "Whoever shows the one shows the other, in the same words.",
    "split": "Different people use the two names, and hardly anybody both.",
}


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """One choice for each matter."""
    choices = []
    for m in shown.get("taxonomy_matters", {}).get("matters", ()):
        option = _best(m["options"])
        reason = _REASONS[option["change"]["kind"]]
        choices.append({"matter_id": m["matter_id"], "option_id": option["option_id"], "reason": reason})
    return {"choices": choices}


def _best(options: list[dict[str, Any]]) -> dict[str, Any]:
    """The first that is near enough, or that needs no nearness. What is offered first is what counts speak for."""
    changing = [o for o in options if "kind" in o["change"]]
    return next((o for o in changing if o["near"] != "related"), changing[0])
