"""Draws read models on a terminal. Colour never carries meaning alone: each cell has text too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.columns import Columns
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ascertain.domain.calibration import named
from ascertain.domain.gaps import GapStatus

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.pipeline.explain import Receipt
    from ascertain.pipeline.ingest_report import SyncReport
    from ascertain.pipeline.tagging import TagReport

Json = dict[str, Any]

STATE_STYLE = {
    "accepted": "green",
    "in_review": "yellow",
    "rejected": "red",
    "not_enough_evidence": "dim",
    "contested": "magenta",
}
HEAT_WIDTH = 9
LEVEL_NAMES = {1: "awareness", 2: "foundation", 3: "practitioner", 4: "advanced", 5: "expert"}


def dots(level: int | None) -> str:
    """The five-level scale as dots."""
    return "·····" if level is None else "●" * level + "○" * (5 - level)


def bar(value: float | None, width: int = 10) -> str:
    """A share as a bar; nothing for "not enough evidence"."""
    if value is None:
        return " " * width
    filled = round(value * width)
    return "█" * filled + "░" * (width - filled)


def fitted(c: Console, rows: Sequence[Json], *, wide: Sequence[str], spare: Mapping[str, int]) -> Table:
    """A table that fits the terminal: ``spare`` columns need a terminal of that width; only ``wide`` ones may wrap."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    names = [n for n in (rows[0] if rows else {}) if c.width >= spare.get(n, 0)]
    for name in names:
        table.add_column(name, no_wrap=name not in wide, min_width=16 if name in wide else None)
    for row in rows:
        table.add_row(*(row[n] for n in names))
    return table


HEAT = {
    GapStatus.UNKNOWN: "black on grey70",
    GapStatus.NOT_SHOWN: "black on plum2",
    GapStatus.MET: "black on green",
    GapStatus.LIKELY_MET: "black on dark_sea_green2",
    GapStatus.UNSURE: "black on yellow",
    GapStatus.BELOW: "white on red3",
    GapStatus.CONTESTED: "black on magenta",
}
"""Background of a heat-map cell, by the status that the domain gave it."""


def sync_table(c: Console, report: SyncReport, tags: TagReport) -> None:
    """What a sync brought."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("connection")
    table.add_column("what")
    for name in ("pulled", "new", "changed", "unchanged", "idle", "quarantined"):
        table.add_column(name, justify="right")
    for row in report.entities:
        figures = (row.pulled, row.new, row.changed, row.unchanged, row.idle, row.quarantined)
        table.add_row(row.connector, row.entity.value, *(str(n) if n else "·" for n in figures))
    c.print(table)
    for row in report.entities:
        for warning in row.warnings:
            c.print(f"{row.connector} {row.entity.value}: {warning}", style="yellow", soft_wrap=True)
        if row.error:
            c.print(f"{row.connector} {row.entity.value}: {row.error}", style="red", soft_wrap=True)
            c.print(
                f"  remedy: {row.remedy}" if row.remedy else "  what came before it is stored; sync again",
                soft_wrap=True,
            )
    c.print(f"{tags.contents} catalogue items mapped to skills: {tags.tags} tags, {tags.untaught} items without any")


def profile_view(c: Console, data: Json, *, limit: int | None = None) -> None:
    """A learner's skills with their evidence."""
    who = data["learner"]
    c.print(Text(f"{who['name']}", style="bold") + Text(f"  {who['job_title']}, {who['department']}  ({who['id']})"))
    if data["run"] is None:
        c.print("not assessed yet: ascertain assess --learner " + who["id"])
        return
    enough = [s for s in data["skills"] if s["confidence"] is not None]
    rows = [
        {
            "skill": s["label"],
            "level": dots(s["level"]),
            "confidence": f"{bar(s['confidence'])} {s['confidence']:.2f}",
            "90 % interval": f"{s['interval'][0]:.2f}-{s['interval'][1]:.2f}",
            "evidence": f"{s['amount_of_evidence']:.1f} ({len(s['evidence'])})",
            "state": Text(s["state"].replace("_", " "), style=STATE_STYLE.get(s["state"], "")),
            "assertion": s["id"][:8],
        }
        for s in enough[:limit]
    ]
    c.print(fitted(c, rows, wide=("skill",), spare={"90 % interval": 110, "evidence": 110}))
    if limit is not None and len(enough) > limit:
        c.print(f"… and {len(enough) - limit} more", style="dim")
    for s in data["skills"]:
        if s["dispute"]:
            dispute_line(c, s["label"], s["dispute"])
    for o in data.get("left_out", []):
        c.print(f"not for decisions: {o['label']}: {o['why']}", style="dim")
    thin = [s["label"] for s in data["skills"] if s["confidence"] is None]
    if thin:
        c.print(Text("not enough evidence yet (which is not zero skill): ", style="dim") + Text(", ".join(thin)))
    for note in data["notes"].get("withheld", []):
        c.print(f"withheld: {note}", style="dim")
    for note in data["notes"].get("contradictions", []):
        c.print(f"contradiction: {note}", style="yellow")


def dispute_line(c: Console, label: str, d: Json) -> None:
    """What the learner says about a skill, and what became of it."""
    line = Text(f"{label}: {'contested' if d['state'] == 'open' else d['state']}, “{d['reason']}”", style="magenta")
    if d["state"] == "open":
        line.append(f" ({d['id']}, due {d['due']})")
    elif d["decision_reason"]:
        line.append(f" → {d['decided_by']}: “{d['decision_reason']}”")
    c.print(line, soft_wrap=True)


def evidence_view(c: Console, skill: Json) -> None:
    """The evidence behind one skill."""
    for e in skill["evidence"]:
        sign = Text("+", style="green") if e["supports"] else Text("−", style="red")
        score = "" if e["score"] is None else f", {e['score']:.0%}"
        failed = ", failed" if e["passed"] is False else ""
        c.print(
            Text.assemble(
                "  ",
                sign,
                f" {e['on'] or 'undated'}  {e['kind'].replace('_', ' ')} ({e['system']}{score}{failed})  ",
                (f"“{e['quote']}”", "italic"),
            ),
            soft_wrap=True,
        )


def gaps_view(c: Console, data: Json, *, limit: int | None = None) -> None:
    """One learner's gaps as ranges."""
    who = data["learner"]
    if not data["gaps"]:
        c.print(f"{who['name']}: no gaps to show ({'no job profile' if data['role'] is None else 'no requirements'})")
        return
    cover, role = data["coverage"], data["role_title"] or data["role"]
    contested = any(g["contested"] is not None for g in data["gaps"])
    if cover is None:
        c.print(f"{who['name']} for {role}: everything that it asks is contested")
    else:
        c.print(
            f"{who['name']} for {role}: the evidence covers {cover['point']:.0%} "
            f"of what the role asks (between {cover['low']:.0%} and {cover['high']:.0%})"
            + (", leaving out what is contested" if contested else "")
        )
    rows = [
        {
            "skill": g["label"],
            "asked": dots(g["required"]),
            "shown": dots(g["current"]),
            "P(below)": Text(" – " if g["p_below"] is None else f" {g['p_below']:.2f} ", style=HEAT[g["status"]]),
            "range": "" if g["range"] is None else f"{g['range'][0]:.2f}-{g['range'][1]:.2f}",
            "importance": f"{g['importance']:.1f}" + (" essential" if g["essential"] else ""),
            "in words": g["status"],
            "why": g["reason"],
        }
        for g in data["gaps"][:limit]
    ]
    c.print(fitted(c, rows, wide=("skill", "why"), spare={"why": 150, "importance": 100}))


RELIEFS = 3
"""Of the limits that could be loosened, so many are told."""


def _standing(step: Json) -> Json:
    """Where a step of an approved path stands."""
    return {"by": step["due"], "state": step["state"]}


def path_view(c: Console, data: Json) -> None:
    """One learner's path."""
    plan = data["plan"]
    who = data["learner"]
    if plan is None or not plan["steps"]:
        c.print(f"{who['name']}: no path ({plan['binding'] if plan else 'not assessed, or no job profile'})")
        return
    c.print(
        f"{who['name']}: {plan['label']}, {plan['hours']:.1f} h, closes {plan['closure']:.2f} of the weighted gap "
        f"({plan['status']}, bound {plan['bound']:.2f})"
    )
    stands = {s["content_id"]: s for s in data.get("progress", {}).get("steps", ())}
    approved = data.get("progress", {}).get("approved", False)
    rows = [
        {
            "weeks": f"{s['start_week']:.1f}-{s['end_week']:.1f}",
            "item": s["title"] + (" (external)" if s.get("external") else ""),
            "hours": f"{s['hours']:.1f}",
            "for": ", ".join(s["skills"]),
            **(_standing(stands[s["content_id"]]) if approved else {}),
            "why": s["reason"],
        }
        for s in plan["steps"]
    ]
    c.print(fitted(c, rows, wide=("item", "for", "why"), spare={"why": 130, "by": 110}))
    c.print(f"what limits it: {plan['binding']}")
    for relief in plan.get("reliefs", ())[:RELIEFS]:
        c.print(f"  {relief['words']}")
    if (a := data["approval"]) is not None:
        by = f" by {a['decided_by']}: {a['reason']}" if a["decided_by"] else f", waits for {a['approver']}"
        c.print(f"{a['state']}{by} ({a['id']})", soft_wrap=True)
        for change in a["changes"] if a["state"] == "proposed" else ():
            c.print(f"  since the path before: {change}")
    for m in data["mentors"][:4]:
        level = f" (level {m['level']})" if m["level"] else ""
        c.print(f"mentor for {m['label']}: {m['name']}{level}")


def heatmap_view(c: Console, title: str, data: Json, *, names: bool = True) -> None:
    """People × skills; each cell the probability of being below what the role asks. Shows the skills that fit."""
    shown = [p["name"] if names else p["id"] for p in data["people"]]
    room = c.width - max((cell_len(n) for n in shown), default=0)
    skills = data["skills"][: max(1, room // (HEAT_WIDTH + 2))]
    table = Table(
        box=None, pad_edge=False, header_style="bold", title=f"{title}: probability of being below the role's level"
    )
    table.add_column("", no_wrap=True)
    for s in skills:
        table.add_column(_short(s["label"]), justify="center", width=HEAT_WIDTH)
    for name, p in zip(shown, data["people"], strict=True):
        cells: list[Text | str] = []
        for cell in p["cells"][: len(skills)]:
            if cell is None:
                cells.append(Text("    ·    ", style="dim"))
            elif cell["status"] == "not enough evidence":
                cells.append(Text("    ?    ", style=HEAT[cell["status"]]))
            elif cell["p_below"] is None:
                cells.append(Text("    ≠    ", style=HEAT[cell["status"]]))
            else:
                cells.append(Text(f"  {cell['p_below']:.2f}   ", style=HEAT[cell["status"]]))
        table.add_row(name, *cells)
    c.print(table)
    if hidden := len(data["skills"]) - len(skills):
        more = f"{hidden} more skill{'s' if hidden > 1 else ''}"
        c.print(f"… and {more} in a wider terminal, the report, or with --json", style="dim")
    legend = Text.from_markup(
        "[black on green] met [/] [black on dark_sea_green2] likely [/] [black on yellow] unsure [/] "
        "[white on red3] below [/] [black on plum2] not shown yet [/] [black on grey70] ? [/] not enough evidence "
        "[black on magenta] ≠ [/] contested  · not asked for"
    )
    c.print(legend)


def review_table(c: Console, rows: Sequence[Json], total: int) -> None:
    """What waits for a human."""
    drawn = [
        {
            "item": r["id"],
            "prio": str(r["priority"]),
            "due": r["due"] + (" overdue" if r["overdue"] else ""),
            "for": r["assignee"],
            "who": r["name"],
            "skill": r["label"],
            "why a human": "; ".join(r["reasons"]),
        }
        for r in rows
    ]
    c.print(fitted(c, drawn, wide=("who", "skill", "why a human"), spare={"due": 110, "why a human": 110}))
    c.print(f"{total} wait for a human" + (f", {len(rows)} shown" if len(rows) < total else ""))


def _why_rejected(a: Json) -> str:
    return "a human has rejected it" if a["human_reviewed"] else str(a["reasons"][-1])


def refusals_view(c: Console, data: Json, *, limit: int = 8) -> None:
    """What was refused, and why."""
    parts: list[Panel] = []
    agents = "\n".join(f"{d['times']:>4} × {d['stage']}: {d['why']}" for d in data["from_agents"][:limit])
    parts.append(Panel(agents or "nothing", title="said by agents, refused by code", title_align="left"))
    quarantine = "\n".join(f"{q['record']}: {q['reason']}" for q in data["quarantined"][:limit])
    ignored = "\n".join(f"{i['where']}: {i['what']}" for i in data["ignored"][:limit])
    parts.append(Panel(ignored or "nothing", title="orders found in texts, ignored", title_align="left"))
    parts.append(Panel(quarantine or "nothing", title="records in quarantine", title_align="left"))
    other = [f"{w['name']}: {w['what']}" for w in data["withheld"][:limit]]
    other += [f"{a['name']}, {a['label']}: {_why_rejected(a)}" for a in data["assertions"][: limit - len(other)]]
    parts.append(Panel("\n".join(other) or "nothing", title="withheld or rejected", title_align="left"))
    c.print(Columns(parts, expand=True) if c.width >= 160 else "", end="" if c.width < 160 else "\n")
    if c.width < 160:
        for p in parts:
            c.print(p)


def receipt_view(c: Console, r: Receipt) -> None:
    """The receipt of a number, in plain words."""
    a = r.assertion
    c.print(Text(f"{r.learner_name} → {a.skill_label}", style="bold") + Text(f"   {a.id}"))
    if a.confidence is None:
        c.print(f"Not enough evidence: {a.amount:.2f} effective pieces. This is not the same as no skill.")
    elif a.level is None:
        c.print("The evidence speaks against every level.")
    else:
        c.print(
            f"Level {int(a.level)} ({LEVEL_NAMES[int(a.level)]}) with confidence {a.confidence:.2f}: "
            f"the probability that most tasks of that level would succeed."
        )
        if r.calibration is not None and a.raw is not None:
            c.print(
                f"{a.raw:.2f} before calibration, {a.confidence:.2f} after ({named(a.versions.calibration)}, "
                f"{r.calibration.decisions} decisions)."
            )
    c.print(
        f"Rests on {a.amount:.1f} effective pieces of evidence; "
        f"90 % interval of the success share {a.low:.2f}-{a.high:.2f}."
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("effect", "weight", "outcome", "on", "what", "quote"):
        table.add_column(name, no_wrap=name in ("effect", "weight", "outcome", "on"))
    for e in r.reasons:
        table.add_row(
            Text(f"{e.delta:+.3f}", style="green" if e.delta >= 0 else "red"),
            f"{e.weight:.2f}",
            f"{e.outcome:.2f}",
            e.occurred_on.isoformat() if e.occurred_on else "undated",
            f"{e.kind.replace('_', ' ')} ({e.system}): {e.title}"
            + (f" (+{e.repeats} of the same origin)" if e.repeats else ""),
            f"“{e.quote}”",
        )
    c.print(table)
    c.print(f"State: {a.state.value.replace('_', ' ')} ({'; '.join(a.reasons)}); code accepts from {r.threshold:.2f}.")
    for said in r.model:
        c.print(f"This skill was {said}.", soft_wrap=True, markup=False)
    if r.next_proof:
        c.print(f"The smallest new proof that would cross it: {r.next_proof}.")
    if r.next_task is not None:
        reach = f"reach {r.next_task_at:.0%} with a chance of {r.next_task:.2f}"
        c.print(f"The next graded task at this level would {reach}.")
    if r.review and r.review.decision:
        c.print(f"Decided by {r.review.decided_by}: {r.review.decision.value}, “{r.review.decision_reason}”.")
    c.print(
        f"Made with policy {a.versions.policy}, taxonomy {a.versions.taxonomy}, brain {a.versions.brain}, "
        f"mapper {a.versions.mapper or 'not kept'}, as of {a.as_of}.",
        style="dim",
    )


def _short(label: str) -> str:
    words = label.replace("(", "").replace(")", "").split()
    lines = [w if len(w) <= 9 else w[:8] + "…" for w in words[:2]]
    return "\n".join(lines)
