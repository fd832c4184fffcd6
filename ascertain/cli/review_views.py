"""How the reviewer's desk looks in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ascertain.cli.render import dots
from ascertain.domain.review_watch import Quality, Share
from ascertain.pipeline.review_bulk import Batch
from ascertain.pipeline.review_desk import Decided, Question, Shown, Suggestion
from ascertain.pipeline.review_watch import Thresholds
from ascertain.pipeline.review_writes import Written

if TYPE_CHECKING:
    from rich.console import Console


def question_view(c: Console, q: Question) -> None:
    """The evidence, what the role asks, and why a human decides; no level and no confidence of the machine's."""
    c.print(Text(f"{q.name} → {q.label}", style="bold") + Text(f"   {q.item_id}"))
    if q.definition:
        c.print(q.definition, style="dim")
    late = ", overdue" if q.overdue else ""
    c.print(
        f"Priority {q.priority}, due {q.due_on}{late}, waits for {q.assignee}. Why a human: {'; '.join(q.reasons)}."
    )
    if q.asked is not None:
        marks = [w for w, yes in (("critical", q.asked.critical), ("compliance", q.asked.compliance)) if yes]
        c.print(
            f"The role {q.role} asks for level {int(q.asked.level)}"
            + (f" ({', '.join(marks)})" if marks else "")
            + (f": {q.asked.why}" if q.asked.why else ".")
        )
    else:
        c.print(f"The role {q.role} does not ask for it." if q.role else "No role asks for it.")
    c.print(evidence_table(q.evidence))
    c.print(f"Now judge: ascertain review show {q.item_id} --my-level 0 to 5 (0: the evidence shows none)", style="dim")


def evidence_table(evidence: Sequence[Shown]) -> Table:
    """One row a piece; what speaks against it is marked."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("on", "for", "outcome", "what", "quote"):
        table.add_column(name, no_wrap=name in ("on", "for"))
    for e in evidence:
        table.add_row(
            e.on.isoformat() if e.on else "undated",
            Text("for" if e.supports else "against", style="green" if e.supports else "red"),
            e.outcome,
            Text(f"{e.kind.replace('_', ' ')} ({e.system}): {e.title}"),
            Text(f"“{e.quote}”"),
        )
    return table


def suggestion_view(c: Console, s: Suggestion, writes: Sequence[Written], problem: str) -> None:
    """The suggestion beside one's own judgement, and the very text that accepting would write."""
    level = "no level" if s.level is None else f"level {int(s.level)} {dots(int(s.level))}"
    sure = "" if s.confidence is None else f" with confidence {s.confidence:.2f}"
    c.print(f"You: {f'level {s.own_level}' if s.own_level else 'none'}. Suggested: {level}{sure}.")
    if problem:
        c.print(f"What accepting would write cannot be told now: {problem}")
    elif not writes:
        c.print("Accepting writes nothing into another system, as write-back is set up.")
    for w in writes:
        c.print(f"Accepting writes into {w.connection}, {w.account}, {w.target}:")
        c.print(Text(w.value), soft_wrap=True)
    c.print(f'ascertain review decide {s.item_id} accept|adjust|reject|more_evidence --reason "…"', style="dim")


def decided_lines(c: Console, done: Decided) -> None:
    """What was decided; and the disclosure where nothing was."""
    i = done.item
    what = i.decision.value.replace("_", " ") if i.decision else ""
    c.print(f"{i.id}: {what} by {i.decided_by}: {i.decision_reason}" + (f"; needed: {i.needs}" if i.needs else ""))
    if done.was_check:
        answer = f"level {done.truth}" if done.truth else "none"
        c.print(
            "This one only shows how reviews are made: nothing was decided or written about the person."
            + (" The suggestion had been raised on purpose." if done.altered else "")
            + f" Answer on record: {answer}."
        )


def batch_table(c: Console, found: Batch) -> None:
    """The list that can be decided at once."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("item", "who", "on", "outcome", "quote"):
        table.add_column(name, no_wrap=name in ("item", "on"))
    for line in found.lines:
        for n, e in enumerate(line.evidence):
            on = e.on.isoformat() if e.on else "undated"
            first = (line.item_id, line.name) if n == 0 else ("", "")
            table.add_row(*first, on, e.outcome, Text(f"“{e.quote}”"))
    c.print(table)
    for why, n in found.left_out.items():
        c.print(f"{n} left out: {why}", style="dim")
    if found.lines:
        c.print(f"{len(found.lines)} can be decided at once: --list {found.token} --my-level N --reason …")
    else:
        c.print("nothing can be decided at once")


def _share(s: Share) -> str:
    if s.interval is None:
        return "none yet"
    return f"{s.of}/{s.n} ({s.interval[0]:.0%}-{s.interval[1]:.0%})"


def quality_table(c: Console, found: Sequence[Quality]) -> None:
    """Figures of each reviewer, with the alarms under them."""
    for q in found:
        c.print(Text(q.reviewer, style="bold") + Text(f"   {q.decisions} decisions in this quarter"))
        c.print(f"  known items right       {_share(q.known)}")
        c.print(f"  agrees with a second    {_share(q.second)}")
        c.print(f"  accepts as suggested    {_share(q.accepted)}; others {_share(q.pool)}")
        c.print(f"  gave way to the number  {_share(q.gave_way)}")
        seconds = "unknown" if q.median_seconds is None else f"{q.median_seconds:.0f} s"
        c.print(f"  faster than reading     {_share(q.fast)}; half take less than {seconds}")
        for alarm in q.alarms:
            c.print(Text(f"  ALARM {alarm}", style="red"))
    if not found:
        c.print("nobody has decided anything in this quarter")


def thresholds_view(c: Console, found: Thresholds) -> None:
    """What the decisions propose; nothing is applied."""
    for name, p, key in (
        ("without opinions", found.plain, "accept_from"),
        ("with a colleague's opinion", found.sensitive, "sensitive_accept_from"),
    ):
        now = p.at_present
        c.print(Text(name, style="bold"))
        c.print(f"  in force: {p.present:.2f} for a target of {p.target:.0%}; {now.wrong} of {now.n} were wrong")
        if p.threshold is None:
            c.print(f"  no proposal: {p.why}")
        else:
            c.print(f"  proposed: {p.threshold:.2f} ({p.why}); to use it: routing.{key} in the policy")
    for why, n in found.left_out.items():
        if n:
            c.print(f"{n} not counted: {why}", style="dim")
    c.print("Only what was put before a human is counted, and that is not a random draw (docs/review.md).", style="dim")
