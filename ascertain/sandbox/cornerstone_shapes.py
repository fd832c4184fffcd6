"""The company in Cornerstone's columns: views of the reporting API, objects of the Data Exporter.

Confirmed by public clients are the columns of ``vw_rpt_user`` and ``vw_rpt_transcript`` and those of ``users_core`` and
``training_core``. The columns of ``vw_rpt_training``, of the objects with titles and organisational units, the custom
field, the keys, and status groups other than 11 are this sandbox's own choice.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any

from ascertain.sandbox.records import Company, Course, Enrolment, Person

Row = dict[str, Any]
INT, TEXT, DATE, BOOL, GUID = "Edm.Int32", "Edm.String", "Edm.DateTimeOffset", "Edm.Boolean", "Edm.Guid"
DECIMAL = "Edm.Decimal"
STATUS_GROUPS = {"completed": 11, "in_progress": 3, "subscribed": 2, "failed": 5, "expired": 12}
"""Status group of each of the company's states; only 11 has a source."""
_PASS = 60
_SPACE = uuid.UUID("9d0e2b6a-6a52-4a4c-9d0b-5b8c6b1f7a10")
_TYPES = {"classroom": "Session", "webinar": "Session", "micro-learning": "Video", "project": "Material"}


@dataclass(frozen=True)
class Table:
    """A view or an object: types by column, the key, columns that may be filtered (all where empty), rows."""

    columns: Mapping[str, str]
    keys: tuple[str, ...]
    rows: Callable[[Company], tuple[Row, ...]]
    indexed: frozenset[str] = frozenset()
    tracked: bool = False


@lru_cache(maxsize=4096)
def object_id(course_id: int) -> str:
    """The id of a training."""
    return str(uuid.uuid5(_SPACE, f"lo:{course_id}"))


def user_guid(user_id: int) -> str:
    """The second id of a user."""
    return str(uuid.uuid5(_SPACE, f"user:{user_id}"))


def iso(moment: datetime | None) -> str | None:
    """UTC with a Z."""
    return None if moment is None else moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


def max_score(course: Course | None) -> int:
    """Full marks: some tests have 50 points, most have 100."""
    return 50 if course is not None and course.id % 5 == 0 else 100


def _users(company: Company) -> tuple[Row, ...]:
    people = {p.id: p for p in company.people}
    return tuple(_user(p, people.get(p.manager_id or "")) for p in company.learners)


def _user(p: Person, boss: Person | None) -> Row:
    return {
        "user_id": p.docebo_id,
        "user_ref": p.id,
        "user_email": p.email,
        "user_name_first": p.given,
        "user_name_last": p.family,
        "user_mgr_id": boss.docebo_id if boss else None,
        "user_mgr_ref": boss.id if boss else None,
        "user_mgr_email": boss.email if boss else None,
        "user_status_id": 1,
        "user_employment_status_id": 1,
        "user_activation_dt": iso(datetime.combine(p.hire_date, time())),
    }


def _users_core(company: Company) -> tuple[Row, ...]:
    return tuple(
        {
            "user_id": row["user_id"],
            "user_ref": row["user_ref"],
            "user_guid": user_guid(row["user_id"]),
            "user_mgr_id": row["user_mgr_id"],
            "user_i_mgr_id": None,
            "user_language_id": {"en": 1, "de": 5, "nl": 9, "pl": 17}.get(p.language, 1),
            "user_modify_date": iso(p.updated),
        }
        for row, p in zip(_users(company), company.learners, strict=True)
    )


def _user_cf(company: Company) -> tuple[Row, ...]:
    """Custom fields of users; the social security number is what nobody should ask for."""
    return tuple({"user_id": p.docebo_id, "user_custom_field_00001": p.national_id} for p in company.learners)


def _trainings(company: Company) -> tuple[Row, ...]:
    return tuple(
        {
            "object_id": object_id(c.id),
            "lo_ref": c.code,
            "lo_title": c.name,
            "lo_descr": c.description,
            "lo_type": _TYPES.get(c.modality, "Online Class"),
            "lo_provider": company.name,
            "lo_subject": c.category,
            "lo_hours": round(c.minutes / 60, 2),
            "lo_language": c.language,
            "lo_active": True,
            "lo_mandatory": c.mandatory,
            "lo_level": c.level,
            "lo_max_score": max_score(c),
            "lo_mastery_score": max_score(c) * _PASS // 100,
            "lo_modified_dt": iso(c.updated),
        }
        for c in company.courses
    )


def _training_core(company: Company) -> tuple[Row, ...]:
    return tuple(
        {
            "object_id": row["object_id"],
            "lo_ref": row["lo_ref"],
            "lo_hours": row["lo_hours"],
            "lo_language_id": {"en": 1, "de": 5}.get(row["lo_language"], 1),
            "lo_mastery_score": row["lo_mastery_score"],
            "lo_max_score": row["lo_max_score"],
            "lo_modified_dt": row["lo_modified_dt"],
            "lo_object_type": row["lo_type"],
            "lo_active": "Y",
            "proficiency_level": row["lo_level"],
            "provider": row["lo_provider"],
            "last_touched_dt": row["lo_modified_dt"],
        }
        for row in _trainings(company)
    )


def _titles(company: Company) -> tuple[Row, ...]:
    return tuple(
        {
            "object_id": object_id(c.id),
            "culture_id": {"en": 1, "de": 5}.get(c.language, 1),
            "lo_title": c.name,
            "lo_descr": c.description,
        }
        for c in company.courses
    )


def transcript(e: Enrolment, courses: Mapping[int, Course], latest: bool) -> Row:
    """One registration. A typed column holds no word, so an unreadable score is none."""
    most = max_score(courses.get(e.course_id))
    score = round(e.score * most / 100) if isinstance(e.score, int | float) else None
    done = e.status == "completed"
    touched = iso(e.updated)
    return {
        "transc_user_id": e.user_id,
        "transc_object_id": object_id(e.course_id),
        "reg_num": e.attempt,
        "user_lo_status_id": STATUS_GROUPS[e.status] * 10,
        "user_lo_status_group_id": STATUS_GROUPS[e.status],
        "user_lo_score": score,
        "user_lo_pass": None if score is None else score * 100 >= _PASS * most,
        "user_lo_pct_complete": 100 if done else 40 if e.status == "in_progress" else 0,
        "user_lo_comp_dt": None if e.zero_date else iso(e.completed),
        "user_lo_reg_dt": iso(e.enrolled),
        "user_lo_start_dt": iso(e.enrolled) if e.status != "subscribed" else None,
        "user_lo_assigned_dt": None,
        "user_lo_min_due_date": iso(e.expires),
        "user_lo_minutes_participated": e.total_seconds // 60,
        "user_lo_last_modified_dt": touched,
        "_last_touched_dt_utc": touched,
        "is_latest_reg_num": latest,
        "is_archive": False,
        "is_removed": False,
        "is_standalone": True,
    }


def _transcripts(company: Company) -> tuple[Row, ...]:
    """By key: a registration stands once. Nobody's registration is not in the warehouse."""
    courses = {c.id: c for c in company.courses}
    rows = {(e.user_id, e.course_id, e.attempt): e for e in company.enrolments if e.user_id is not None}
    newest: dict[tuple[int | None, int], int] = {}
    for user, course, attempt in rows:
        newest[user, course] = max(attempt, newest.get((user, course), 0))
    return tuple(transcript(e, courses, newest[u, c] == a) for (u, c, a), e in rows.items())


def units(company: Company) -> dict[tuple[int, str], int]:
    """Ids of organisational units by type (2 division, 4 position) and title."""
    names = [(2, n) for n in sorted({p.department for p in company.learners})]
    names += [(4, n) for n in sorted({p.role for p in company.learners})]
    return {name: 100 + i for i, name in enumerate(names)}


def _units(company: Company) -> tuple[Row, ...]:
    return tuple(
        {"ou_id": number, "ou_type_id": kind, "ou_ref": f"OU{number}", "ou_title": title, "ou_active": True}
        for (kind, title), number in units(company).items()
    )


def _memberships(company: Company) -> tuple[Row, ...]:
    ids = units(company)
    return tuple(
        {"user_id": p.docebo_id, "ou_id": ids[kind, title], "ou_type_id": kind}
        for p in company.learners
        for kind, title in ((2, p.department), (4, p.role))
    )


_TRANSCRIPT = {
    "transc_user_id": INT,
    "transc_object_id": GUID,
    "reg_num": INT,
    "user_lo_status_id": INT,
    "user_lo_status_group_id": INT,
    "user_lo_score": INT,
    "user_lo_pass": BOOL,
    "user_lo_pct_complete": INT,
    **{f"user_lo_{n}": DATE for n in ("comp_dt", "reg_dt", "start_dt", "assigned_dt", "min_due_date")},
    "user_lo_minutes_participated": INT,
    "user_lo_last_modified_dt": DATE,
    "_last_touched_dt_utc": DATE,
    **{f"is_{n}": BOOL for n in ("latest_reg_num", "archive", "removed", "standalone")},
}
_TRANSCRIPT_KEYS = ("transc_user_id", "transc_object_id", "reg_num")
_USER = {
    **{n: INT for n in ("user_id", "user_mgr_id", "user_status_id", "user_employment_status_id")},
    **{f"user_{n}": TEXT for n in ("ref", "email", "name_first", "name_last", "mgr_ref", "mgr_email")},
    "user_activation_dt": DATE,
}
_TRAINING = {
    "object_id": GUID,
    **{f"lo_{n}": TEXT for n in ("ref", "title", "descr", "type", "provider", "subject", "language", "level")},
    "lo_hours": DECIMAL,
    "lo_active": BOOL,
    "lo_mandatory": BOOL,
    "lo_max_score": INT,
    "lo_mastery_score": INT,
    "lo_modified_dt": DATE,
}
VIEWS = {
    "vw_rpt_user": Table(_USER, ("user_id",), _users),
    "vw_rpt_user_cf": Table({"user_id": INT, "user_custom_field_00001": TEXT}, ("user_id",), _user_cf),
    "vw_rpt_training": Table(_TRAINING, ("object_id",), _trainings),
    "vw_rpt_transcript": Table(_TRANSCRIPT, _TRANSCRIPT_KEYS, _transcripts),
}
OBJECTS = {
    "users_core": Table(
        {
            **{n: INT for n in ("user_id", "user_mgr_id", "user_i_mgr_id", "user_language_id")},
            "user_ref": TEXT,
            "user_guid": GUID,
            "user_modify_date": DATE,
        },
        ("user_id",),
        _users_core,
        frozenset({"user_id", "user_ref", "user_modify_date"}),
        tracked=True,
    ),
    "training_core": Table(
        {
            "object_id": GUID,
            **{n: TEXT for n in ("lo_ref", "lo_object_type", "lo_active", "proficiency_level", "provider")},
            **{f"lo_{n}": INT for n in ("language_id", "mastery_score", "max_score")},
            "lo_hours": DECIMAL,
            "lo_modified_dt": DATE,
            "last_touched_dt": DATE,
        },
        ("object_id",),
        _training_core,
        frozenset({"object_id", "lo_modified_dt", "last_touched_dt"}),
        tracked=True,
    ),
    "training_local_core": Table(
        {"object_id": GUID, "culture_id": INT, "lo_title": TEXT, "lo_descr": TEXT},
        ("object_id", "culture_id"),
        _titles,
        frozenset({"object_id", "culture_id"}),
    ),
    "transcript_core": Table(
        _TRANSCRIPT,
        _TRANSCRIPT_KEYS,
        _transcripts,
        frozenset({*_TRANSCRIPT_KEYS, "user_lo_last_modified_dt", "_last_touched_dt_utc"}),
        tracked=True,
    ),
    "ou_core": Table(
        {"ou_id": INT, "ou_type_id": INT, "ou_ref": TEXT, "ou_title": TEXT, "ou_active": BOOL},
        ("ou_id",),
        _units,
        frozenset({"ou_id", "ou_type_id"}),
    ),
    "user_ou_core": Table(
        {"user_id": INT, "ou_id": INT, "ou_type_id": INT},
        ("user_id", "ou_id"),
        _memberships,
        frozenset({"user_id", "ou_id"}),
        tracked=True,
    ),
}


def metadata(tables: Mapping[str, Table]) -> str:
    """The ``$metadata`` document."""
    types, sets = [], []
    for name, table in tables.items():
        keys = "".join(f'<PropertyRef Name="{k}"/>' for k in table.keys)
        props = "".join(
            f'<Property Name="{c}" Type="{t}" Nullable="{str(c not in table.keys).lower()}"/>'
            for c, t in table.columns.items()
        )
        tracked = str(table.tracked).lower()
        note = f'<Annotation Term="ExtendedMetadata.ObjectSupportsChangeTracking" String="{tracked}"/>'
        types.append(f'<EntityType Name="{name}"><Key>{keys}</Key>{props}{note}</EntityType>')
        sets.append(f'<EntitySet Name="{name}" EntityType="Data.{name}"/>')
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="Data" xmlns="http://docs.oasis-open.org/odata/ns/edm">{"".join(types)}'
        f'<EntityContainer Name="Container">{"".join(sets)}</EntityContainer></Schema>'
        "</edmx:DataServices></edmx:Edmx>"
    )
