"""Task of the taxonomy critic: flags on the changes that were chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.weighing import Flag
from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.steward_desk import StewardDesk
from tools.stewardship import CHECKING

NAME = "judge_changes"
MAX_NOTE = 300


class Judgement(BaseModel):
    """What the critic says of one change."""

    matter_id: str
    flags: list[str] = Field(description="Of: not_a_skill, trait, too_wide, too_narrow, already_there. Or empty.")
    note: str = Field(default="", description="What a human should look at, or an empty text.")


class Answer(BaseModel):
    """What the taxonomy critic answers."""

    judgements: list[Judgement]


def build(agent: Agent, desk: StewardDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(CHECKING, desk, Answer, accept))


def accept(desk: StewardDesk, answer: Answer) -> dict[str, Any]:
    """Put flags and notes on what was chosen. All flags for one change count: the critic can only hold back."""
    proposed = {m.id for m, _, _ in desk.proposed()}
    flags: dict[str, set[Flag]] = {}
    notes: dict[str, list[str]] = {}
    for j in answer.judgements:
        if j.matter_id not in proposed:
            desk.drop(CHECKING, j.matter_id, "no such change")
            continue
        mine = flags.setdefault(j.matter_id, set())
        for f in j.flags:
            if f in set(Flag):
                mine.add(Flag(f))
            else:
                desk.drop(CHECKING, f"{j.matter_id}: {f}", "no such flag")
        if note := plain_words(desk, CHECKING, "note", j.note, limit=MAX_NOTE):
            notes.setdefault(j.matter_id, []).append(note)
    order = list(Flag)
    desk.weighed = tuple(
        replace(
            w,
            judged=w.matter_id in flags,
            flags=tuple(sorted(flags.get(w.matter_id, ()), key=order.index)),
            note=next(iter(notes.get(w.matter_id, ())), ""),
        )
        for w in desk.weighed
    )
    return {"judgements": [[w.matter_id, [f.value for f in w.flags], w.note] for w in desk.weighed if w.judged]}
