"""How a rehearsal is shown."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ascertain.domain.canonical import plain
from ascertain.domain.rehearsal import PersonChange, Rehearsal, SkillChange, Standing, by_state, shifts
from ascertain.domain.spending import Usage, added
from ascertain.pipeline.fairness_rehearsal import MEASURES, GroupsOf

if TYPE_CHECKING:
    from rich.console import Console

MOST_SKILLS = 4
"""Shown of one person; all are in the JSON."""


def figures(found: Rehearsal) -> dict[str, Any]:
    """What is said of everybody together."""
    moved = [abs(s) for s in shifts(found.changes)]
    used = added(found.usage) if found.usage else Usage("", "")
    covered = [c.coverage for c in found.changes if c.coverage is not None]
    return {
        "people": len(found.changes),
        "changed": len(found.changed),
        "failed": len(found.failed),
        "left_out": dict(found.left_out),
        "stored_before": found.stored,
        "paths": sum(c.path for c in found.changes),
        "accepted": sum(c.accepted for c in found.changes),
        "confidence_shift": {"mean": fmean(moved), "largest": max(moved), "skills": len(moved)} if moved else None,
        "coverage_shift": fmean(covered) if covered else None,
        "usage": {"calls": used.calls, "tokens": used.tokens, "usd": round(used.usd, 6), "unpriced": used.unpriced},
        "seconds": median(found.seconds) if found.seconds else None,
    }


def rehearsal_json(found: Rehearsal, seen: Mapping[str, str], groups: GroupsOf | None) -> dict[str, Any]:
    """As JSON. Of people who may not be read about there is no line, and their number."""
    changed = [c for c in found.changed if c.learner_id in seen]
    return {
        "cohort": found.cohort,
        "versions": [{"what": w, "before": b, "after": a} for w, b, a in found.versions],
        "figures": figures(found),
        "by_role": plain(by_state(found.changes)),
        "changes": [{**plain(c), "name": seen[c.learner_id]} for c in changed],
        "not_shown": len(found.changed) - len(changed),
        "failed": [{"learner_id": f.learner_id, "state": f.state, "why": f.why} for f in found.failed],
        "stopped": found.stopped,
        "notes": list(found.notes),
        "groups": plain(groups) if groups else None,
    }


def rehearsal_view(c: Console, found: Rehearsal, seen: Mapping[str, str], groups: GroupsOf | None) -> None:
    """In words and tables."""
    f = figures(found)
    for what, before, after in found.versions:
        c.print(f"{what}: {before} → {after}", soft_wrap=True)
    if not found.versions:
        c.print("nothing differs from what is in use")
    c.print(f"{found.cohort}: {f['people']} people compared, {f['changed']} would change", style="bold")
    if found.left_out:
        told = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in sorted(found.left_out.items()))
        c.print(f"left out, because they may not be assessed: {told}")
    for row in by_state(found.changes):
        c.print(f"  {row.role}: {row.assertions} {_word(row.before)} → {_word(row.after)}")
    if shift := f["confidence_shift"]:
        c.print(
            f"confidence of {shift['skills']} skills would move by {shift['mean']:.3f} in the mean, "
            f"by {shift['largest']:.3f} at most"
        )
    if f["paths"]:
        c.print(f"{f['paths']} would be proposed another path")
    _people(c, found, seen)
    for failure in found.failed[:10]:
        c.print(f"failed: {failure.learner_id}: {failure.why}", style="red", soft_wrap=True)
    if len(found.failed) > 10:
        c.print(f"… and {len(found.failed) - 10} more failed", style="red")
    if groups is not None:
        _groups(c, groups)
    used = f["usage"]
    pace = f", {f['seconds']:.2f} s each in the middle" if f["seconds"] is not None else ""
    c.print(f"asked {used['calls']} times, {used['tokens']} tokens, {used['usd']:.4g} USD{pace}")
    for note in found.notes:
        c.print(note, style="dim")
    if found.stopped:
        c.print(f"ended early: {found.stopped}", style="yellow")
    c.print("nothing of it was stored; `config/models.yaml`, ASCERTAIN_BRAIN or the policy file make the switch")


def _people(c: Console, found: Rehearsal, seen: Mapping[str, str]) -> None:
    shown = [p for p in found.changed if p.learner_id in seen]
    if shown:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("person", "skill", "before", "after"):
            table.add_column(name)
        for person in sorted(shown, key=lambda p: (-_weight(p), p.learner_id)):
            rows = sorted(person.skills, key=lambda s: (-_size(s), s.label))
            for n, s in enumerate(rows[:MOST_SKILLS]):
                table.add_row(seen[person.learner_id] if n == 0 else "", s.label, _said(s.before), _said(s.after))
            if len(rows) > MOST_SKILLS:
                table.add_row("", f"… and {len(rows) - MOST_SKILLS} more", "", "")
            if not rows:
                table.add_row(seen[person.learner_id], "another path", "", "")
        c.print(table)
    if hidden := len(found.changed) - len(shown):
        c.print(f"{hidden} more would change whom you may not read about", style="dim")


def _groups(c: Console, groups: GroupsOf) -> None:
    for t in groups.tables:
        c.print(f"{MEASURES[t.measure]}, by {', '.join(t.by)}", style="bold")
        for g in t.groups:
            value = "" if g.mean is None else f" {g.mean:+.3f}"
            c.print(f"  {' '.join(g.group)} ({g.n}):{value} {g.verdict.value}")


def _weight(person: PersonChange) -> float:
    return sum(map(_size, person.skills))


def _size(change: SkillChange) -> float:
    """States weigh most, then how far the confidence moves."""
    b, a = change.before, change.after
    moved = abs((a.confidence or 0.0 if a else 0.0) - (b.confidence or 0.0 if b else 0.0))
    return moved + (1.0 if (b.state if b else None) != (a.state if a else None) else 0.0)


def _said(s: Standing | None) -> str:
    if s is None:
        return "nothing"
    level = "" if s.level is None else f"level {s.level} "
    confidence = "" if s.confidence is None else f"{s.confidence:.2f} "
    return f"{level}{confidence}{_word(s.state.value)}"


def _word(state: str) -> str:
    return state.replace("_", " ") or "nothing"
