"""A look at what the evidence says about the taxonomy: matters that code found, weighed by the stewardship crew, put up
for people to decide. A matter that was put up before is not asked about again; its counts are brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ascertain.domain.canonical import digest
from ascertain.domain.findings import Drop
from ascertain.domain.ports import CrewServices, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.spending import usage_of
from ascertain.domain.stewardship import Proposal, proposal_id
from ascertain.domain.weighing import Matter, StewardCrew, StewardFindings, Weighed
from ascertain.pipeline.stop import must_go_on
from ascertain.pipeline.taxonomy_steward import Steward

CREW = "stewardship"
"""Name of the crew, under which its usage is counted."""
AT_ONCE = 12
"""Matters that the crew is shown in one run."""


@dataclass(frozen=True, slots=True)
class Left:
    """A matter of which nothing is proposed, and why."""

    words: tuple[str, ...]
    people: int
    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """``proposals``: all that the evidence speaks for at present, also those that were put up before (``known`` of
    them); ``refused``: what agents said that did not stand up."""

    proposals: tuple[Proposal, ...]
    known: int
    left: tuple[Left, ...]
    refused: tuple[Drop, ...]


def look(
    units: UnitOfWorkFactory,
    find: Callable[[UnitOfWork], list[Matter]],
    steward: Callable[[UnitOfWork], Steward],
    crew: Callable[[], StewardCrew],
    services: Callable[[], CrewServices],
) -> Look:
    """Look once. Nothing is open to write while the crew thinks.

    Raises:
        Stopped: everything is stopped.
        BrainError: a brain failed; what was found to be proposed before stays.
    """
    with units(write=False) as uow:
        must_go_on(uow)
        found = find(uow)
        name = steward(uow).name
        known = {m.id: p for m in found if (p := _put_up(uow, name, m)) is not None}
    asked = [m for m in found if m.id not in known]
    findings = [crew().weigh(asked[i : i + AT_ONCE], services()) for i in range(0, len(asked), AT_ONCE)]
    weighed = {w.matter_id: w for f in findings for w in f.weighed}
    proposals: list[Proposal] = []
    left: list[Left] = []
    with units() as uow:
        desk = steward(uow)
        for m in found:
            if before := known.get(m.id):
                told = replace(m.support, reason=before.support.reason, note=before.support.note)
                proposals.append(desk.seen_again(before, told))
                continue
            made, why = _taken_up(desk, m, weighed.get(m.id))
            if made is not None:
                proposals.append(made)
            else:
                left.append(Left(m.words, m.support.people, why))
        if asked:
            _seal(uow, crew(), findings, len(asked), len(proposals) - len(known), desk.clock.today())
        uow.commit()
    return Look(tuple(proposals), len(known), tuple(left), tuple(d for f in findings for d in f.drops))


def _put_up(uow: UnitOfWork, name: str, m: Matter) -> Proposal | None:
    ids = [proposal_id(name, o.change) for o in m.options if o.change is not None]
    return next((p for i in ids if (p := uow.stewardship.get(i)) is not None), None)


def _taken_up(desk: Steward, m: Matter, w: Weighed | None) -> tuple[Proposal | None, str]:
    option = m.option(w.option_id) if w else None
    if w is None or option is None:
        return None, "the agents chose none of what was offered"
    if option.change is None:
        return None, w.reason or "the agents would leave it as it is"
    if not w.stands:
        return None, w.note or (", ".join(f.value.replace("_", " ") for f in w.flags) or "the critic did not judge it")
    note = "; ".join([*(f.value.replace("_", " ") for f in w.flags), *([w.note] if w.note else [])])
    made = desk.take_up(option.change, replace(m.support, reason=w.reason, note=note))
    return made, "" if made else "it does not fit the taxonomy"


def _seal(
    uow: UnitOfWork, crew: StewardCrew, findings: Sequence[StewardFindings], asked: int, made: int, today: date
) -> None:
    steps = [s for f in findings for s in f.steps]
    header = {
        "matters": asked,
        "proposed": made,
        "brain": crew.brain_version,
        "prompts": crew.prompts_version,
        "steps": [[s.agent, s.model, s.prompt_hash, s.output_hash, s.calls] for s in steps],
        "refused": sum(len(f.drops) for f in findings),
        "answers": digest([s.output for s in steps]),
    }
    uow.audit.append("taxonomy.weighed", actor="system", header=header)
    uow.usage.add(today, CREW, usage_of(steps))
