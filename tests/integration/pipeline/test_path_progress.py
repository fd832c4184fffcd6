"""How far somebody is on their path."""

from __future__ import annotations

from datetime import date, timedelta

from ascertain.domain.evidence import EvidenceKind
from ascertain.pipeline import views
from ascertain.pipeline.assignments import decide
from ascertain.pipeline.path_progress import progress
from ascertain.pipeline.permit import operator
from tests.integration.pipeline.world import World, exam


def test_a_step_of_the_path_is_done_or_late_by_what_was_approved(world: World) -> None:
    world.assess()
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        path = views.path(uow, learner, world.taxonomy)
        assert path["plan"]["steps"]
        long_after = world.clock.today() + timedelta(days=400)
        before = progress(uow, learner, path, long_after)
        assert {s["state"] for s in before["steps"]} == {"proposed"}  # nobody asked for it, so it is not late
        decide(uow, path["approval"]["id"], approve=True, reason="go", principal=operator("test"), clock=world.clock)
        first = path["plan"]["steps"][0]["content_id"]
        done = exam("e-done", content_id=first, kind=EvidenceKind.COMPLETION, occurred_on=date(2026, 4, 20))
        uow.evidence.upsert([done])
        after = progress(uow, learner, path, long_after)
        assert after["steps"][0]["state"] == "done"
        assert after["steps"][0]["done_on"] == "2026-04-20"
        assert {s["state"] for s in after["steps"][1:]} <= {"overdue"}
        assert (after["done"], after["approved"]) == (1, True)
        on_time = progress(uow, learner, path, world.clock.today())
        assert {s["state"] for s in on_time["steps"][1:]} <= {"approved"}
        failed = exam("e-done", content_id=first, score=0.1, occurred_on=date(2026, 4, 20))
        uow.evidence.upsert([failed])
        assert progress(uow, learner, path, long_after)["steps"][0]["state"] == "overdue"
