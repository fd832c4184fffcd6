"""Draws what write-back shows. Values come from outside: what cannot be seen of them stands as a mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ascertain.domain.outbox import EFFECTIVE, OutboxItem, Switch, WritebackRun
from ascertain.domain.writeback_plan import Action
from ascertain.pipeline.write_back import Preview, WriteBack
from ascertain.pipeline.write_back_push import RunReport
from ascertain.pipeline.write_back_reconcile import Reconciliation

if TYPE_CHECKING:
    from rich.console import Console

_WORDS = {
    Action.WRITE: "write",
    Action.REMOVE: "remove",
    Action.SAME: "as it is",
    Action.LEFT: "left: not ours",
    Action.AWAITED: "not visible yet",
}


def text(value: str | None) -> str:
    """A value as it may be shown."""
    if value is None:
        return "(nothing)"
    return "".join(c if c.isprintable() else "�" for c in value) or "(empty)"


def preview_table(c: Console, found: Preview, desk: WriteBack) -> None:
    """The diff, a block a person and place."""
    for d in found.diffs:
        if not d.pending() and all(ch.action is Action.SAME for ch in d.changes):
            continue
        c.print(Text.assemble((d.name, "bold"), f"  {d.learner_id} → {d.account}"))
        for ch in d.changes:
            target = desk.desks[d.connection].target(ch.target)
            where = f"{target.caption} ({target.kind.value.replace('_', ' ')})" if target else ch.target
            c.print(f"  {where}: {_WORDS[ch.action]}")
            if ch.action is not Action.SAME:
                c.print(f"    − {text(ch.present)}", style="red")
            if ch.action in (Action.WRITE, Action.REMOVE):
                c.print(f"    + {text(ch.value)}", style="green")
            if ch.assertion_ids and ch.action is Action.WRITE:
                c.print(f"    rests on {', '.join(a[:8] for a in ch.assertion_ids)}", style="dim")
    same = sum(ch.action is Action.SAME for d in found.diffs for ch in d.changes)
    held = sum(map(len, found.held_back.values()))
    c.print(f"{found.changes} values to write, {same} as they should be, {held} assertions stay inside")
    if found.unreached:
        c.print(f"{len(found.unreached)} people have skills but no account to write to")
    for problem in found.problems:
        c.print(problem, style="red")


def reasons(rows: Iterable[OutboxItem]) -> dict[str, int]:
    """Why rows of a run did not do what they were for: how many, by state and reason, the most frequent first."""
    told = Counter(
        f"{r.state.value.replace('_', ' ')}: {r.error}" for r in rows if r.error and r.state not in EFFECTIVE
    )
    return dict(told.most_common())


def report_lines(c: Console, report: RunReport, why: Mapping[str, int]) -> None:
    """How far a run got, and why not further."""
    totals = ", ".join(f"{n} {s}" for s, n in report.totals.items())
    c.print(f"{report.run}: {totals or 'nothing'}")
    if report.paused:
        c.print("stopped: write-back is paused")
    elif not report.finished:
        c.print(f"not finished: `ascertain writeback push --run {report.run}` goes on with it")
    for reason, times in why.items():
        c.print(f"  {times} {reason}", style="yellow", soft_wrap=True)
    for problem in report.problems:
        c.print(problem, style="red")


def reconciliation_table(c: Console, found: Reconciliation) -> None:
    """What is not as it should be."""
    for d in found.differences:
        c.print(Text.assemble((d.finding.value, "bold"), f"  {d.learner_id} {d.account} {d.target}"))
        c.print(f"    written   {text(d.written)}   (run {d.run})")
        c.print(f"    there now {text(d.present)}")
        if d.expected != d.written:
            c.print(f"    should be {text(d.expected)}")
        for ident, why in d.reasons.items():
            c.print(f"    {ident[:8]} {why}", style="dim")
    c.print(f"{found.compared} values compared, {len(found.differences)} differ, {found.confirmed} became visible")
    for problem in found.problems:
        c.print(problem, style="red")


def runs_table(c: Console, runs: Sequence[WritebackRun], paused: Switch | None) -> None:
    """The runs."""
    if paused is not None:
        c.print(f"write-back is paused by {paused.actor}: {paused.reason}", style="yellow")
    table = Table("run", "kind", "started", "by", "finished", "rows", box=None, header_style="dim")
    for r in runs:
        totals = ", ".join(f"{n} {s}" for s, n in r.totals.items())
        kind = f"{r.kind.value} of {r.undoes}" if r.undoes else r.kind.value
        started = r.started_at.isoformat(" ", "minutes")[:16]
        table.add_row(r.id, kind, started, r.actor, "yes" if r.finished_at else "no", totals)
    c.print(table)


def run_table(c: Console, run: WritebackRun, rows: Sequence[OutboxItem]) -> None:
    """One run."""
    runs_table(c, [run], None)
    for r in rows:
        c.print(Text.assemble((r.state.value, "bold"), f"  {r.learner_id} {r.account} {r.target}"))
        c.print(f"    − {text(r.previous)}", style="red")
        c.print(f"    + {text(r.value)}", style="green")
        if r.error:
            c.print(f"    {r.error}", style="dim")
