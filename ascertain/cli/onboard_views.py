"""How plans of the first 90 days look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {"open": "·", "done": "✓", "skipped": "–"}
KINDS = {"course": "course", "task": "task", "meet": "meet", "check_in": "check-in", "goal": "goal"}


def list_table(c: Console, rows: list[dict[str, Any]]) -> None:
    """Plans, one a line."""
    from rich.table import Table

    table = Table("plan", "who", "starts", "state", "done", "late", box=None)
    for r in rows:
        done = f"{r['done']} of {r['total']}" if r["total"] else "–"
        table.add_row(
            r["id"], f"{r['name']} ({r['learner']})", r["starts_on"], r["state"], done, str(r["overdue"] or "")
        )
    c.print(table if rows else "nobody has a plan (`onboard plan PERSON`)")


def show_plan(c: Console, data: dict[str, Any]) -> None:
    """A plan by phase."""
    from rich.table import Table
    from rich.text import Text

    c.print(
        f"{data['name']} as {data['role_title']}: {data['state']}, version {data['version']}, "
        f"{data['starts_on']} to {data['ends_on']}, {data['hours_per_week']:g} h of learning a week  ({data['id']})",
        soft_wrap=True,
    )
    for words in [data["problem"], data["summary"], *data["told"]]:
        if words:
            c.print(words, soft_wrap=True)
    for phase in data["progress"]:
        rows = [m for m in data["milestones"] if m["phase"] == phase["phase"]]
        if not rows:
            continue
        hours = f", {phase['hours']:g} h of courses" if phase["hours"] else ""
        c.print(f"by day {phase['phase']}: {phase['done']} of {phase['total']} done{hours}", style="bold")
        table = Table("", "id", "due", "what", "", "done when", box=None, show_header=False)
        for m in rows:
            with_whom = f" with {m['colleague_name']}" if m["colleague_name"] else ""
            late = Text("late ", style="red") if m["overdue"] else Text("")
            what = Text.assemble(late, f"{m['title']}{with_whom}")
            shown = "✓ confirmed" if m["reached"] and m["kind"] == "goal" else m["evidence"]
            table.add_row(MARKS[m["state"]], m["id"], m["due_on"], KINDS[m["kind"]], what, shown)
        c.print(table)
    for m in data["milestones"]:
        if m["remark"]:
            c.print(
                f"look at {m['id']} ({m['remark']['flag'].replace('_', ' ')}): {m['remark']['note']}", soft_wrap=True
            )
    for words in data["left_out"]:
        c.print(words, soft_wrap=True)
    for v in data["versions"][1:]:
        c.print(f"version {v['version']} by {v['by']}, “{v['reason']}”: {'; '.join(v['changes'])}", soft_wrap=True)
    for said in data["comments"]:
        about = f" on {said['milestone']}" if said["milestone"] else ""
        c.print(f"{said['by']}{about}: “{said['words']}”", soft_wrap=True)


def show_progress(c: Console, data: dict[str, Any]) -> None:
    """Figures by phase, and what they say."""
    from rich.table import Table

    table = Table("by day", "done", "skipped", "late", "hours", box=None)
    for p in data["progress"]:
        hours = f"{p['hours_done']:g} of {p['hours']:g}"
        table.add_row(str(p["phase"]), f"{p['done']} of {p['total']}", str(p["skipped"]), str(p["overdue"]), hours)
    c.print(table)
    for words in data["told"]:
        c.print(words, soft_wrap=True)
