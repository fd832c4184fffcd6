"""Brings in group labels from a CSV file. Nothing that is said, counted or audited on the way names a value."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ascertain.domain.fairness_access import (
    FairnessAuditor,
    GroupLabel,
    GroupLabels,
    LabelImport,
    require_fairness_auditor,
)
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.text import clean_text
from ascertain.errors import ConfigError, ForbiddenError, InputError

COLUMNS = ("learner", "attribute", "value")
NOT_SAID = frozenset(("", "-", "n/a", "none", "unknown", "not stated", "not disclosed", "prefer not to say"))
"""Values that take a label away: whoever does not say is counted as unknown."""

LONGEST = 40
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_NAMED = 5
ACTOR = "fairness_auditor"


@dataclass(slots=True)
class LabelReport:
    """What an import did. ``not_said`` counts rows without a value, ``strangers`` names lines about nobody we know."""

    file: str
    rows: int = 0
    stored: int = 0
    changed: int = 0
    not_said: int = 0
    attributes: tuple[str, ...] = ()
    strangers: list[str] = field(default_factory=list)


def act_as_auditor(units: UnitOfWorkFactory, actor: str, named: list[str]) -> FairnessAuditor:
    """Let somebody act as fairness auditor; a refusal is put on record.

    Raises:
        ForbiddenError: when they may not.
    """
    try:
        return require_fairness_auditor(actor, named)
    except ForbiddenError as e:
        e.recorded = True
        with units() as uow:
            uow.audit.append("fairness.refused", actor=ACTOR, header={}, payload={"actor": actor})
            uow.commit()
        raise


def import_labels(
    path: Path,
    units: UnitOfWorkFactory,
    labels: GroupLabels,
    auditor: FairnessAuditor,
    *,
    source: str,
    purpose: str,
    clock: Clock,
) -> LabelReport:
    """Import ``learner,attribute,value``, one label a row. ``learner`` is an id or an e-mail address.

    An empty value, and words for "not said", take the label away. A row about nobody that is known is left out and
    counted. All or nothing: with a wrong row no label is stored.

    Raises:
        InputError: naming file, line and field of the first wrong row.
        ConfigError: when source or purpose is missing: labels without them may not be kept.
    """
    source, purpose = clean_text(source).strip(), clean_text(purpose).strip()
    if not (source and purpose):
        raise ConfigError(
            "group labels need a source and a purpose", remedy='give --source "…" and --purpose "…": both are reported'
        )
    report = LabelReport(path.name)
    with units(write=False) as uow:
        known = _known(uow)
    found: dict[tuple[str, str], GroupLabel] = {}
    for where, row in _rows(path):
        report.rows += 1
        label = _label(where, row, known)
        if label is None:
            report.strangers.append(where)
            continue
        before = found.setdefault((label.learner_id, label.attribute), label)
        if before.value != label.value:
            raise InputError("this person has two values of one attribute", where=where, field="value")
    report.not_said = sum(not x.value for x in found.values())
    report.stored = len(found) - report.not_said
    report.attributes = tuple(sorted({x.attribute for x in found.values()}))
    delivery = LabelImport(
        uuid.uuid4().hex[:16], clock.now(), auditor.name, source, purpose, report.attributes, report.stored
    )
    # First on record, then done: an import that nobody could find later must not exist.
    with units() as uow:
        header = {
            "delivery": delivery.id,
            "attributes": list(report.attributes),
            "labels": report.stored,
            "not_said": report.not_said,
            "strangers": len(report.strangers),
        }
        payload = {"actor": auditor.name, "source": source, "purpose": purpose}
        uow.audit.append("fairness.labels_imported", actor=ACTOR, header=header, payload=payload)
        uow.commit()
    report.changed = labels.put(auditor, delivery, found.values())
    report.strangers = report.strangers[:_NAMED] + (
        [f"and {len(report.strangers) - _NAMED} more"] if len(report.strangers) > _NAMED else []
    )
    return report


def forget_labels(learner_id: str, units: UnitOfWorkFactory, labels: GroupLabels) -> int:
    """Erase a person's labels; how many there were."""
    with units() as uow:
        uow.audit.append("fairness.labels_erased", actor=ACTOR, header={}, learner_id=learner_id)
        uow.commit()
    return labels.forget(learner_id)


def _known(uow: UnitOfWork) -> dict[str, str]:
    """Learner id by id and, where only one person has it, by e-mail address."""
    people = uow.people.all(active_only=False)
    by_mail: dict[str, str | None] = {}
    for p in people:
        key = p.email.strip().casefold()
        by_mail[key] = None if key in by_mail else p.id
    return {k: v for k, v in by_mail.items() if k and v} | {p.id: p.id for p in people}


def _label(where: str, row: Mapping[str, str], known: Mapping[str, str]) -> GroupLabel | None:
    """The label of a row; ``None`` when it is about nobody we know."""
    learner, attribute = row["learner"].strip(), row["attribute"].strip().casefold()
    if not learner:
        raise InputError("is empty", where=where, field="learner")
    if not _ATTRIBUTE.fullmatch(attribute):
        raise InputError(
            "must be a short name of letters, digits and _", where=where, field="attribute", remedy="sex, age_band …"
        )
    value = " ".join(clean_text(row["value"]).split())
    if len(value.encode()) > LONGEST:
        raise InputError(f"must have at most {LONGEST} bytes", where=where, field="value")
    owner = known.get(learner) or known.get(learner.casefold())
    return None if owner is None else GroupLabel(owner, attribute, "" if value.casefold() in NOT_SAID else value)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", where=path.name, remedy="save it as CSV in UTF-8") from None
    except OSError as e:
        raise InputError(f"cannot be read: {e.strerror}", where=path.name) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [h.strip().casefold() for h in next(reader, [])]
        if sorted(header) != sorted(COLUMNS):
            raise InputError(
                f"must have the columns {', '.join(COLUMNS)}",
                where=f"{path.name}:1",
                remedy="one label a row; labels beside other data are not read",
            )
        for row in reader:
            where = f"{path.name}:{reader.line_num}"
            if not row:
                continue
            if len(row) != len(header):
                raise InputError(f"has {len(row)} fields instead of {len(header)}", where=where)
            yield where, dict(zip(header, row, strict=True))
    except csv.Error as e:
        raise InputError(f"is no CSV: {e}", where=f"{path.name}:{reader.line_num}") from None
