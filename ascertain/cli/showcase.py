"""The demonstration's summary: a heat map, one learner in full, what waits, what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ascertain.cli import render
from ascertain.pipeline import views, views_gaps

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.runtime import App

Json = dict[str, Any]


def show(app: App, c: Console) -> None:
    """Print the summary of the whole cohort."""
    taxonomy = app.bundle.taxonomy
    with app.units(write=False) as uow:
        learners = uow.people.all()
        departments = sorted({p.department for p in learners if p.department})
        name = max(departments, key=lambda d: (sum(p.department == d for p in learners), d))
        team = [p for p in learners if p.department == name]
        heatmap = views_gaps.heatmap(uow, team, taxonomy, columns=8)
        profiles = {p.id: views.profile(uow, p) for p in learners}
        chosen = next(p for p in learners if p.id == max(profiles, key=lambda i: _interest(profiles[i])))
        gaps, path = views_gaps.gaps(uow, chosen, taxonomy), views.path(uow, chosen, taxonomy)
        waiting = views.reviews(uow, taxonomy, app.clock.today())
        refused = views.refusals(uow, learners)
        totals = [a.state.value for a in uow.assertions.all()]
    render.heatmap_view(c, name, heatmap)
    c.rule(f"one learner: {chosen.name}")
    render.profile_view(c, profiles[chosen.id], limit=8)
    top = next((s for s in profiles[chosen.id]["skills"] if s["level"]), None)
    if top:
        c.print(f"\nthe evidence behind {top['label']}:")
        render.evidence_view(c, top)
    c.print()
    render.gaps_view(c, gaps, limit=6)
    c.print()
    render.path_view(c, path)
    c.rule("what waits for a human")
    render.review_table(c, waiting[:6], len(waiting))
    c.rule("what was refused, and why")
    render.refusals_view(c, refused)
    counts = ", ".join(f"{totals.count(s)} {s.replace('_', ' ')}" for s in sorted(set(totals)))
    c.print(f"{len(totals)} assertions about {len(learners)} people: {counts}")


def _interest(profile: Json) -> tuple[int, int, str]:
    """Prefer somebody with accepted, waiting and thin skills alike: the one worth looking at."""
    states = [s["state"] for s in profile["skills"]]
    return (len(set(states)), states.count("accepted") + states.count("in_review"), profile["learner"]["id"])
