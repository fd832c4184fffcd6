"""What the contract suite expects. Loaded by the suite alone, which is part of the source of Ascertain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ascertain.domain.records import Entity
from ascertain.sandbox.live import LiveCompany
from ascertain_openedx.sandbox import OpenEdxSite, course_key, grades
from tests.contract.specs import Spec, Spoilt, Token, Trouble

CODES = ("SQL-201", "AWS-301", "SEC-101")


def count(live: LiveCompany) -> int:
    return sum(bool(g["percent"]) for code in CODES for g in grades(live.current, course_key(code)) or [])


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.change_score("FL1201", "AWS-301", 71)
    return {Entity.ASSESSMENT: 1}


SPEC = Spec(
    system="openedx",
    connections=Path(__file__).with_name("connections.yaml"),
    entities={Entity.ASSESSMENT: count},
    trouble=Trouble(Entity.ASSESSMENT, "/api/grades/"),
    spoilt=Spoilt(Entity.ASSESSMENT, "percent", "a lot"),
    changes=changes,
    options={"page_size": 8},
    fixed_fields=True,
    fetchable=frozenset({Entity.ASSESSMENT}),
    token=Token("/oauth2/access_token", short=lambda: OpenEdxSite(token_seconds=1)),
    absent={Entity.ASSESSMENT: f"nobody@{course_key('SQL-201')}"},
)
