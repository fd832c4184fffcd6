"""Workday: reports, each one call, and a service."""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.domain.records import Entity
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Spec, Spoilt, Trouble


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.change_person("FL1102", title="Principal Engineer")
    live.add_review("FL1101", "FL1102", "Explains clearly.")
    return {Entity.WORKER: 1, Entity.REVIEW: 1}


SPEC = Spec(
    system="workday",
    entities={
        Entity.WORKER: lambda c: len(c.current.people),
        Entity.REVIEW: lambda c: len(c.current.reviews),
        Entity.PROJECT: lambda c: len(c.current.submissions),
        Entity.JOB_PROFILE: lambda c: len({p.role for p in c.current.people} - {""}),
    },
    trouble=Trouble(Entity.WORKER, "customreport2", good=0),
    spoilt=Spoilt(Entity.WORKER, "Hire_Date", "some day"),
    changes=changes,
    options={"rest_page_size": 5},
    one_page=frozenset({Entity.WORKER, Entity.REVIEW, Entity.PROJECT}),
    unmapped={Entity.WORKER: "National_ID"},
    national=frozenset({Entity.WORKER}),
)
