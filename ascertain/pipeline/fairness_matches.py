"""The bias check of lists for openings. Group labels are read here, for the fairness auditor alone; what stays with a
list is how many comparisons there were and how many of them ask for a look, and no group."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ascertain.domain.canonical import digest
from ascertain.domain.fairness import FLAGGED, FairnessRules, Labels, RateTable, Verdict, scoring_table, selection_table
from ascertain.domain.fairness_access import FairnessAuditor, GroupLabels
from ascertain.domain.fairness_audit import cuts
from ascertain.domain.matching import Confirmed, Match, MatchCheck, MatchList, Placed
from ascertain.domain.openings import Opening
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.rights import Entry
from ascertain.domain.rules import BeliefRules
from ascertain.domain.talent import TalentRules, must_match
from ascertain.errors import NotFoundError
from ascertain.pipeline.fairness_labels import ACTOR
from ascertain.pipeline.matches import considered, keep_list
from ascertain.pipeline.openings import open_ones

LISTED, SCORE = "listed", "coverage"
_NOT_COMPARED = frozenset({Verdict.TOO_FEW, Verdict.SMALL_SHARE, Verdict.NO_RATIO, Verdict.ALONE, Verdict.HIGHEST})


@dataclass(frozen=True, slots=True)
class CheckedList:
    """For the fairness auditor: the check of one list, with the tables that it was made from."""

    opening_id: str
    title: str
    considered: int
    listed: int
    check: MatchCheck
    tables: tuple[RateTable, ...]


def check_lists(
    units: UnitOfWorkFactory,
    labels: GroupLabels,
    auditor: FairnessAuditor,
    talent: TalentRules,
    rules: BeliefRules,
    *,
    by: Sequence[str] = (),
    least_people: int = 10,
    clock: Clock,
) -> list[CheckedList]:
    """Check the list of every open opening: of everybody who was considered, who was listed (selection rate), and whose
    coverage lies above the median (scoring rate), by each attribute and every two together.

    Lists are made anew first, so that what is checked is what readers see.

    Raises:
        NotFoundError: there are no labels, or no opening is open.
        ConflictError: people are not compared with openings here.
    """
    must_match(talent)
    attributes = attributes_of(labels, auditor, by)
    today = clock.today()
    with units() as uow:
        known: dict[str, dict[str, Confirmed]] = {}
        rows = {o: considered(uow, o, rules, today, known) for o in open_ones(uow, today)}
        if not rows:
            raise NotFoundError("no opening is open", remedy="ascertain opening import FILE.json")
        lists = {o: keep_list(uow, o, found, talent.listed, clock) for o, found in rows.items()}
        people = sorted({p.match.learner_id for found in rows.values() for p in found})
        note_reading(uow, auditor, attributes, people, "matches")
        uow.commit()
    groups = labels.read(auditor, people)
    measured = FairnessRules(least_people=least_people)
    checked = [_checked(o, rows[o], lists[o], groups, attributes, measured, clock) for o in rows]
    with units() as uow:
        for c in checked:
            uow.matches.put_check(c.check)
        header, payload = outcome(attributes, checked), {"actor": auditor.name}
        uow.audit.append("fairness.matches_checked", actor=ACTOR, header=header, payload=payload)
        uow.commit()
    return checked


def _checked(
    opening: Opening,
    rows: Sequence[Placed],
    made: MatchList,
    groups: Mapping[str, Labels],
    attributes: Sequence[str],
    rules: FairnessRules,
    clock: Clock,
) -> CheckedList:
    listed = {p.match.learner_id for p in made.rows}
    tables = compared([p.match for p in rows], listed, groups, attributes, rules)
    check = came_to(opening.id, made.digest, clock.now(), tables)
    return CheckedList(opening.id, opening.title, len(rows), len(listed), check, tables)


def compared(
    rows: Sequence[Match],
    listed: Collection[str],
    groups: Mapping[str, Labels],
    attributes: Sequence[str],
    rules: FairnessRules,
) -> tuple[RateTable, ...]:
    """Of people beside one thing: who is listed, and whose coverage lies above the median, by each attribute and every
    two together."""
    who = [(_of(groups, m.learner_id, attributes), m) for m in rows]
    tables: list[RateTable] = []
    for cut in cuts(attributes) if who else ():
        tables.append(selection_table(LISTED, cut, [(g, m.learner_id in listed) for g, m in who], rules))
        tables.append(scoring_table(SCORE, cut, [(g, m.covered.point) for g, m in who], rules))
    return tuple(tables)


def note_reading(
    uow: UnitOfWork, auditor: FairnessAuditor, attributes: Sequence[str], people: Sequence[str], about: str
) -> None:
    """Put on record that labels are read, before they are: no reading goes without a record, nor without an entry for
    each person. The caller commits."""
    header = {"attributes": list(attributes), "people": len(people), "for": about}
    sealed = uow.audit.append("fairness.labels_read", actor=ACTOR, header=header, payload={"actor": auditor.name})
    if people:
        uow.accesses.add([Entry(sealed.seq, auditor.name, "fairness", tuple(people))])


def outcome(attributes: Sequence[str], checked: Sequence[CheckedList]) -> dict[str, Any]:
    """What a record says of lists that were checked."""
    return {
        "lists": len(checked),
        "attributes": list(attributes),
        "flagged": sum(bool(c.check.flagged) for c in checked),
        "tables": digest([c.tables for c in checked]),
    }


def came_to(about: str, digest_: str, at: datetime, tables: Sequence[RateTable]) -> MatchCheck:
    """What stays with a list of its check."""
    verdicts = [g.verdict for t in tables for g in t.groups]
    return MatchCheck(
        about,
        digest_,
        at,
        comparisons=sum(v not in _NOT_COMPARED for v in verdicts),
        flagged=sum(v in FLAGGED for v in verdicts),
        too_few=sum(v is Verdict.TOO_FEW for v in verdicts),
    )


def attributes_of(labels: GroupLabels, auditor: FairnessAuditor, by: Sequence[str]) -> list[str]:
    """The attributes that are asked for, or all there are.

    Raises:
        NotFoundError: there are no labels.
    """
    attributes = list(dict.fromkeys(a.strip().casefold() for a in by if a.strip())) or sorted(labels.counts(auditor))
    if not attributes:
        raise NotFoundError("there are no group labels", remedy="ascertain fairness labels import FILE.csv")
    return attributes


def _of(groups: Mapping[str, Labels], learner_id: str, attributes: Sequence[str]) -> dict[str, str]:
    return {a: v for a, v in groups.get(learner_id, {}).items() if a in attributes}
