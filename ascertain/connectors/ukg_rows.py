"""UKG Pro's rows: what may be read of them, how three lists become one worker, and the options.

``person-details`` carries national ids and insurance data, so each row is cut down to the allow-list the moment it
arrives; what is cut off is held by nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ascertain.connectors.parsing import FieldError, FieldMap, Row
from ascertain.domain.records import Entity, JobProfileRecord, SourceRef, WorkerRecord

DEFAULT_FIELDS: Mapping[Entity, FieldMap] = {
    Entity.WORKER: {
        "company": "companyID",
        "employee": "employeeID",
        "employee_id": "employeeNumber",
        "given": "firstName",
        "family": "lastName",
        "email": "emailAddress",
        "job_title": "jobTitle",
        "job_code": "primaryJobCode",
        "department": "orgLevel1Code",
        "location": "primaryWorkLocationCode",
        "hired": "originalHireDate",
        "terminated": "dateOfTermination",
        "status": "employeeStatusCode",
        "home": "isHomeCompany",
        "supervisor": "supervisorEmployeeID",
        "hours_per_week": "",
        "timezone": "",
        "reviews_consent": "",
        "messages_consent": "",
        "updated": "dateTimeChanged",
    },
    Entity.JOB_PROFILE: {
        "code": "code",
        "title": "title",
        "summary": "longDescription",
        "active": "isActive",
    },
}
"""Product field → UKG's. What stands here may be read, and nothing else; empty means not mapped."""

_OF_THE_PERSON = ("given", "family", "email", "updated")
_OF_THE_SUPERVISOR = ("supervisor",)
_KEYS = ("company", "employee")
_PERSON_CHANGED = "person.dateTimeChanged"
_OWN_SUPERVISOR = "supervisorId"
_LEVEL = re.compile(r"^orgLevel([1-4])Code$", re.IGNORECASE)

Key = tuple[str, str]
"""Company and employee: a person can hold several employments."""


class Webhooks(BaseModel):
    """How calls of the UKG Webhooks application are proved; set there, and no public source names the defaults.

    ``header``: where the HMAC-SHA256 stands; without it every call is refused. ``form``: hex or base64. ``prefix``:
    what comes before it (``sha256=``). ``timestamp_header``: a custom header with Unix seconds or an ISO time;
    ``string_to_sign`` then says how it is signed, with ``{timestamp}`` and ``{body}``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    header: str = ""
    form: Annotated[str, Field(pattern="^(hex|base64)$")] = "hex"
    prefix: str = ""
    timestamp_header: str = ""
    string_to_sign: str = "{body}"
    tolerance_seconds: Annotated[int, Field(ge=1, le=3600)] = 300

    @model_validator(mode="after")
    def _sensible(self) -> Webhooks:
        if self.string_to_sign.count("{body}") != 1:
            raise ValueError("string_to_sign must have {body} once")
        if ("{timestamp}" in self.string_to_sign) != bool(self.timestamp_header):
            raise ValueError("a timestamp_header and {timestamp} in string_to_sign go together")
        return self


class UkgOptions(BaseModel):
    """Options of a UKG Pro connection.

    ``page_size``: rows a call, at most 10,000. ``overlap_hours``: how far the list of changes is asked back; the
    vendor fills it in steps of three hours. ``changes_hours``: the least time between two questions about changes;
    the vendor asks for three.
    ``job_profiles_path``: where this tenant lists its jobs; empty reads none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 2_000
    changes_page_size: Annotated[int, Field(ge=1, le=200)] = 200
    overlap_hours: Annotated[float, Field(ge=0.1, le=168)] = 6
    changes_hours: Annotated[float, Field(ge=0, le=24)] = 3
    org_level_names: bool = True
    job_profiles_path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9/_-]+)?$")] = ""
    webhooks: Webhooks = Webhooks()


def cut(raw: object, wanted: Iterable[str]) -> dict[str, Any]:
    """Only the wanted fields of a row, under the names they are wanted by: UKG writes the same field in several ways
    (``employeeID``, ``employeeId``)."""
    if not isinstance(raw, Mapping):
        raise FieldError("", f"a record should be an object, not {type(raw).__name__}")
    names = {w.lower(): w for w in wanted}
    found = ((names.get(str(k).lower()), v) for k, v in raw.items())
    return {k: v for k, v in found if k is not None}


class People:
    """What the three lists say, joined by company and employee.

    Args:
        fields: the worker's field map.
        levels: names of organisation levels by level and code.
    """

    def __init__(self, fields: FieldMap, levels: Mapping[Key, str]) -> None:
        self._fields = fields
        self._levels = levels
        self._persons: dict[Key, dict[str, Any]] = {}
        self._above: dict[Key, dict[str, Any]] = {}
        self._employments: dict[Key, dict[str, Any]] = {}
        self._numbers: dict[str, str] = {}
        self.broken: list[object] = []

    def names(self, fields: Iterable[str]) -> list[str]:
        """UKG's names of product fields, the keys among them."""
        return [self._fields[n] for n in (*_KEYS, *fields) if n in self._fields]

    def add_persons(self, rows: Iterable[object]) -> None:
        """Rows of ``person-details``."""
        wanted = self.names(_OF_THE_PERSON)
        for raw in rows:
            row = self._kept(raw, wanted)
            if "updated" in self._fields and (changed := row.pop(self._fields["updated"], None)):
                row[_PERSON_CHANGED] = changed
            self._put(self._persons, row)

    def add_supervisors(self, rows: Iterable[object]) -> None:
        """Rows of ``employee-supervisor-details``."""
        wanted = self.names(_OF_THE_SUPERVISOR)
        for raw in rows:
            self._put(self._above, self._kept(raw, wanted))

    def add_employments(self, rows: Iterable[object]) -> None:
        """Rows of ``employment-details``."""
        own = [n for n in self._fields if n not in ("given", "family", "email", "supervisor")]
        wanted = [*self.names(own), _OWN_SUPERVISOR]
        for raw in rows:
            row = self._kept(raw, wanted)
            key = self._put(self._employments, row)
            if key is None:
                self.broken.append(row)
                continue
            # A tenant whose rows have no such column is known by the system's own id, people and managers alike.
            row.setdefault(self._fields.get("employee_id", "employee_id"), key[1])
            self._numbers[key[1]] = str(row.get(self._fields.get("employee_id", "employee_id")) or "")

    def everyone(self) -> list[Key]:
        """All employments, in order."""
        return sorted(self._employments)

    def add_homes(self, rows: Iterable[object]) -> None:
        """Rows of ``employee-employment-details``, for the one thing that only they may say."""
        home = self._fields.get("home")
        for raw in rows if home else ():
            row = self._kept(raw, self.names(("home",)))
            key = tuple(str(row.get(self._fields[k]) or "").strip() for k in _KEYS)
            if home in row and key in self._employments:
                self._employments[key[0], key[1]][home] = row[home]

    def undecided(self) -> bool:
        """Somebody has several employments, and nothing says which is in the home company."""
        several = {e for e, n in Counter(e for _, e in self._employments).items() if n > 1}
        home = self._fields.get("home")
        return any(k[1] in several and self._employments[k].get(home or "") is None for k in self._employments)

    def main(self) -> set[Key]:
        """One employment each: the one at home, else one that lasts, else the one that changed last."""
        best: dict[str, tuple[tuple[bool, bool, str], Key]] = {}
        for key, row in self._employments.items():
            said = str(row.get(self._fields.get("home", "")) or "").lower()
            ended = row.get(self._fields.get("terminated", "")) or row.get(self._fields.get("status", "")) == "T"
            rank = (said in ("true", "1", "y", "yes"), not ended, str(row.get(self._fields.get("updated", "")) or ""))
            if key[1] not in best or (rank, key) > best[key[1]]:
                best[key[1]] = (rank, key)
        return {key for _, key in best.values()}

    def joined(self, key: Key) -> dict[str, Any]:
        """One employment with its person and its supervisor."""
        row = {**self._persons.get(key, self._persons.get(("", key[1]), {})), **self._employments[key]}
        own = row.pop(_OWN_SUPERVISOR, None)
        if name := self._fields.get("supervisor"):
            above = self._above.get(key, self._above.get(("", key[1]), {})).get(name)
            row[name] = above if key in self._above or ("", key[1]) in self._above else own
        return row

    def number(self, employee: str) -> str | None:
        """The number that people know an employee by; ``None`` for somebody who is not in the lists."""
        return self._numbers.get(employee) or None

    def department(self, row: Row) -> str:
        """The name of an organisation level's code, the code where it has none."""
        code = row.text("department")
        match = _LEVEL.match(row.source_name("department"))
        return self._levels.get((match[1], code), code) if match else code

    def _kept(self, raw: object, names: Iterable[str]) -> dict[str, Any]:
        return cut(raw, names) if isinstance(raw, Mapping) else {}

    def _put(self, where: dict[Key, dict[str, Any]], row: dict[str, Any]) -> Key | None:
        company, employee = (str(row.get(self._fields[k]) or "").strip() for k in _KEYS)
        if not employee:
            return None
        where[company, employee] = row
        return company, employee


def worker_fields(fields: FieldMap) -> FieldMap:
    """The map of a joined row."""
    return {**fields, "person_updated": _PERSON_CHANGED}


def worker(row: Row, ref: SourceRef, people: People, options: UkgOptions, profile: str | None) -> WorkerRecord:
    """A joined row as a worker. ``profile`` is the connection's mapping of the job code."""
    hours = row.number("hours_per_week")
    if hours is not None and not 0 < hours <= 80:
        raise FieldError(row.source_name("hours_per_week"), f"{hours:g} is outside 0..80")
    changed = [m for m in (row.moment("updated"), row.moment("person_updated")) if m]
    status = row.text("status").upper()
    name = f"{row.text('given')} {row.text('family')}".strip()
    above = row.text("supervisor")
    return WorkerRecord(
        ref=ref,
        employee_id=ref.id,
        email=row.text("email"),
        name=name or ref.id,
        job_title=row.text("job_title"),
        job_code=row.text("job_code"),
        job_profile_id=profile,
        department=people.department(row),
        manager_employee_id=people.number(above) if above else None,
        hired_at=row.moment("hired"),
        hours_per_week=40.0 if hours is None else hours,
        location=row.text("location"),
        timezone=row.text("timezone") or "UTC",
        active=status not in ("T", "TERMINATED") and row.moment("terminated") is None,
        reviews_consent=row.answer("reviews_consent"),
        messages_consent=row.answer("messages_consent"),
        updated_at=max(changed) if changed else None,
    )


def job_profile(row: Row, ref: SourceRef) -> JobProfileRecord:
    """A row of the list of jobs."""
    return JobProfileRecord(
        ref=ref,
        code=ref.id,
        title=row.required("title"),
        summary=row.prose("summary"),
        active=row.flag("active", True),
    )


def level_names(rows: object) -> dict[Key, str]:
    """Names of organisation levels, by level and code."""
    found: dict[Key, str] = {}
    for raw in rows if isinstance(rows, list) else []:
        if isinstance(raw, Mapping):
            row = Row(raw, {"level": "level", "code": "code", "name": "description", "long": "longDescription"})
            found[row.text("level"), row.text("code")] = row.text("long") or row.text("name") or row.text("code")
    return found
