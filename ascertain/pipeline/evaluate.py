"""Evaluates a brain on labelled records: quality, calibration, cost, latency. No person of the store is in it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from ascertain.domain.casefile import CaseFile, Versions
from ascertain.domain.evaluation import Judged, LabelledRecord, Scores, score
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.findings import Claim, Pick, Step
from ascertain.domain.ports import CrewServices, LearnerCrew, Taxonomy, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.spending import usage_of
from ascertain.errors import InputError, RunError
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.assess_ends import steps_of

CREW = "evaluation"
"""Under which its usage is counted."""
SHIPPED = CONFIG_DIR / "evaluation" / "cases.yaml"
_AS_OF = date(2026, 1, 1)
_SETS = ("shows", "lacks", "implied", "also")


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """People with labelled records."""

    name: str
    people: Mapping[str, tuple[LabelledRecord, ...]]

    @property
    def records(self) -> list[LabelledRecord]:
        """All of them."""
        return [r for records in self.people.values() for r in records]


def read_labelled(file: Path, taxonomy: Taxonomy) -> LabelledSet:
    """Read a labelled set, see ``config/evaluation/cases.yaml``.

    Raises:
        InputError: naming the record and field, or a skill that the taxonomy has not.
    """
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise InputError(f"cannot be read: {type(e).__name__}", where=file.name, remedy="give a YAML file") from None
    people: dict[str, tuple[LabelledRecord, ...]] = {}
    seen: set[str] = set()
    for n, person in enumerate(_list(data, "people", file.name)):
        where = f"{file.name}, people.{n}"
        records = []
        for m, row in enumerate(_list(person, "records", where)):
            record = _record(row, f"{where}.records.{m}", taxonomy)
            if record.id in seen:
                raise InputError("stands there twice", where=f"{where}.records.{m}", field="id")
            seen.add(record.id)
            records.append(record)
        people[str(person.get("id") or n)] = tuple(records)
    return LabelledSet(file.stem, people)


def evaluate(
    units: UnitOfWorkFactory, crew: LearnerCrew, services: CrewServices, labelled: LabelledSet, today: date
) -> Scores:
    """Run the crew on every person of a set. Nothing of it is stored but what it cost. Whoever fails is counted."""
    found: list[tuple[Sequence[Claim], Sequence[Pick]]] = []
    refused, failed = Counter[str](), Counter[str]()
    steps: list[Step] = []
    seconds = []
    for name, records in labelled.people.items():
        began = time.perf_counter()
        try:
            made = crew.run(case_of(name, records), services)
        except RunError as e:
            failed[e.state] += 1
            steps += steps_of(e)
            continue
        seconds.append(time.perf_counter() - began)
        steps += made.steps
        found.append((made.claims, made.picks))
        refused.update(d.why for d in made.drops)
    usage = usage_of(steps)
    if usage:
        with units() as uow:
            uow.usage.add(today, CREW, usage)
            uow.commit()
    return score(
        labelled.records, found, refused=dict(refused), failed=dict(failed), usage=usage, seconds=tuple(seconds)
    )


def case_of(name: str, records: Sequence[LabelledRecord]) -> CaseFile:
    """A case without role and catalogue: what is asked is what the records show."""
    evidence = tuple(
        Evidence(r.id, name, r.kind, "labelled", "", f"o-{r.id}", r.title, r.text, occurred_on=_AS_OF) for r in records
    )
    return CaseFile(f"p-{name}", _AS_OF, evidence, Versions("", "", "", ""))


def by_reviewers(uow: UnitOfWork) -> list[Judged]:
    """What people decided about stored assertions, by the version of the brain that they were made with."""
    counts: dict[str, Counter[Any]] = {}
    for item in uow.reviews.every_decision():
        row = uow.assertions.get(item.assertion_id)
        if row is not None and item.decision is not None:
            counts.setdefault(row.versions.brain, Counter())[item.decision] += 1
    return [Judged(brain, dict(c)) for brain, c in sorted(counts.items())]


def _list(data: Any, field: str, where: str) -> list[Any]:
    rows = data.get(field) if isinstance(data, dict) else None
    if not isinstance(rows, list) or not rows:
        raise InputError("must be a list with something in it", where=where, field=field)
    return rows


def _record(row: Any, where: str, taxonomy: Taxonomy) -> LabelledRecord:
    if not isinstance(row, dict):
        raise InputError("must be a mapping", where=where)
    if strange := sorted(set(map(str, row)) - {"id", "kind", "title", "text", *_SETS}):
        raise InputError("is not known", where=where, field=strange[0])
    for name in ("id", "kind", "title"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise InputError("is missing", where=where, field=name)
    if row["kind"] not in set(EvidenceKind):
        raise InputError(f"there is no kind {row['kind']!r}", where=where, field="kind")
    sets: dict[str, frozenset[str]] = {}
    for name in _SETS:
        skills = row.get(name) or []
        for s in skills:
            if taxonomy.skill(str(s)) is None:
                raise InputError(f"{taxonomy.version} has no skill {s!r}", where=where, field=name)
        sets[name] = frozenset(map(str, skills))
    if sets["implied"] - sets["shows"]:
        raise InputError("holds a skill that `shows` does not", where=where, field="implied")
    return LabelledRecord(
        row["id"], EvidenceKind(row["kind"]), row["title"], str(row.get("text") or ""), *(sets[n] for n in _SETS)
    )
