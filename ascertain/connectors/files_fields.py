"""The product's fields that a mapping of files may name, by entity."""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.domain.records import Entity


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TEXT = _names(
    "id user kind title text author score occurred updated course_code skill_codes skill_framework skill_name"
)
FIELDS: Mapping[Entity, frozenset[str]] = {
    Entity.USER: _names("id email name language active department job_code employee_id updated"),
    Entity.WORKER: _names(
        "employee_id email name job_title job_code department manager hired hours_per_week location timezone active "
        "reviews_consent messages_consent updated"
    ),
    Entity.COURSE: _names(
        "id code title description level hours duration modality language category prerequisites mandatory active "
        "updated"
    ),
    Entity.ENROLMENT: _names(
        "id user course status attempt score enrolled completed due assessment certification updated"
    ),
    Entity.ASSESSMENT: _names("id user title course text attempt score passed taken updated"),
    Entity.ENGAGEMENT: _names("id user title verb course text minutes progress occurred updated"),
    Entity.AWARD: _names(
        "id user title kind provider course course_code approved score awarded updated"
        " skill_codes skill_framework skill_name"
    ),
    Entity.REVIEW: _TEXT,
    Entity.PROJECT: _TEXT,
    Entity.TICKET: _TEXT,
    Entity.DOCUMENT: _TEXT,
    Entity.JOB_PROFILE: _names("id code title summary department skills active updated"),
}
"""Everything that has a place in a record."""
TEXTS = frozenset((Entity.REVIEW, Entity.PROJECT, Entity.TICKET, Entity.DOCUMENT))
NEEDED: Mapping[Entity, frozenset[str]] = {
    Entity.USER: _names("id name"),
    Entity.WORKER: _names("employee_id name"),
    Entity.COURSE: _names("id title"),
    Entity.ENROLMENT: _names("user course"),
    Entity.ASSESSMENT: _names("user title"),
    Entity.ENGAGEMENT: _names("user title"),
    Entity.AWARD: _names("user title"),
    **{e: _names("user text") for e in TEXTS},
    Entity.JOB_PROFILE: _names("code title"),
}
"""What a table cannot do without."""
