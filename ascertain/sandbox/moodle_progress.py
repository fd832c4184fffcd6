"""Moodle's web service functions for completion, grades and badges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.moodle_functions import Function, course_of
from ascertain.sandbox.moodle_gate import Param, not_found, refused
from ascertain.sandbox.moodle_shapes import Row, Site, badge
from ascertain.sandbox.moodle_states import activity_states, completion, grade_items, grade_of, has_criteria

_INT, _BOOL = Param("int", True), Param("bool", False, False)


def progress(live: LiveCompany) -> dict[str, Function]:
    """By name. Everything is read from the company as it is when a function is called."""

    def site() -> Site:
        return Site.of(live.current)

    def course_completion(sent: Mapping[str, Any]) -> Row:
        found = site()
        course = course_of(found, sent["courseid"])
        if sent["userid"] not in found.people:
            raise not_found("user")
        enrolment = found.enrolled.get((course.id, sent["userid"]))
        if enrolment is None:
            raise refused("usernotenroled", "User is not enrolled in this course")
        if not has_criteria(course):
            raise refused("nocriteriaset", "No completion criteria set for this course")
        return {"completionstatus": completion(course, enrolment), "warnings": []}

    def activities_completion(sent: Mapping[str, Any]) -> Row:
        found = site()
        course = course_of(found, sent["courseid"])
        enrolment = found.enrolled.get((course.id, sent["userid"]))
        if enrolment is None:
            raise refused("usernotenroled", "User is not enrolled in this course")
        return {"statuses": activity_states(course, enrolment), "warnings": []}

    def grades(sent: Mapping[str, Any]) -> Row:
        found = site()
        course = course_of(found, sent["courseid"])
        if sent["userid"] and (course.id, sent["userid"]) not in found.enrolled:
            raise refused("notingroup", "Sorry, but you need to be part of a group to see this page.")
        rows = [
            grade_items(course, e, found.people[u])
            for (c, u), e in sorted(found.enrolled.items())
            if c == course.id and sent["userid"] in (0, u)
        ]
        return {"usergrades": rows, "warnings": []}

    def overview(sent: Mapping[str, Any]) -> Row:
        found = site()
        mine = sorted((c, e) for (c, u), e in found.enrolled.items() if u == sent["userid"]) if sent["userid"] else []
        return {
            "grades": [
                {
                    "courseid": c,
                    "grade": "-" if grade_of(e) is None else f"{grade_of(e):.2f}",
                    "rawgrade": None if grade_of(e) is None else f"{grade_of(e):.5f}",
                    "rank": None,
                }
                for c, e in mine
            ],
            "warnings": [],
        }

    def badges(sent: Mapping[str, Any]) -> Row:
        found = site()
        if sent["userid"] not in found.people:
            raise not_found("user")
        mine = [a for a in found.company.awards if a.user_id == sent["userid"] and a.training_type == "badge"]
        size = sent["perpage"] or len(mine)
        part = mine[sent["page"] * size : (sent["page"] + 1) * size]
        return {"badges": [badge(a, found) for a in part], "warnings": []}

    return {
        "core_completion_get_course_completion_status": Function({"courseid": _INT, "userid": _INT}, course_completion),
        "core_completion_get_activities_completion_status": Function(
            {"courseid": _INT, "userid": _INT}, activities_completion
        ),
        "gradereport_user_get_grade_items": Function(
            {"courseid": _INT, "userid": Param("int", False, 0), "groupid": Param("int", False, 0)}, grades
        ),
        "gradereport_overview_get_course_grades": Function({"userid": Param("int", False, 0)}, overview),
        "core_badges_get_user_badges": Function(
            {
                "userid": Param("int", False, 0),
                "courseid": Param("int", False, 0),
                "page": Param("int", False, 0),
                "perpage": Param("int", False, 0),
                "search": Param("text", False, ""),
                "onlypublic": _BOOL,
            },
            badges,
        ),
    }
