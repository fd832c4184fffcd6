"""dispute open, list, show, add, withdraw, decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened, tell_left_out
from ascertain.domain.disputes import Outcome
from ascertain.domain.permission import Action

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.disputes import Dispute
    from ascertain.domain.permission import Principal
    from ascertain.domain.ports import UnitOfWork

app = typer.Typer(
    help="Contest what is said about a person's skills; nothing uses it until somebody else has decided.",
    no_args_is_help=True,
)

DisputeId = Annotated[str, typer.Argument(metavar="DISPUTE", help="Id out of `dispute list`, or its beginning.")]
Texts = Annotated[
    list[str] | None,
    typer.Option("--evidence", metavar="FILE|TEXT", help="What shows it: a file (text, PDF, Word, HTML) or words."),
]


@app.command("open")
def open_dispute(
    assertion: Annotated[str, typer.Argument(metavar="ASSERTION", help="Id out of `profile`, or its beginning.")],
    reason: Annotated[str, typer.Option("--reason", help="What is wrong, in the learner's own words.")],
    evidence: Texts = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Contest an assertion. It is frozen at once: no write-back, no message, no mentor, no coverage, no decision."""
    from ascertain.pipeline.disputes import contest
    from ascertain.pipeline.permit import permitted_assertion

    shown, texts = opened(), [_text(e) for e in evidence or []]
    who = asking(shown, actor)
    with shown.units() as uow:
        made = contest(
            uow,
            permitted_assertion(uow, who, Action.DISPUTE_OPEN, assertion).id,
            reason=reason,
            actor=who.name,
            clock=shown.clock,
            due_days=shown.policy.routing.dispute_due_days,
            masker=shown.masker(),
            texts=texts,
        )
        uow.commit()

    def render(c: Console) -> None:
        c.print(f"{made.id}: {made.assertion_id} is contested; an answer is due by {made.due_on}")

    emit(made, as_json, render)


@app.command("add")
def add(dispute: DisputeId, evidence: Texts = None, actor: Actor = None, as_json: AsJson = False) -> None:
    """Add evidence to an open dispute. It counts as the learner's own word until whoever decides confirms it."""
    from ascertain.errors import ConfigError
    from ascertain.pipeline.disputes import add_evidence

    if not evidence:
        raise ConfigError("there is nothing to add", remedy="give --evidence FILE or --evidence TEXT")
    shown, texts = opened(), [_text(e) for e in evidence]
    who = asking(shown, actor)
    with shown.units() as uow:
        found = _permitted(uow, who, Action.EVIDENCE_ADD, dispute)
        done = add_evidence(uow, found, texts, actor=who.name, clock=shown.clock, masker=shown.masker())
        uow.commit()
    emit(done, as_json, lambda c: c.print(f"{done.id}: {len(done.evidence)} pieces added"))


@app.command("list")
def list_disputes(
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    learner: Annotated[str | None, typer.Option(help="Only one learner (id or e-mail address).")] = None,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Disputes that wait for a decision, the first due first."""
    from ascertain.pipeline import views
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_learner, permitted_rows

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        person = permitted_learner(uow, who, Action.DISPUTE_READ, learner).id if learner else None
        found = uow.disputes.all() if everything else uow.disputes.open()
        asked = [d for d in found if person in (None, d.learner_id)]
        seen, left_out = permitted_rows(uow, who, Action.DISPUTE_READ, asked, lambda d: (d.learner_id, d.skill_id))
        today = shown.clock.today()
        rows = [views.dispute(d) | {"overdue": d.overdue(today)} for d in seen]
    note_access(shown.units, who.name, "disputes", [r["learner"] for r in rows])
    late = sum(r["overdue"] for r in rows)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("dispute", "who", "skill", "state", "due", "why", box=None)
        for r in rows:
            due = f"{r['due']} overdue" if r["overdue"] else r["due"]
            table.add_row(r["id"], r["learner"], r["skill"], r["state"], due, r["reason"])
        c.print(table if rows else "no disputes")
        if late:
            c.print(f"{late} overdue", style="red")

    emit({"disputes": rows, "overdue": late, "left_out": left_out}, as_json, render)
    tell_left_out(left_out)


@app.command("show")
def show(dispute: DisputeId, actor: Reader = None, as_json: AsJson = False) -> None:
    """A dispute with the evidence that was added, and the answer with its reason."""
    from ascertain.pipeline import views
    from ascertain.pipeline.access import note_access

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        found = _permitted(uow, who, Action.DISPUTE_READ, dispute)
        added = [e for e in uow.evidence.of(found.learner_id) if e.id in found.evidence]
        data = views.dispute(found) | {"overdue": found.overdue(shown.clock.today())}
    note_access(shown.units, who.name, "dispute", [found.learner_id])
    data["evidence"] = [{"id": e.id, "kind": e.kind.value, "text": e.text} for e in added]

    def render(c: Console) -> None:
        from ascertain.cli.render import dispute_line

        dispute_line(c, data["skill"], data)
        for e in data["evidence"]:
            c.print(f"  {e['id']} ({e['kind'].replace('_', ' ')}): {e['text']}", soft_wrap=True)

    emit(data, as_json, render)


@app.command("escalate")
def escalate(actor: Actor = None, as_json: AsJson = False) -> None:
    """Put disputes that are overdue before learning and development, each once. Sweeps and `notify` do it as well."""
    shown = opened()
    found = shown.escalate()

    def render(c: Console) -> None:
        for d in found:
            c.print(f"{d.id}: was due on {d.due_on}; put before {d.escalated_to}")
        if not found:
            c.print("no dispute is newly overdue")

    rows = [{"dispute": d.id, "due": d.due_on, "to": d.escalated_to} for d in found]
    emit({"escalated": rows}, as_json, render)


@app.command("withdraw")
def withdraw(dispute: DisputeId, actor: Actor = None, as_json: AsJson = False) -> None:
    """Take a dispute back: the learner, or whoever opened it. The assertion is again what it was."""
    from ascertain.pipeline.disputes import withdraw as take_back

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        found = _permitted(uow, who, Action.DISPUTE_OPEN, dispute)
        done = take_back(uow, found.id, actor=who.name, clock=shown.clock)
        uow.commit()
    emit(done, as_json, lambda c: c.print(f"{done.id}: {done.state.value}"))


@app.command("decide")
def decide(
    dispute: DisputeId,
    outcome: Annotated[
        Outcome, typer.Argument(help="uphold: it stands. amend: another --level. correct: it is taken back.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; the learner reads it.")],
    level: Annotated[int | None, typer.Option("--level", min=1, max=5, help="The right level, to amend.")] = None,
    confirm: Annotated[
        list[str] | None, typer.Option("--confirm", metavar="EVIDENCE", help="Added evidence that you have checked.")
    ] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Decide. Not the learner, nor whoever made the decision that is disputed. The learner sees who, what and why."""
    from ascertain.domain.skills import Level
    from ascertain.pipeline.disputes import decide as record

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        done = record(
            uow,
            _permitted(uow, who, Action.DISPUTE_DECIDE, dispute).id,
            outcome,
            reason=reason,
            actor=who.name,
            clock=shown.clock,
            level=Level(level) if level else None,
            confirmed=confirm or (),
        )
        uow.commit()
    emit(done, as_json, lambda c: c.print(f"{done.id}: {done.state.value} by {done.decided_by}"))


def _permitted(uow: UnitOfWork, who: Principal, action: Action, text: str) -> Dispute:
    from ascertain.pipeline.disputes import dispute_or_raise
    from ascertain.pipeline.permit import permitted_thing

    found = permitted_thing(uow, who, action, lambda: dispute_or_raise(uow, text))
    return found or dispute_or_raise(uow, text)


def _text(given: str) -> str:
    """The words, or the text of the file of that name."""
    from ascertain.connectors.evidence_file import text_of
    from ascertain.errors import InputError
    from ascertain.pipeline.disputes import MOST_CHARACTERS

    file = Path(given)
    try:
        if len(given) > 1000 or not file.is_file():
            return given
        body = file.read_bytes()
    except (OSError, ValueError) as e:
        raise InputError(f"cannot read {given!r}: {e}", field="evidence") from None
    return text_of(body, file.name, most_characters=MOST_CHARACTERS)
