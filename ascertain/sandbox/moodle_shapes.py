"""Rows as Moodle's web services give them: people, courses, badges.

The site keeps one enrolment for each person and course, the latest. Times are Unix seconds, 0 is none.
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
