"""The prompts as a model gets them, rendered by CrewAI. ``python -m tests.crews.golden`` writes ``golden/*.txt`` anew.

Whoever changes a word of a prompt, a tool's description or a schema sees in the diff what models will be told, and
runs `ascertain rehearse --prompts` before it is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PrivateAttr

from agents.brains.base import Message, Thought
from agents.brains.embedded import EmbeddedBrain
from agents.brains.endpoint import strict_schema
from ascertain.prompts import read_prompts
from crews.roster import LEARNER
from crews.run import run
from tests.crews import world
from tools.desk import CaseDesk

FOLDER = Path(__file__).parent / "golden"


class ListeningBrain(EmbeddedBrain):
    """Keeps the first thing that it is told."""

    _heard: dict[str, str] = PrivateAttr()

    def __init__(self, *, heard: dict[str, str], **data: Any) -> None:
        super().__init__(**data)
        self._heard = heard

    def think(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], schema: type[BaseModel] | None
    ) -> Thought:
        self._heard.setdefault(self.role, _told(messages, tools, schema))
        return super().think(messages, tools, schema)


def rendered() -> dict[str, str]:
    """By role, all that an agent is told before it has seen anything of a case."""
    heard: dict[str, str] = {}
    reach = world.services()
    run(
        CaseDesk(world.case(), reach),
        LEARNER,
        read_prompts(),
        lambda role: ListeningBrain(role=role, services=reach, heard=heard),
        name="learner",
    )
    return heard


def _told(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], schema: type[BaseModel] | None) -> str:
    parts = [f"=== {m['role']}\n{m['content']}" for m in messages]
    for t in tools:
        f = t["function"]
        parameters = json.dumps(f["parameters"], sort_keys=True, ensure_ascii=False)
        parts.append(f"=== tool {f['name']}\n{f['description']}\n{parameters}")
    if schema is not None:
        parts.append(f"=== answer\n{json.dumps(strict_schema(schema), indent=1, ensure_ascii=False)}")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for role, text in rendered().items():
        (FOLDER / f"{role}.txt").write_text(text, encoding="utf-8")
        print(FOLDER / f"{role}.txt")


if __name__ == "__main__":
    main()
