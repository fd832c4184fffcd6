"""Uses of content and proposed jobs, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from ascertain.domain.activity import Engagement, EngagementFold, JobProposal
from ascertain.store import Store

USE = Engagement("lrs:engagement:1", "l-1", "ev_1", "read", 2.5, 0.4, date(2026, 3, 1))
SEEN = datetime(2026, 5, 1, tzinfo=UTC)
JOB = JobProposal("hr:job_profile:1", "hr", "PLT", "Platform", "Runs it.", "Engineering", ("Terraform",), True, SEEN)


def test_uses_fold_and_the_same_one_counts_once(store: Store) -> None:
    later = replace(USE, ref="lrs:engagement:2", verb="watched", minutes=None, progress=0.9, used_on=date(2026, 4, 1))
    bare = replace(USE, ref="lrs:engagement:3", evidence_id="ev_2", minutes=None, progress=None, used_on=None)
    with store.units() as uow:
        uow.engagements.put([USE, later, bare])
        uow.engagements.put([USE, replace(USE, minutes=3.5)])
        uow.commit()
    with store.units() as uow:
        assert uow.engagements.folds(["ev_1", "ev_2", "ev_none"]) == {
            "ev_1": EngagementFold(2, ("read", "watched"), 3.5, 0.9, date(2026, 4, 1)),
            "ev_2": EngagementFold(1, ("read",), None, None, None),
        }
        assert uow.engagements.drop([bare.ref, later.ref, "lrs:engagement:none"]) == {"ev_1", "ev_2"}
        assert uow.engagements.folds(["ev_1", "ev_2"]) == {
            "ev_1": EngagementFold(1, ("read",), 3.5, 0.4, date(2026, 3, 1))
        }
        uow.commit()


def test_proposals_keep_what_was_accepted(store: Store) -> None:
    with store.units() as uow:
        assert uow.proposals.put([JOB, replace(JOB, ref="hr:job_profile:2", code="A")]) == (2, 0, 0)
        assert [j.code for j in uow.proposals.all()] == ["A", "PLT"]
        assert uow.proposals.accept(JOB.ref, "platform")
        uow.commit()
    with store.units() as uow:
        later = replace(JOB, seen_at=datetime(2026, 6, 1, tzinfo=UTC))
        assert uow.proposals.put([later, replace(JOB, ref="hr:job_profile:2", code="A", title="New")]) == (0, 1, 1)
        uow.commit()
    with store.units(write=False) as uow:
        assert {j.ref: (j.title, j.accepted_as, j.seen_at) for j in uow.proposals.all()} == {
            JOB.ref: ("Platform", "platform", SEEN),
            "hr:job_profile:2": ("New", None, SEEN),
        }
