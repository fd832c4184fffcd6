"""What a person has done in a Moodle course: progress, completion, grades.

Every course has a page, and a quiz where its kind is graded; a webinar has no completion criteria.
"""

from __future__ import annotations

from ascertain.sandbox.moodle_shapes import SITE, Row, Site, course_row, seconds
from ascertain.sandbox.records import Course, Enrolment, Person

QUIZ_MAX = 10.0
"""Quizzes are graded from 0 to 10, the course from 0 to 100."""
_GRADED = ("elearning", "project", "micro-learning", "classroom")


def has_criteria(course: Course) -> bool:
    """A webinar's completion is not tracked."""
    return course.modality != "webinar"


def is_graded(course: Course) -> bool:
    """The course has a quiz."""
    return course.modality in _GRADED


def grade_of(enrolment: Enrolment) -> float | None:
    """0 to 100; what is no number cannot be in a grade book."""
    return float(enrolment.score) if isinstance(enrolment.score, int | float) else None


def own_course(course: Course, enrolment: Enrolment, site: Site) -> Row:
    """A course on a person's list (``core_enrol_get_users_courses``)."""
    row = course_row(course, site)
    kept = ("id", "shortname", "fullname", "displayname", "idnumber", "visible", "summary", "summaryformat", "format")
    return {
        **{k: row[k] for k in kept},
        "enrolledusercount": sum(c == course.id for c, _ in site.enrolled),
        "courseimage": f"{SITE}/pluginfile.php/{course.id}/course/overviewfiles/c.svg",
        "showgrades": True,
        "lang": course.language,
        "enablecompletion": True,
        "completionhascriteria": has_criteria(course),
        "completionusertracked": True,
        "category": row["categoryid"],
        "progress": progress_of(course, enrolment),
        "completed": enrolment.status == "completed" and has_criteria(course),
        "startdate": row["startdate"],
        "enddate": 0,
        "marker": 0,
        "lastaccess": seconds(enrolment.updated) if enrolment.total_seconds else None,
        "isfavourite": False,
        "hidden": False,
        "overviewfiles": [],
        "showactivitydates": True,
        "showcompletionconditions": True,
        "timemodified": row["timemodified"],
    }


def progress_of(course: Course, enrolment: Enrolment) -> float | None:
    """Per cent of the activities that are complete; ``None`` where nothing is tracked."""
    if not has_criteria(course):
        return None
    states = [s["state"] for s in activity_states(course, enrolment)]
    return round(100 * sum(s in (1, 2) for s in states) / len(states), 2)


def activity_states(course: Course, enrolment: Enrolment) -> list[Row]:
    """Completion of each activity: state 0 incomplete, 1 complete, 2 passed, 3 failed; 0 seconds is no time."""
    begun = enrolment.total_seconds > 0
    ended = enrolment.status in ("completed", "failed")
    grade = grade_of(enrolment)
    rows = [(course.id * 10 + 1, "page", int(begun and (ended or course.minutes > 90)))]
    if is_graded(course):
        state = 0 if grade is None or not ended else 2 if enrolment.status == "completed" else 3
        rows.append((course.id * 10 + 2, "quiz", state if grade is not None else int(enrolment.status == "completed")))
    return [
        {
            "cmid": cmid,
            "modname": name,
            "instance": cmid + 100_000,
            "state": state,
            "timecompleted": seconds(enrolment.updated) if state else 0,
            "tracking": 2,
            "overrideby": None,
            "valueused": False,
            "hascompletion": True,
            "isautomatic": True,
            "istrackeduser": True,
            "uservisible": True,
            "details": [],
        }
        for cmid, name, state in rows
    ]


def module_names(course: Course) -> dict[int, str]:
    """Names of the course's activities by ``cmid``."""
    names = {course.id * 10 + 1: f"{course.name}: reading"}
    return names | ({course.id * 10 + 2: f"{course.name}: quiz"} if is_graded(course) else {})


def completion(course: Course, enrolment: Enrolment) -> Row:
    """``completionstatus`` of a person's course; all criteria count."""
    done = enrolment.status == "completed"
    at = seconds(enrolment.completed or enrolment.updated) if done else 0
    names = module_names(course)
    rows: list[Row] = []
    for state in activity_states(course, enrolment):
        complete = state["state"] in (1, 2) or done
        rows.append(
            {
                "type": 4,
                "title": "Activity completion",
                "status": "Yes" if complete else "No",
                "complete": complete,
                "timecompleted": (at or state["timecompleted"]) if complete else None,
                "details": {
                    "type": state["modname"].capitalize(),
                    "criteria": f'<a href="{SITE}/mod/{state["modname"]}/view.php?id={state["cmid"]}">'
                    f"{names[state['cmid']]}</a>",
                    "requirement": "Marking yourself complete" if state["modname"] == "page" else "Achieving grade",
                    "status": "",
                },
            }
        )
    return {"completed": done, "aggregation": 1, "completions": rows}


def grade_items(course: Course, enrolment: Enrolment, person: Person) -> Row:
    """One person's part of ``gradereport_user_get_grade_items``: the quiz, and the course's total."""
    grade = grade_of(enrolment)
    at = seconds(enrolment.updated) if grade is not None else None

    def item(number: int, kind: str, name: str | None, raw: float | None, top: float, cmid: int | None) -> Row:
        row: Row = {
            "id": course.id * 10 + number,
            "itemname": name,
            "itemtype": kind,
            "itemmodule": "quiz" if kind == "mod" else None,
            "iteminstance": course.id * 10 + 100_002 if kind == "mod" else course.id,
            "itemnumber": 0 if kind == "mod" else None,
            "idnumber": "",
            "categoryid": course.id if kind == "mod" else None,
            "outcomeid": None,
            "scaleid": None,
            "locked": None,
            "weightraw": 1.0,
            "weightformatted": "100.00 %" if raw is not None else "-",
            "graderaw": raw,
            "gradedatesubmitted": at if kind == "mod" else None,
            "gradedategraded": at,
            "gradehiddenbydate": False,
            "gradeneedsupdate": False,
            "gradeishidden": False,
            "gradeislocked": False,
            "gradeisoverridden": False,
            "gradeformatted": "-" if raw is None else f"{raw:.2f}",
            "grademin": 0,
            "grademax": top,
            "rangeformatted": f"0&ndash;{top:g}",
            "percentageformatted": "-" if raw is None else f"{100 * raw / top:.2f} %",
            "feedback": "",
            "feedbackformat": 0,
        }
        return row if cmid is None else {**row, "cmid": cmid}

    items = [item(1, "course", None, grade, 100, None)]
    if is_graded(course):
        scaled = None if grade is None else round(grade / 100 * QUIZ_MAX, 5)
        items.insert(0, item(2, "mod", f"{course.name}: quiz", scaled, QUIZ_MAX, course.id * 10 + 2))
    return {
        "courseid": course.id,
        "courseidnumber": course.code,
        "userid": person.docebo_id,
        "userfullname": person.name,
        "useridnumber": person.id,
        "maxdepth": 2,
        "gradeitems": items,
    }
