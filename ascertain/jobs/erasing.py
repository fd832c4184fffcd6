"""Erases a person everywhere: the queue, the group labels, the database, and what files still name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascertain.domain.people import Learner
from ascertain.domain.rights_requests import RightsRequest
from ascertain.jobs.erasure import forget_person
from ascertain.pipeline.erase import erase_person, files_naming
from ascertain.pipeline.rectify import former_names
from ascertain.pipeline.retain import must_not_be_held
from ascertain.pipeline.rights_requests import note_erased

if TYPE_CHECKING:
    from ascertain.runtime import App

ERASE_LABELS = "ascertain.cli.fairness:erase"
"""By its path: but for the fairness commands nothing may import what opens the group labels."""


@dataclass(frozen=True, slots=True)
class ErasedEverywhere:
    """What went.

    Attributes:
        tombstone: what lifts it; empty where the person may come back.
        rows: counts by table, group labels among them.
        jobs: how many left the queue; ``queue_rewritten``: whether its file was.
        files: of the home folder, that still name the person.
    """

    tombstone: str
    rows: Mapping[str, int]
    jobs: int
    queue_rewritten: bool
    files: tuple[str, ...]


def erase_everywhere(
    app: App,
    learner: Learner,
    *,
    actor: str,
    reason: str,
    keep_away: bool = True,
    request: RightsRequest | None = None,
) -> ErasedEverywhere:
    """Erase; whoever is interrupted still finds the person, and erases again.

    Args:
        keep_away: leave a tombstone, so that no sync brings the person back.
        request: what it answers; that it was answered is sealed afterwards.

    Raises:
        ConflictError: a legal hold stands, or the queue's file is still being rewritten.
        InputError: there is no reason.
    """
    from ascertain.runtime import load

    with app.units(write=False) as uow:
        must_not_be_held(uow, learner)
        former = sorted({p.name for p in former_names(uow, [learner])})
    words = [learner.id, learner.name, learner.email, *former]
    before, _ = forget_person(app.settings, words)
    labels = load(ERASE_LABELS)(app, learner.id)  # while the person is still known
    done = erase_person(
        app.store, app.pseudonyms.pseudonym, learner, actor, reason, app.clock, former, keep_away=keep_away
    )
    after, rewritten = forget_person(app.settings, words)
    if request is not None:
        with app.units() as uow:
            note_erased(uow, request, actor=actor)
            uow.commit()
    rows = {**done.rows, **({"group_labels": labels} if labels else {})}
    left = tuple(files_naming(app.settings.home_dir, words))
    return ErasedEverywhere(done.tombstone, rows, before + after, rewritten, left)
