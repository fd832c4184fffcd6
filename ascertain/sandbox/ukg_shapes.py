"""Rows as UKG Pro gives them. Names of keys differ between endpoints (``employeeID``, ``employeeId``), as in the
vendor's specification; dates come with and without a zone.

Some people hold a second, ended employment in another company: the key is company and employee. National ids and
health data stand in person-details, because they do in the real thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ascertain.sandbox.records import Company, Person
from ascertain.sandbox.ukg_gate import UkgOptions

Row = dict[str, Any]
_SECOND_EVERY = 17
"""Every so many-th person has a second employment."""
_COUNTRY = {"Hamburg": "DEU", "Rotterdam": "NLD", "Dublin": "IRL", "Gdańsk": "POL"}


def employee_id(person_id: str) -> str:
    """Twelve letters and digits, as UKG numbers an employee."""
    return uuid5(NAMESPACE_URL, f"ukg:{person_id}").hex[:12].upper()


def person_uuid(person_id: str) -> str:
    """The person behind all employments."""
    return str(uuid5(NAMESPACE_URL, f"ukg:person:{person_id}"))


@dataclass(frozen=True)
class Employment:
    """One person in one company; ``home`` is the present one."""

    person: Person
    company_id: str
    home: bool

    @property
    def changed(self) -> datetime:
        """Naive UTC."""
        return self.person.updated if self.home else self.person.updated - timedelta(days=400)


def employments(company: Company, options: UkgOptions) -> Iterator[Employment]:
    """All of them, in a fixed order."""
    for number, person in enumerate(company.people, start=1):
        yield Employment(person, options.company_id, True)
        if number % _SECOND_EVERY == 0:
            yield Employment(person, options.second_company_id, False)


def org_code(name: str) -> str:
    """Code of a department."""
    return name[:4].upper()


def aware(moment: datetime | date | None) -> str | None:
    """With a zone, as the specification's date-times."""
    found = naive(moment)
    return f"{found}Z" if found else None


def naive(moment: datetime | date | None) -> str | None:
    """Without a zone, as the specification's mere strings."""
    if moment is None:
        return None
    return moment.isoformat() if isinstance(moment, datetime) else f"{moment.isoformat()}T00:00:00"


def _ended(of: Employment) -> date | None:
    return None if of.home else of.person.hire_date + timedelta(days=30)


def person_details(of: Employment) -> Row:
    """``/personnel/v1/person-details``."""
    p = of.person
    return {
        "personId": person_uuid(p.id),
        "employeeId": employee_id(p.id),
        "companyId": of.company_id,
        "userName": p.email.partition("@")[0],
        "firstName": p.given,
        "middleName": None,
        "lastName": p.family,
        "preferredName": None,
        "formerName": None,
        "emailAddress": p.email,
        "emailAddressAlternate": None,
        "homePhone": "5550100",
        "addressCity": p.location,
        "addressCountry": _COUNTRY[p.location],
        "nationalId": p.national_id,
        "nationalIdCountry": _COUNTRY[p.location],
        "ssn": p.national_id.replace("-", ""),
        "ssnIsSuppressed": False,
        "previousSSN": None,
        "dateOfBirth": "1985-01-01T00:00:00Z",
        "gender": None,
        "ethnicIDCode": None,
        "maritalStatusCode": None,
        "cobraIsActive": False,
        "cobraStatus": None,
        "healthBloodType": None,
        "isDisabled": False,
        "isSmoker": False,
        "militaryService": False,
        "datetimeChanged": aware(of.changed),
        "datetimeCreated": aware(p.hire_date),
    }


def employment_details(of: Employment, company: Company) -> Row:
    """``/personnel/v1/employment-details``."""
    p = of.person
    boss = company.person(p.manager_id) if p.manager_id else None
    return {
        "companyID": of.company_id,
        "companyCode": of.company_id[:3],
        "companyName": company.name if of.home else f"{company.name} Nederland",
        "employeeID": employee_id(p.id),
        "employeeNumber": p.id,
        "jobDescription": p.title,
        "primaryJobCode": p.role or None,
        "jobTitle": p.title,
        "orgLevel1Code": org_code(p.department),
        "orgLevel2Code": None,
        "orgLevel3Code": None,
        "orgLevel4Code": None,
        "originalHireDate": aware(p.hire_date),
        "lastHireDate": aware(p.hire_date),
        "fullTimeOrPartTimeCode": "F" if p.weekly_hours >= 35 else "P",
        "primaryWorkLocationCode": p.location[:3].upper(),
        "languageCode": p.language.upper(),
        "dateInJob": aware(p.hire_date),
        "employeeTypeCode": "REG",
        "employeeStatusCode": "A" if of.home else "T",
        "supervisorID": employee_id(boss.id) if boss else None,
        "supervisorFirstName": boss.given if boss else None,
        "supervisorLastName": boss.family if boss else None,
        "supervisorEmployeeNumber": boss.id if boss else None,
        "dateOfTermination": aware(_ended(of)),
        "jobGroupCode": None,
        "positionCode": None,
        "salaryOrHourly": "S",
        "scheduledFTE": round(p.weekly_hours / 40, 4),
        "scheduledWorkHrs": float(p.weekly_hours),
        "weeklyHours": float(p.weekly_hours),
        "dateTimeCreated": aware(p.hire_date),
        "dateTimeChanged": aware(of.changed),
    }


def employee_employment_details(of: Employment) -> Row:
    """``/personnel/v1/employee-employment-details``: the only one that tells the home company."""
    p = of.person
    return {
        "companyID": of.company_id,
        "employeeID": employee_id(p.id),
        "primaryJobCode": p.role or None,
        "jobTitle": p.title,
        "fullTimeOrPartTimeCode": "F" if p.weekly_hours >= 35 else "P",
        "primaryWorkLocationCode": p.location[:3].upper(),
        "primaryProjectCode": None,
        "employeeTypeCode": "REG",
        "employeeStatusCode": "A" if of.home else "T",
        "employeeNumber": p.id,
        "supervisorId": employee_id(p.manager_id) if p.manager_id else None,
        "originalHireDate": naive(p.hire_date),
        "lastHireDate": naive(p.hire_date),
        "dateOfTermination": naive(_ended(of)),
        "dateOfRetirement": None,
        "dateTimeCreated": naive(p.hire_date),
        "dateTimeChanged": naive(of.changed),
        "payGroup": "MON",
        "isHomeCompany": "Y" if of.home else "N",
    }


def supervisor_details(of: Employment, company: Company, options: UkgOptions) -> Row:
    """``/personnel/v1/employee-supervisor-details``."""
    boss = company.person(of.person.manager_id) if of.person.manager_id else None
    return {
        "employeeID": employee_id(of.person.id),
        "companyID": of.company_id,
        "employeeNumber": of.person.id,
        "supervisorEmployeeID": employee_id(boss.id) if boss else None,
        "supervisorFirstName": boss.given if boss else None,
        "supervisorLastName": boss.family if boss else None,
        "supervisorEmployeeNumber": boss.id if boss else None,
        "supervisorCompanyID": options.company_id if boss else None,
        "supervisorCompanyCode": options.company_id[:3] if boss else None,
        "supervisorStatusCode": "A" if boss else None,
        "supervisorJobCode": (boss.role or None) if boss else None,
        "supervisorPositionCode": None,
        "supervisorEmail": boss.email if boss else None,
        "supervisorWorkPhone": None,
        "supervisorPersonId": person_uuid(boss.id) if boss else None,
    }


def change(of: Employment, company: Company) -> Row:
    """``/personnel/v1/employee-changes``: the whole row, and nothing says what of it changed or when."""
    p = of.person
    boss = company.person(p.manager_id) if p.manager_id else None
    ended = _ended(of)
    return {
        "firstName": p.given,
        "lastName": p.family,
        "preferredName": None,
        "emailAddress": p.email,
        "countryCode": _COUNTRY[p.location],
        "languageCode": p.language.upper(),
        "employeeNumber": p.id,
        "employeeId": employee_id(p.id),
        "personId": person_uuid(p.id),
        "companyName": company.name,
        "companyId": of.company_id,
        "supervisorId": employee_id(boss.id) if boss else None,
        "supervisorName": f"{boss.family}, {boss.given}" if boss else None,
        "salaryOrHourly": "S",
        "fullTimeOrPartTime": "F" if p.weekly_hours >= 35 else "P",
        "isActive": of.home,
        "workLocation": p.location,
        "jobCode": p.role or None,
        "alternateJobTitle": p.title,
        "projectCode": None,
        "orgLevel1Code": org_code(p.department),
        "orgLevel2Code": None,
        "orgLevel3Code": None,
        "orgLevel4Code": None,
        "homePhone": "5550100",
        "employeeAddress1": "Example Street 1",
        "city": p.location,
        "terminationDate": naive(ended),
        "hireDate": naive(p.hire_date),
        "gender": None,
        "employeeStatus": "A" if of.home else "T",
        "employeeType": "REG",
        "dateInJob": naive(p.hire_date),
        "dateOfLastHire": naive(p.hire_date),
    }


def org_levels(company: Company) -> list[Row]:
    """``/configuration/v1/org-levels``: departments are level 1."""
    return [
        {"level": 1, "code": org_code(n), "description": n, "levelDescription": "Department", "isActive": True}
        for n in sorted({p.department for p in company.people})
    ]


def jobs(company: Company) -> list[Row]:
    """``/configuration/v1/jobs``: one for each role, described by the titles that people have in it."""
    titles = {r: sorted({p.title for p in company.people if p.role == r}) for r in {p.role for p in company.people}}
    return [
        {
            "countryCode": "DEU",
            "code": role,
            "title": role.replace("-", " ").title(),
            "longDescription": f"Held as: {'; '.join(titles[role])}.",
            "jobFamilyCode": None,
            "jobGroupCode": None,
            "isActive": True,
        }
        for role in sorted(r for r in titles if r)
    ]


def locations(company: Company) -> list[Row]:
    """``/configuration/v1/locations``."""
    return [
        {"code": n[:3].upper(), "description": n, "country": _COUNTRY[n], "isActive": True}
        for n in sorted({p.location for p in company.people})
    ]
