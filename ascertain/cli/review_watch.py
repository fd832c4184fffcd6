"""review quality, review thresholds."""

from __future__ import annotations

from typing import Annotated

import typer

from ascertain.cli.actor import Reader, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.cli.review import app as review

__all__ = ["review"]


@review.command("quality")
def quality(
    reviewer: Annotated[
        str | None, typer.Option("--reviewer", help="Only this one, by the name decisions have.")
    ] = None,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """How reviewers have reviewed in this quarter: known items, time, agreement, and whom to talk with."""
    from ascertain.cli.review_views import quality_table
    from ascertain.pipeline.review_watch import watch

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        found = watch(uow, shown.policy, shown.clock, who, reviewer)
        uow.commit()
    emit({"reviewers": found}, as_json, lambda c: quality_table(c, found))


@review.command("thresholds")
def thresholds(actor: Reader = None, as_json: AsJson = False) -> None:
    """From which confidence code could accept, by the decisions so far. Changes nothing: the policy does."""
    from ascertain.cli.review_views import thresholds_view
    from ascertain.pipeline.review_watch import thresholds as propose

    shown = opened()
    with shown.units(write=False) as uow:
        found = propose(uow, shown.policy)
    emit(found, as_json, lambda c: thresholds_view(c, found))
