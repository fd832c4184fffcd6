"""Rows as Moodle's web services give them: people, courses, enrolments, activities.

The site keeps one enrolment for each person and course, the latest. Times are Unix seconds, 0 is none. Every course
has a page, and a quiz where its kind is graded; a webinar has no completion criteria.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ascertain.sandbox.records import Award, Company, Course, Enrolment, Person

Row = dict[str, Any]
SITE = "https://learn.fjordlane.example"
SITE_COURSE = 1
"""The front page is a course too, and every list of courses begins with it."""
STUDENT_ROLE = 5
QUIZ_MAX = 10.0
"""Quizzes are graded from 0 to 10, the course from 0 to 100."""
_GRADED = ("elearning", "project", "micro-learning", "classroom")


def seconds(moment: datetime | date | None) -> int:
    """Unix seconds, 0 where there is none. The company's naive times are UTC."""
    if moment is None:
        return 0
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return int(moment.replace(tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Site:
    """The company as this site knows it."""

    company: Company
    people: Mapping[int, Person]
    courses: Mapping[int, Course]
    enrolled: Mapping[tuple[int, int], Enrolment]

    @classmethod
    def of(cls, company: Company) -> Site:
        """From the company; of several attempts the latest counts, and strangers cannot be enrolled."""
        people = {p.docebo_id: p for p in company.learners if p.docebo_id is not None}
        courses = {c.id: c for c in company.courses}
        latest: dict[tuple[int, int], Enrolment] = {}
        for e in sorted(company.enrolments, key=lambda e: e.updated):
            if e.user_id in people and e.course_id in courses:
                latest[(e.course_id, e.user_id or 0)] = e
        return cls(company, people, courses, latest)

    def categories(self) -> dict[str, int]:
        """Number of each category by name."""
        return {name: i for i, name in enumerate(sorted({c.category for c in self.courses.values()}), start=2)}


def has_criteria(course: Course) -> bool:
    """A webinar's completion is not tracked."""
    return course.modality != "webinar"


def is_graded(course: Course) -> bool:
    """The course has a quiz."""
    return course.modality in _GRADED


def grade_of(enrolment: Enrolment) -> float | None:
    """0 to 100; what is no number cannot be in a grade book."""
    return float(enrolment.score) if isinstance(enrolment.score, int | float) else None


def user_row(person: Person, site: Site) -> Row:
    """A profile as ``core_user_get_users`` gives it to somebody with all rights; what is empty is left out."""
    boss = site.company.person(person.manager_id) if person.manager_id else None
    done = [e for (_, user), e in site.enrolled.items() if user == person.docebo_id]
    picture = f"{SITE}/theme/image.php/boost/core/1/u"
    custom = (
        ("jobtitle", "Job title", person.title),
        ("jobcode", "Job profile code", person.role),
        ("manager", "Manager's employee number", boss.id if boss else ""),
        # On purpose: a careless administrator made this field, and the edge must drop it.
        ("nationalid", "National insurance number", person.national_id),
    )
    row: Row = {
        "id": person.docebo_id,
        "username": person.email.partition("@")[0],
        "firstname": person.given,
        "lastname": person.family,
        "fullname": person.name,
        "email": person.email,
        "department": person.department,
        "institution": site.company.name,
        "idnumber": person.id,
        "firstaccess": seconds(person.hire_date),
        "lastaccess": max((seconds(e.updated) for e in done if e.total_seconds), default=0),
        "auth": "oauth2",
        "suspended": False,
        "confirmed": True,
        "lang": person.language,
        "theme": "",
        "timezone": person.time_zone,
        "mailformat": 1,
        "trackforums": 0,
        "description": "",
        "descriptionformat": 1,
        "city": person.location,
        "country": {"Hamburg": "DE", "Rotterdam": "NL", "Dublin": "IE"}.get(person.location, "PL"),
        "profileimageurlsmall": f"{picture}/f2",
        "profileimageurl": f"{picture}/f1",
        "customfields": [
            {"type": "text", "value": v, "displayvalue": v, "name": n, "shortname": s} for s, n, v in custom if v
        ],
        "preferences": [{"name": "email_bounce_count", "value": "1"}],
    }
    return {k: v for k, v in row.items() if v != ""}


def site_course() -> Row:
    """The front page."""
    return {
        "id": SITE_COURSE,
        "shortname": "Fjordlane Academy",
        "categoryid": 0,
        "fullname": "Fjordlane Academy",
        "displayname": "Fjordlane Academy",
        "idnumber": "",
        "summary": "",
        "summaryformat": 1,
        "format": "site",
        "startdate": 0,
        "enddate": 0,
        "timecreated": 1_420_070_400,
        "timemodified": 1_420_070_400,
        "visible": 1,
        "enablecompletion": 0,
        "lang": "",
        "customfields": [],
    }


def course_row(course: Course, site: Site) -> Row:
    """A course as ``core_course_get_courses`` gives it. Level, length and the like are custom fields of this site."""
    custom = (
        ("level", "Level", "select", course.level),
        ("minutes", "Minutes", "number", course.minutes),
        ("modality", "Modality", "text", course.modality),
        ("prerequisites", "Prerequisites", "text", ", ".join(course.prerequisites)),
        ("mandatory", "Mandatory", "checkbox", int(course.mandatory)),
    )
    return {
        "id": course.id,
        "shortname": course.code,
        "categoryid": site.categories()[course.category],
        "categorysortorder": 10_000 + course.id,
        "fullname": course.name,
        "displayname": course.name,
        "idnumber": course.code,
        "summary": course.description,
        "summaryformat": 1,
        "format": "topics",
        "showgrades": 1,
        "newsitems": 5,
        "startdate": seconds(course.created),
        "enddate": 0,
        "maxbytes": 0,
        "showreports": 0,
        "visible": 1,
        "groupmode": 0,
        "groupmodeforce": 0,
        "defaultgroupingid": 0,
        "timecreated": seconds(course.created),
        "timemodified": seconds(course.updated),
        "enablecompletion": 1,
        "completionnotify": 0,
        "lang": course.language,
        "forcetheme": "",
        "courseformatoptions": [{"name": "hiddensections", "value": 1}, {"name": "coursedisplay", "value": 0}],
        "showactivitydates": True,
        "showcompletionconditions": True,
        "customfields": [
            {"name": name, "shortname": short, "type": kind, "valueraw": value, "value": str(value)}
            for short, name, kind, value in custom
        ],
    }


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


def badge(award: Award, site: Site) -> Row:
    """A badge as ``core_badges_get_user_badges`` gives it."""
    of = next((c for c in site.courses.values() if c.code == award.course_code), None)
    return {
        "id": award.id,
        "name": award.title,
        "description": f"<p>Given by {award.provider}.</p>",
        "timecreated": seconds(award.started),
        "timemodified": seconds(award.updated),
        "issuername": award.provider,
        "issuerurl": SITE,
        "issuercontact": "",
        "expiredate": None,
        "type": 2 if of else 1,
        "courseid": of.id if of else None,
        "status": 3,
        "issuedid": award.id,
        "uniquehash": f"{award.id:040x}",
        "dateissued": seconds(award.ended),
        "dateexpire": None,
        "visible": 1,
        "email": site.people[award.user_id].email,
        "badgeurl": f"{SITE}/badges/image.php?id={award.id}",
    }


def latest_first(rows: Iterable[Row], key: str) -> list[Row]:
    """Rows sorted by a time, the newest first."""
    return sorted(rows, key=lambda r: -int(r[key] or 0))
