"""Moodle's web service functions for people, courses and who is enrolled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.moodle_gate import Param, invalid, not_found, refused
from ascertain.sandbox.moodle_shapes import (
    SITE,
    STUDENT_ROLE,
    Row,
    Site,
    course_row,
    latest_first,
    seconds,
    site_course,
    user_row,
)
from ascertain.sandbox.moodle_states import module_names, own_course
from ascertain.sandbox.records import Course

Handler = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Function:
    """A web service function: what it takes and what answers."""

    params: Mapping[str, Param]
    answer: Handler


_EXACT = ("id", "idnumber", "username", "auth")
_LIKE = ("email", "firstname", "lastname")
_BY_FIELD = ("id", "idnumber", "username", "email")
_COURSE_FIELDS = ("id", "ids", "shortname", "idnumber", "category", "sectionid")
_INT, _BOOL = Param("int", True), Param("bool", False, False)


def course_of(found: Site, number: int) -> Course:
    """A course that exists.

    Raises:
        MoodleError: ``invalidrecord``.
    """
    if number not in found.courses:
        raise not_found("course")
    return found.courses[number]


def people_and_courses(live: LiveCompany) -> dict[str, Function]:
    """By name. Everything is read from the company as it is when a function is called."""

    def site() -> Site:
        return Site.of(live.current)

    def users(sent: Mapping[str, Any]) -> Row:
        found = site()
        rows = [user_row(p, found) for p in found.people.values()]
        warnings: list[Row] = []
        used: set[str] = set()
        for key, value in sent["criteria"]:
            if key in used:
                raise refused("keyalreadyset", f"The key {key} can only be sent once")
            used.add(key)
            if key in _EXACT:
                rows = [r for r in rows if str(r.get(key, "")) == value]
            elif key in _LIKE:
                pattern = value.lower().replace("%", "*")
                rows = [r for r in rows if fnmatchcase(str(r.get(key, "")).lower(), pattern)]
            else:
                said = f"The search key '{key}' is not supported, look at the web service documentation"
                warnings.append({"item": key, "warningcode": "invalidfieldparameter", "message": said})
        return {"users": rows, "warnings": warnings}

    def users_by_field(sent: Mapping[str, Any]) -> list[Row]:
        if sent["field"] not in _BY_FIELD:
            raise invalid()
        found, wanted = site(), set(sent["values"])
        rows = [user_row(p, found) for p in found.people.values()]
        return [r for r in rows if str(r.get(sent["field"], "")) in wanted]

    def courses(sent: Mapping[str, Any]) -> list[Row]:
        found = site()
        given = sent["options"] or {}
        if not isinstance(given, dict) or set(given) - {"ids"}:
            raise invalid()
        rows = [site_course(), *(course_row(c, found) for c in found.courses.values())]
        if "ids" not in given:
            return rows
        wanted = set(dict(given["ids"]).values()) if isinstance(given["ids"], dict) else set()
        return [r for r in rows if str(r["id"]) in wanted]

    def courses_by_field(sent: Mapping[str, Any]) -> Row:
        found, name, value = site(), sent["field"], sent["value"]
        rows = [site_course(), *(course_row(c, found) for c in found.courses.values())]
        if name:
            if name not in _COURSE_FIELDS:
                raise refused("errorinvalidparam", "Invalid field name")
            key = {"ids": "id", "category": "categoryid"}.get(name, name)
            wanted = set(value.split(",")) if name == "ids" else {value}
            rows = [r for r in rows if str(r.get(key, "")) in wanted]
        names = {i: n for n, i in found.categories().items()}
        more = {"contacts": [], "enrollmentmethods": ["manual"], "overviewfiles": [], "filters": []}
        return {
            "courses": [{**r, **more, "categoryname": names.get(r["categoryid"], "")} for r in rows],
            "warnings": [],
        }

    def categories(sent: Mapping[str, Any]) -> list[Row]:
        found = site()
        counts = {n: sum(c.category == n for c in found.courses.values()) for n in found.categories()}
        return [
            {
                "id": number,
                "name": name,
                "idnumber": "",
                "description": "",
                "descriptionformat": 1,
                "parent": 0,
                "sortorder": number * 10_000,
                "coursecount": counts[name],
                "visible": 1,
                "visibleold": 1,
                "timemodified": 1_420_070_400,
                "depth": 1,
                "path": f"/{number}",
                "theme": "",
            }
            for name, number in found.categories().items()
        ]

    def enrolled_users(sent: Mapping[str, Any]) -> list[Row]:
        found = site()
        course = course_of(found, sent["courseid"])
        chosen = dict(sent["options"] or [])
        if set(chosen) - {"withcapability", "groupid", "onlyactive", "userfields", "limitfrom", "limitnumber",
                          "sortby", "sortdirection", "onlysuspended"}:  # fmt: skip
            raise invalid()
        members = sorted(user for number, user in found.enrolled if number == course.id)
        limits = [chosen.get(k, "0") for k in ("limitfrom", "limitnumber")]
        if not all(t.isascii() and t.isdigit() for t in limits):
            raise invalid()
        begin, count = map(int, limits)
        members = members[begin : begin + count] if count else members[begin:]
        role = {"roleid": STUDENT_ROLE, "name": "", "shortname": "student", "sortorder": 0}
        rows = []
        for user in members:
            own = [c for c, u in found.enrolled if u == user]
            listed = [
                {"id": c, "fullname": found.courses[c].name, "shortname": found.courses[c].code} for c in sorted(own)
            ]
            row = user_row(found.people[user], found)
            last = found.enrolled[(course.id, user)]
            row |= {
                "lastcourseaccess": seconds(last.updated) if last.total_seconds else 0,
                "groups": [],
                "roles": [role],
                "enrolledcourses": listed,
            }
            if fields := chosen.get("userfields"):
                row = {k: v for k, v in row.items() if k in {"id", *fields.split(",")}}
            rows.append(row)
        return rows

    def users_courses(sent: Mapping[str, Any]) -> list[Row]:
        found = site()
        if sent["userid"] not in found.people:
            raise not_found("user")
        rows = [own_course(found.courses[c], e, found) for (c, u), e in found.enrolled.items() if u == sent["userid"]]
        if sent["returnusercount"] is False:
            for row in rows:
                row.pop("enrolledusercount")
        return latest_first(rows, "lastaccess")

    def contents(sent: Mapping[str, Any]) -> list[Row]:
        found = site()
        course = course_of(found, sent["courseid"])
        modules: list[Row] = [
            {
                "id": cmid,
                "url": f"{SITE}/mod/{'quiz' if cmid % 10 == 2 else 'page'}/view.php?id={cmid}",
                "name": name,
                "instance": cmid + 100_000,
                "contextid": cmid + 500_000,
                "visible": 1,
                "uservisible": True,
                "modname": "quiz" if cmid % 10 == 2 else "page",
                "modplural": "Quizzes" if cmid % 10 == 2 else "Pages",
                "completion": 2,
                "dates": [],
                "description": course.description if cmid % 10 == 1 else "",
            }
            for cmid, name in module_names(course).items()
        ]
        general = {"id": course.id * 100, "name": "General", "visible": 1, "summary": course.description}
        return [{**general, "summaryformat": 1, "section": 0, "uservisible": True, "modules": modules}]

    pairs = Param("pairs", False, ())
    return {
        "core_user_get_users": Function({"criteria": Param("pairs", True, names=("key", "value"))}, users),
        "core_user_get_users_by_field": Function(
            {"field": Param("text", True), "values": Param("texts", True)}, users_by_field
        ),
        "core_course_get_courses": Function({"options": Param("any")}, courses),
        "core_course_get_courses_by_field": Function(
            {"field": Param("text", False, ""), "value": Param("text", False, "")}, courses_by_field
        ),
        "core_course_get_categories": Function(
            {"criteria": Param("pairs", False, (), ("key", "value")), "addsubcategories": _BOOL}, categories
        ),
        "core_course_get_contents": Function({"courseid": _INT, "options": pairs}, contents),
        "core_enrol_get_enrolled_users": Function({"courseid": _INT, "options": pairs}, enrolled_users),
        "core_enrol_get_users_courses": Function(
            {"userid": _INT, "returnusercount": Param("bool", False, True)}, users_courses
        ),
    }
