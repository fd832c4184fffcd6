"""What the figures of the dashboard say, in sentences. Each figure keeps the address of the row that it stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ascertain.domain.sentences import Figure, Sentence, tell

Row = Mapping[str, Any]

ROLES_TOLD = 2
COMPLIANCE, SKILLS, READINESS, QUEUE = "#compliance", "#mandatory", "#readiness", "#queue"


def summary(
    compliance: Sequence[Row], skills: Sequence[Row], readiness: Sequence[Row], waiting: int, overdue: int
) -> list[Sentence]:
    """Sentences about the rows as they are shown, the worst first of each."""
    told = [*_courses(compliance), *_skills(skills)]
    for row in readiness[:ROLES_TOLD]:
        told += _role(row)
    if waiting:
        figures = {"waiting": Figure(waiting, QUEUE), "overdue": Figure(overdue, QUEUE)}
        told.append(tell("{waiting} suggestions wait for a human, {overdue} of them past their date.", figures))
    return told


def counts(compliance: Sequence[Row]) -> dict[str, int]:
    """The figures that are about all courses together: they stand under the table."""
    return {
        "courses": len(compliance),
        "complete": sum(r["finished"] == r["people"] for r in compliance),
        "overdue": sum(r["overdue"] for r in compliance),
        "expiring": sum(r["expiring"] for r in compliance),
    }


def _courses(rows: Sequence[Row]) -> list[Sentence]:
    if not rows:
        return []
    totals = {name: Figure(n, COMPLIANCE) for name, n in counts(rows).items()}
    told = [tell("Of {courses} mandatory courses, {complete} are finished by everybody.", totals)]
    worst = rows[0]
    where = f"#c-{worst['content']}"
    figures = {
        "title": Figure(worst["title"], where),
        "done": Figure(worst["finished"], where),
        "people": Figure(worst["people"], where),
        "share": Figure(worst["share"], where, share=True),
    }
    if worst["finished"] < worst["people"]:
        told.append(tell("{title} is furthest behind: {done} of {people} people ({share}) have finished it.", figures))
    if totals["overdue"].value:
        told.append(tell("{overdue} times, a day by which a course had to be finished has passed.", totals))
    if totals["expiring"].value:
        told.append(tell("{expiring} times, a course counts only for a short while more.", totals))
    if (changed := _most_changed(rows)) is not None:
        where = f"#c-{changed['content']}"
        figures = {
            "title": Figure(changed["title"], where),
            "now": Figure(changed["share"], where, share=True),
            "then": Figure(changed["before"]["share"], where, share=True),
            "day": Figure(changed["before"]["on"], where),
        }
        words = "risen" if changed["share"] > changed["before"]["share"] else "fallen"
        told.append(
            tell(f"{{title}} has {words} most since {{day}}: from {{then}} to {{now}} of those it concerns.", figures)
        )
    return told


def _most_changed(rows: Sequence[Row]) -> Row | None:
    """The course whose share, as it is shown, differs most from that of a period ago."""
    known = [r for r in rows if r["before"]["share"] is not None]
    moved = [r for r in known if f"{100 * r['share']:.0f}" != f"{100 * r['before']['share']:.0f}"]
    return max(moved, key=lambda r: (abs(r["share"] - r["before"]["share"]), r["title"]), default=None)


def _skills(rows: Sequence[Row]) -> list[Sentence]:
    if not rows or rows[0]["covered"] == rows[0]["people"]:
        return []
    worst = rows[0]
    where = f"#s-{worst['skill']}"
    figures = {
        "skill": Figure(worst["label"], where),
        "covered": Figure(worst["covered"], where),
        "people": Figure(worst["people"], where),
    }
    words = (
        "Of the skills that a law or a contract asks for, {skill} is confirmed for the fewest: {covered} of {people}."
    )
    return [tell(words, figures)]


def _role(row: Row) -> list[Sentence]:
    where = f"#r-{row['role']}"
    figures = {
        "title": Figure(row["title"], where),
        "people": Figure(row["people"], where),
        "confirmed": Figure(row["confirmed"], where, share=True),
        "skill": Figure(row["least"]["label"], where),
        "missing": Figure(row["least"]["missing"], where),
    }
    words = "{title}: accepted skills cover {confirmed} of what the role asks of its {people} people."
    told = [tell(words, figures)]
    if row["least"]["missing"]:
        words = "There, {skill} is confirmed for the fewest: it is missing for {missing} of {people}."
        told.append(tell(words, figures))
    if row["assessed"]:
        low, point, high = (Figure(row["computed"][k], where, share=True) for k in ("low", "point", "high"))
        words = "With what no human has confirmed yet, the middle person there covers between {low} and {high}."
        told.append(tell(words, {"low": low, "high": high}))
        told.append(_bands(row, where))
        if row["before"]["point"] is not None:
            then = {
                "day": Figure(row["before"]["on"], where),
                "then": Figure(row["before"]["point"], where, share=True),
                "now": point,
            }
            told.append(tell("On {day} the middle person there covered {then}; now it is {now}.", then))
    return told


def _bands(row: Row, where: str) -> Sentence:
    figures = {name: Figure(row[name], where) for name in ("ready", "close", "far", "assessed")}
    return tell("Of {assessed} who were assessed, {ready} are ready now, {close} are close and {far} are far.", figures)
