"""Moodle's competencies: one framework on a scale of five, learning plans, grades that leave evidence behind.

``grade`` is the place of an item on the scale, from 1. Nothing takes a grade back: the service wants a number, and 0 is
no item. Deleting evidence leaves the grade. What was graded stays with the company (``LiveCompany.kept``).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.moodle_functions import Function
from ascertain.sandbox.moodle_gate import MoodleError, Param, not_found, refused
from ascertain.sandbox.moodle_shapes import SITE, Row, Site
from ascertain.sandbox.moodle_states import module_names

SYSTEM = "moodle"
FRAMEWORK, SCALE = 1, 3
SCALE_ITEMS = ("Awareness", "Foundation", "Practitioner", "Advanced", "Expert")
_NAMES = (
    "Python", "SQL", "Terraform", "Kubernetes", "Git", "Amazon Web Services", "Data visualisation", "Machine learning",
    "Statistics", "Project management", "Coaching", "Negotiation", "Facilitation", "Excel",
)  # fmt: skip
_CREATED = 1_640_995_200
_CONFIGURATION = json.dumps(
    [{"scaleid": str(SCALE)}, {"id": 1, "scaledefault": 1, "proficient": 0}]
    + [{"id": n, "scaledefault": 0, "proficient": int(n >= 3)} for n in range(2, 6)]
)


def competency_id(name: str) -> int:
    """Number of a competency."""
    return 100 + _NAMES.index(name)


def key_of(user: int, competency: int) -> str:
    """Where the company keeps what was graded."""
    return f"{user}-{competency}"


def _stamps(number: int, created: int = _CREATED, modified: int = _CREATED) -> Row:
    return {"id": number, "timecreated": created, "timemodified": modified, "usermodified": 2}


def _competency(name: str) -> Row:
    return {
        "shortname": name,
        "idnumber": name.lower().replace(" ", "-"),
        "description": f"<p>Works with {name}.</p>",
        "descriptionformat": 1,
        "sortorder": _NAMES.index(name),
        "parentid": 0,
        "path": "/0/",
        "ruleoutcome": 0,
        "ruletype": None,
        "ruleconfig": None,
        "scaleid": None,
        "scaleconfiguration": None,
        "competencyframeworkid": FRAMEWORK,
        **_stamps(competency_id(name)),
    }


def competencies(live: LiveCompany) -> dict[str, Function]:
    """The functions by name."""
    lock = threading.Lock()
    by_id = {competency_id(n): n for n in _NAMES}

    def name_of(number: int) -> str:
        if number not in by_id:
            raise not_found("competency")
        return by_id[number]

    def person_of(found: Site, number: int) -> None:
        if number not in found.people:
            raise refused("invaliduser", "Invalid user")

    def held(user: int, competency: int) -> dict[str, Any]:
        kept: dict[str, Any] = live.kept(SYSTEM).get(key_of(user, competency), {"grade": None, "evidence": []})
        return kept

    def user_competency(user: int, competency: int) -> Row:
        kept = held(user, competency)
        grade, evidence = kept["grade"], kept["evidence"]
        proficient = None if grade is None else grade >= 3
        return {
            "userid": user,
            "competencyid": competency,
            "status": 0,
            "reviewerid": None,
            "proficiency": proficient,
            "grade": grade,
            **_stamps(user * 1000 + competency, modified=evidence[-1]["timecreated"] if evidence else _CREATED),
            "canrequestreview": False,
            "canreview": True,
            "gradename": "-" if grade is None else SCALE_ITEMS[grade - 1],
            "isrequestreviewallowed": False,
            "iscancelreviewrequestallowed": False,
            "isstartreviewallowed": False,
            "isstopreviewallowed": False,
            "isstatusidle": True,
            "isstatusinreview": False,
            "isstatuswaitingforreview": False,
            "proficiencyname": "-" if proficient is None else "Yes" if proficient else "No",
            "statusname": "Idle",
            "url": f"{SITE}/admin/tool/lp/user_competency.php?id={user * 1000 + competency}",
        }

    def grade(sent: Mapping[str, Any]) -> Row:
        found = Site.of(live.current)
        user, competency, value = sent["userid"], sent["competencyid"], sent["grade"]
        person_of(found, user)
        name_of(competency)
        if not 1 <= value <= len(SCALE_ITEMS):
            raise MoodleError("core\\invalid_persistent_exception", "invalidpersistenterror", "Invalid grade")
        now = int(time.time())
        with lock:
            kept = held(user, competency)
            evidence = {
                "usercompetencyid": user * 1000 + competency,
                "contextid": 1,
                "action": 3,
                "actionuserid": 2,
                "descidentifier": "evidence_manualoverride",
                "desccomponent": "core_competency",
                "desca": None,
                "url": None,
                "grade": value,
                "note": sent["note"] or None,
                **_stamps(len(live.kept(SYSTEM)) * 100 + len(kept["evidence"]) + 1, now, now),
                "description": "The competency rating was manually set.",
                "gradename": SCALE_ITEMS[value - 1],
                "userdate": time.strftime("%A, %d %B %Y, %I:%M %p", time.gmtime(now)),
                "candelete": True,
            }
            evidences = [*kept["evidence"], evidence]
            live.put(SYSTEM, key_of(user, competency), {"grade": value, "evidence": evidences})
        return evidence

    def grade_in_plan(sent: Mapping[str, Any]) -> Row:
        user = sent["planid"] // 10
        if sent["planid"] % 10 or user not in Site.of(live.current).people:
            raise not_found("competency_plan")
        return grade({**sent, "userid": user})

    def grade_in_course(sent: Mapping[str, Any]) -> Row:
        found = Site.of(live.current)
        if sent["courseid"] not in found.courses:
            raise not_found("course")
        if (sent["courseid"], sent["userid"]) not in found.enrolled:
            raise refused("usernotenroled", "User is not enrolled in this course")
        if sent["competencyid"] not in linked(found, sent["courseid"]):
            raise refused("invalidcompetency", "The competency is not linked to this course")
        return grade(sent)

    def linked(found: Site, course: int) -> list[int]:
        """Competencies whose name the course's name or description has."""
        text = f"{found.courses[course].name} {found.courses[course].description}".lower()
        return [number for number, name in by_id.items() if name.lower() in text]

    def course_list(sent: Mapping[str, Any]) -> list[Row]:
        found = Site.of(live.current)
        if sent["id"] not in found.courses:
            raise not_found("course")
        cmid, name = next(iter(module_names(found.courses[sent["id"]]).items()))
        return [
            {
                "competency": _competency(by_id[number]),
                "coursecompetency": {
                    "courseid": sent["id"],
                    "competencyid": number,
                    "sortorder": place,
                    "ruleoutcome": 1,
                    **_stamps(sent["id"] * 1000 + number),
                },
                "coursemodules": [{"id": cmid, "name": name, "url": f"{SITE}/mod/page/view.php?id={cmid}"}],
            }
            for place, number in enumerate(linked(found, sent["id"]))
        ]

    def frameworks(sent: Mapping[str, Any]) -> list[Row]:
        return [
            {
                "shortname": "Fjordlane skills",
                "idnumber": "fjordlane",
                "description": "",
                "descriptionformat": 1,
                "visible": True,
                "scaleid": SCALE,
                "scaleconfiguration": _CONFIGURATION,
                "contextid": 1,
                "taxonomies": "competency,competency,competency,competency",
                **_stamps(FRAMEWORK),
                "canmanage": True,
                "competenciescount": len(_NAMES),
                "contextname": "System",
                "contextnamenoprefix": "System",
            }
        ]

    def listed(sent: Mapping[str, Any]) -> list[Row]:
        rows = [_competency(n) for n in _NAMES]
        for column, value in sent["filters"]:
            if rows and column not in rows[0]:
                raise refused("invalidcolumn", "Filter column is invalid")
            rows = [r for r in rows if str(r[column]) == value]
        return rows[sent["skip"] : sent["skip"] + sent["limit"] if sent["limit"] else None]

    def plans(sent: Mapping[str, Any]) -> list[Row]:
        person_of(Site.of(live.current), sent["userid"])
        return [
            {
                "name": "Development plan",
                "description": "",
                "descriptionformat": 1,
                "userid": sent["userid"],
                "templateid": None,
                "origtemplateid": None,
                "status": 1,
                "duedate": 0,
                "reviewerid": None,
                **_stamps(sent["userid"] * 10),
                "statusname": "Active",
                "isactive": True,
                "isdraft": False,
                "iscompleted": False,
                "canmanage": True,
                "canread": True,
            }
        ]

    def plan_list(sent: Mapping[str, Any]) -> list[Row]:
        user = sent["id"] // 10
        if sent["id"] % 10 or user not in Site.of(live.current).people:
            raise not_found("competency_plan")
        return [{"competency": _competency(n), "usercompetency": user_competency(user, c)} for c, n in by_id.items()]

    def summary(sent: Mapping[str, Any]) -> Row:
        found = Site.of(live.current)
        person_of(found, sent["userid"])
        name = name_of(sent["competencyid"])
        person = found.people[sent["userid"]]
        return {
            "showrelatedcompetencies": False,
            "cangrade": True,
            "competency": {"competency": _competency(name), "linkedcourses": [], "relatedcompetencies": []},
            "user": {"id": person.docebo_id, "fullname": person.name, "email": person.email, "idnumber": person.id},
            "usercompetency": user_competency(sent["userid"], sent["competencyid"]),
            "evidence": held(sent["userid"], sent["competencyid"])["evidence"][::-1],
        }

    number, note = Param("int", True), Param("text", False, "")
    page = {
        "sort": Param("text"),
        "order": Param("text"),
        "skip": Param("int", False, 0),
        "limit": Param("int", False, 0),
    }
    filters = Param("pairs", True, names=("column", "value"))
    return {
        "core_competency_list_competency_frameworks": Function(
            {**page, "context": Param("any", True), "includes": Param("text"), "onlyvisible": Param("text"),
             "query": Param("text")}, frameworks
        ),
        "core_competency_list_competencies": Function({**page, "filters": filters}, listed),
        "core_competency_read_competency": Function({"id": number}, lambda sent: _competency(name_of(sent["id"]))),
        "core_competency_get_scale_values": Function(
            {"scaleid": number}, lambda sent: [{"id": i, "name": n} for i, n in enumerate(SCALE_ITEMS, start=1)]
        ),
        "core_competency_list_course_competencies": Function({"id": number}, course_list),
        "core_competency_list_user_plans": Function({"userid": number}, plans),
        "core_competency_list_plan_competencies": Function({"id": number}, plan_list),
        "core_competency_grade_competency": Function(
            {"userid": number, "competencyid": number, "grade": number, "note": note}, grade
        ),
        "core_competency_grade_competency_in_plan": Function(
            {"planid": number, "competencyid": number, "grade": number, "note": note}, grade_in_plan
        ),
        "core_competency_grade_competency_in_course": Function(
            {"courseid": number, "userid": number, "competencyid": number, "grade": number, "note": note},
            grade_in_course,
        ),
        "tool_lp_data_for_user_competency_summary": Function({"userid": number, "competencyid": number}, summary),
    }  # fmt: skip
