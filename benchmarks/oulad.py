"""Open University Learning Analytics: graded submissions in time order, and what was known of each task before a day.

Three files are read, with the columns of the published data set (Kuzilek, Hlosta, Zdrahal 2017, CC BY 4.0); more
columns do no harm, ``?`` and nothing both mean missing:

* submissions: ``id_assessment, id_student, date_submitted, is_banked, score`` (0 to 100)
* assessments: ``code_module, code_presentation, id_assessment, assessment_type, date``
* courses: ``code_module, code_presentation, module_presentation_length``

Days are counted from each presentation's start. They are made comparable by the start that the presentation's name
means: 2013B is February, 2013J is October 2013.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ascertain.errors import InputError

FRIENDS = 10.0
"""A task that few have done is taken for one of its kind: the kind weighs as much as this many of its submissions."""

_STARTS = {"B": 2, "J": 10}
_MISSING = frozenset({"", "?"})


@dataclass(frozen=True, slots=True)
class Task:
    """An assessment. ``place`` counts those of its kind in its presentation by deadline, so that the same task of an
    earlier presentation has the same; ``due`` is a day as ``date.toordinal`` counts."""

    id: str
    module: str
    presentation: str
    kind: str
    due: int
    place: int


@dataclass(frozen=True, slots=True)
class Submission:
    """A graded submission: ``score`` 0..1, ``day`` as ``date.toordinal`` counts. ``banked`` was carried over from an
    earlier presentation: it is known from the start, and nobody's next one."""

    student: str
    task: Task
    day: int
    score: float
    banked: bool


def read(submissions: Path, data: Path) -> tuple[list[Submission], int]:
    """Graded submissions, oldest first, and how many rows had no score or no day.

    Raises:
        InputError: naming file, line and column.
    """
    tasks = _tasks(data)
    found, without = [], 0
    columns = ("id_assessment", "id_student", "date_submitted", "is_banked", "score")
    for line, row in _rows(submissions, columns):
        where = f"{submissions.name}, line {line}"
        task = tasks.get(row["id_assessment"])
        if task is None:
            raise InputError(
                f"{row['id_assessment']!r} is not in assessments.csv",
                where=where,
                field="id_assessment",
                remedy="give the assessments.csv that belongs to these submissions with --data",
            )
        if row["score"] in _MISSING or row["date_submitted"] in _MISSING:
            without += 1
            continue
        score = _number(row["score"], where, "score") / 100
        if not 0 <= score <= 1:
            raise InputError(f"{row['score']} is not between 0 and 100", where=where, field="score")
        day = _start(task.presentation, where) + int(_number(row["date_submitted"], where, "date_submitted"))
        found.append(Submission(row["id_student"], task, day, score, row["is_banked"] == "1"))
    return sorted(found, key=lambda s: (s.day, s.student, s.task.id)), without


def read_students(info: Path, columns: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Those columns by student; a student of several presentations has the last row's."""
    rows = _rows(info, ("id_student", *columns))
    return {row["id_student"]: {c: row[c] or "?" for c in columns} for _, row in rows}


class Known:
    """Mean of a figure over earlier submissions of a task, as it was known before a day.

    Each is drawn towards its kind: the task, the same task of earlier presentations, the module's tasks of that type,
    all tasks, and ``start``, with which nothing was known yet.
    """

    def __init__(self, of: Iterable[Submission], figure: Callable[[Submission], float], start: float) -> None:
        sums: dict[Hashable, list[tuple[int, float]]] = defaultdict(list)
        for s in of:
            for key in _kinds(s.task):
                sums[key].append((s.day, figure(s)))
        self._days: dict[Hashable, list[int]] = {}
        self._totals: dict[Hashable, list[float]] = {}
        for key, rows in sums.items():
            rows.sort()
            self._days[key] = [d for d, _ in rows]
            totals = [0.0]
            for _, value in rows:
                totals.append(totals[-1] + value)
            self._totals[key] = totals
        self._start = start
        self._kept: dict[tuple[Hashable, int], float] = {}

    def of(self, task: Task, day: int) -> float:
        """Of the task, from what was submitted before ``day``."""
        return self._drawn(_kinds(task), day)

    def of_kind(self, task: Task, day: int) -> float:
        """Of all tasks of its module and type."""
        return self._drawn(_kinds(task)[:2], day)

    def _drawn(self, keys: tuple[Hashable, ...], day: int) -> float:
        kept = self._kept.get((keys[-1], day))
        if kept is not None:
            return kept
        value = self._start
        for key in keys:
            n = bisect_left(self._days.get(key, ()), day)
            if n:
                value = (self._totals[key][n] + FRIENDS * value) / (n + FRIENDS)
        self._kept[keys[-1], day] = value
        return value


def _kinds(task: Task) -> tuple[Hashable, ...]:
    type_of = (task.module, task.kind)
    return ("all",), type_of, (*type_of, task.place), ("task", task.id)


def _tasks(data: Path) -> dict[str, Task]:
    lengths = {}
    for line, row in _rows(data / "courses.csv", ("code_module", "code_presentation", "module_presentation_length")):
        length = _number(row["module_presentation_length"], f"courses.csv, line {line}", "module_presentation_length")
        lengths[row["code_module"], row["code_presentation"]] = int(length)
    rows: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    columns = ("code_module", "code_presentation", "id_assessment", "assessment_type", "date")
    for line, row in _rows(data / "assessments.csv", columns):
        where = f"assessments.csv, line {line}"
        course = row["code_module"], row["code_presentation"]
        if row["date"] not in _MISSING:
            due = int(_number(row["date"], where, "date"))
        elif course in lengths:
            due = lengths[course]  # an exam without a date is at the end
        else:
            raise InputError(f"{' '.join(course)} is not in courses.csv", where=where, field="code_presentation")
        rows[(*course, row["assessment_type"])].append((_start(course[1], where) + due, row["id_assessment"]))
    return {
        ident: Task(ident, module, presentation, kind, due, place)
        for (module, presentation, kind), given in rows.items()
        for place, (due, ident) in enumerate(sorted(given))
    }


def _start(presentation: str, where: str) -> int:
    match = re.fullmatch(r"(\d{4})([BJ])", presentation)
    if match is None:
        raise InputError(f"{presentation!r} is not a year and B or J", where=where, field="code_presentation")
    return date(int(match[1]), _STARTS[match[2]], 1).toordinal()


def _rows(file: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [c for c in columns if c not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"there is no column {missing[0]!r}", where=file.name, field=missing[0])
            return [(reader.line_num, {c: (row[c] or "").strip() for c in columns}) for row in reader]
    except OSError as e:
        raise InputError(f"cannot read {file.name}: {e.strerror}", remedy="name an existing file") from None


def _number(text: str, where: str, field: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{text!r} is not a number", where=where, field=field) from None
