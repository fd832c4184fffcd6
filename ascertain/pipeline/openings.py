"""Takes in openings of a source, and closes them. A record that is wrong is named and left out; the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from ascertain.domain.openings import Opening, OpeningKind
from ascertain.domain.permission import Principal
from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.skills import Level, Requirement
from ascertain.domain.working_hours import known_zone
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.list_import import ListReport, Refused, frame_or_raise, read_json

Json = dict[str, Any]
GONE = "no longer in the list of its source"
BY_HAND = "by hand: "
"""Begins the reason of what somebody here has closed: its source does not open it again."""
SCHEMA = "openings.schema.json"


@cache
def _validator(part: str) -> Draft202012Validator:
    schema = json.loads((CONFIG_DIR / "schemas" / SCHEMA).read_text(encoding="utf-8"))
    chosen = schema["$defs"]["opening"] | {"$defs": schema["$defs"]} if part == "opening" else schema
    return Draft202012Validator(chosen, format_checker=FormatChecker())


def read_openings(file: Path) -> Json:
    """The list of a file: ``source``, ``complete`` and ``openings``, whose records are not looked at yet.

    Raises:
        InputError: naming file, line or field.
    """
    raw = read_json(file)
    must_be_a_list(raw, file.name)
    return dict(raw)


def must_be_a_list(raw: Any, where: str) -> None:
    """Go on only if the frame is right; records are judged one by one.

    Raises:
        InputError: naming the field.
    """
    frame_or_raise(_validator("list"), raw, where, SCHEMA)


def import_openings(
    uow: UnitOfWork,
    taxonomy: Taxonomy,
    raw: Mapping[str, Any],
    *,
    actor: Principal,
    clock: Clock,
) -> ListReport:
    """Store the openings of a list; again the same list changes nothing. The caller commits."""
    report = ListReport(raw["source"])
    known = {o.id: o for o in uow.openings.all()}
    sent: set[str] = set()
    for place, record in enumerate(raw["openings"]):
        ident = str(record.get("id", "")) if isinstance(record, Mapping) else ""
        try:
            if ident in sent:
                raise InputError("this id stands twice in the list", field="id")
            sent.add(ident)
            made = _opening(uow, taxonomy, record, report.source)
            _store(uow, report, known.get(made.id), made, clock)
        except InputError as e:
            report.refused.append(Refused(place, ident, e.field or "", without_place(e)))
    if raw.get("complete"):
        for old in known.values():
            if old.source == report.source and old.id not in sent and not old.closed_because:
                _close(uow, old, GONE, clock)
                report.closed += 1
    counts = {k: getattr(report, k) for k in ("new", "changed", "unchanged", "closed")}
    header = {"source": report.source, "refused": len(report.refused), **counts}
    if any((report.new, report.changed, report.closed, report.refused)):
        uow.audit.append("openings.imported", actor=actor.kind, header=header, payload={"by": actor.name})
    return report


def close_opening(uow: UnitOfWork, opening_id: str, *, reason: str, actor: Principal, clock: Clock) -> Opening:
    """Close one by hand. Saying it again changes nothing. The caller commits.

    Raises:
        NotFoundError: there is none of that id.
        InputError: there is no reason.
    """
    found = opening_or_raise(uow, opening_id)
    if not reason.strip():
        raise InputError("closing needs a reason", where=found.id, field="reason", remedy="those interested read it")
    if found.closed_because:
        return found
    done = _close(uow, found, f"{BY_HAND}{reason.strip()[:240]}", clock)
    header = {"opening": found.id}
    uow.audit.append("opening.closed", actor=actor.kind, header=header, payload={"by": actor.name, "reason": reason})
    return done


def opening_or_raise(uow: UnitOfWork, opening_id: str) -> Opening:
    """The opening of that id.

    Raises:
        NotFoundError: there is none.
    """
    found = uow.openings.get(opening_id)
    if found is None:
        raise NotFoundError(f"there is no opening {opening_id!r}", remedy="`ascertain opening list` shows them")
    return found


def open_ones(uow: UnitOfWork, today: date) -> list[Opening]:
    """Those that are open on that day, by id."""
    return [o for o in uow.openings.all() if o.open_on(today)]


def _close(uow: UnitOfWork, opening: Opening, why: str, clock: Clock) -> Opening:
    done = replace(opening, closed_because=why, closed_at=clock.now())
    uow.openings.put(done)
    uow.matches.drop(opening.id)
    return done


def _store(uow: UnitOfWork, report: ListReport, old: Opening | None, made: Opening, clock: Clock) -> None:
    if old is not None and old.source != made.source:
        raise InputError(f"this id belongs to {old.source!r}", field="id", remedy="every id has one source")
    if old is not None and old.closed_because.startswith(BY_HAND):
        made = replace(made, closed_because=old.closed_because)
    if made.closed_because:
        at = old.closed_at if old is not None and old.closed_because == made.closed_because else clock.now()
        made = replace(made, closed_at=at)
    if made == old:
        report.unchanged += 1
        return
    uow.openings.put(made)
    if made.closed_because:
        uow.matches.drop(made.id)
        report.closed += old is None or not old.closed_because
    if old is None:
        report.new += 1
    else:
        report.changed += 1


def _opening(uow: UnitOfWork, taxonomy: Taxonomy, record: Any, source: str) -> Opening:
    error = min(
        _validator("opening").iter_errors(record), key=lambda e: [str(p) for p in e.absolute_path], default=None
    )
    if error is not None:
        path = ".".join(str(p) for p in error.absolute_path)
        if error.validator == "oneOf":
            raise InputError("either requirements or job_profile, and not both", field=path or "requirements")
        raise InputError(error.message, field=path or "(top)")
    zone = record.get("timezone", "")
    if zone and not known_zone(zone):
        raise InputError(f"{zone!r} is not an IANA time zone, such as Europe/Berlin", field="timezone")
    days = {k: date.fromisoformat(record[k]) for k in ("starts_on", "closes_on") if record.get(k)}
    return Opening(
        id=record["id"],
        kind=OpeningKind(record["kind"]),
        title=record["title"].strip(),
        requirements=_requirements(uow, taxonomy, record),
        source=source,
        summary=record.get("summary", "").strip(),
        department=record.get("department", "").strip(),
        location=record.get("location", "").strip(),
        timezone=zone,
        hours_per_week=float(record["hours_per_week"]) if "hours_per_week" in record else None,
        starts_on=days.get("starts_on"),
        closes_on=days.get("closes_on"),
        manager_id=person_named(uow, record.get("manager", ""), "manager"),
        job_profile_id=record.get("job_profile", ""),
        closed_because=record.get("closed", "").strip(),
    )


def _requirements(uow: UnitOfWork, taxonomy: Taxonomy, record: Mapping[str, Any]) -> tuple[Requirement, ...]:
    if "job_profile" in record:
        profile = uow.roles.get(record["job_profile"])
        if profile is None:
            detail = f"there is no job profile {record['job_profile']!r}; `ascertain roles list` shows them"
            raise InputError(detail, field="job_profile")
        return profile.requirements
    found: list[Requirement] = []
    asked: Sequence[Mapping[str, Any]] = record["requirements"]
    for i, r in enumerate(asked):
        if taxonomy.skill(r["skill"]) is None:
            detail = f"the taxonomy has no skill {r['skill']!r}; `ascertain map TEXT` finds ids"
            raise InputError(detail, field=f"requirements.{i}.skill")
        if any(f.skill_id == r["skill"] for f in found):
            raise InputError(f"{r['skill']!r} is asked for twice", field=f"requirements.{i}.skill")
        importance, essential = float(r.get("importance", 1.0)), bool(r.get("essential", True))
        found.append(Requirement(r["skill"], Level(r["level"]), importance, essential, why=r.get("why", "")))
    return tuple(found)


def person_named(uow: UnitOfWork, name: str, field: str) -> str:
    """The id of somebody who works here, by id or address; empty where nobody is named.

    Raises:
        InputError: nobody, or several people.
    """
    if not name.strip():
        return ""
    try:
        person = uow.people.find(name.strip())
    except ConflictError:
        raise InputError("several people have this address", field=field, remedy="give an id") from None
    if person is None or not person.active:
        raise InputError("nobody of that id or address works here", field=field)
    return person.id


def without_place(e: InputError) -> str:
    """The message without the field, which stands beside it."""
    text = e.message
    head = f"field {e.field!r}: "
    return (text.removeprefix(head) if e.field else text) + (f" ({e.remedy})" if e.remedy else "")
