"""O*NET text database (U.S. Department of Labor, Employment and Training Administration; CC BY 4.0).

Reads both layouts: before release 30.3 (``Skills.txt``, ``Technology Skills.txt``) and after it (``Essential
Skills.txt`` and ``Transferable Skills.txt``; ``Software Skills.txt``). Columns are found by header name; a missing
number is the literal ``n/a``.

* **Skills** are the content model's elements (ids such as ``2.A.1.a``, half-life durable) and the technologies:
  each workplace example is a skill (half-life fast) under its commodity (id of eight digits, half-life technical).
* **Job profiles** are the occupations that have ratings. Importance IM (1 to 5) becomes (IM − 1)/4; level LV (0 to
  7) becomes the fifth of the scale it falls into. Elements under IM 2 ("somewhat important") are left out, those from
  IM 3 ("important") on are essential; what O*NET marks "recommend suppress" or "not relevant" is not used.
* O*NET rates no technology. In demand: importance 0.6, level 3, essential; hot: 0.4, level 2; others: 0.2, level 2.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from pathlib import Path

from ascertain.domain.skills import JobProfile, Level, Requirement, Skill, SkillFamily
from ascertain.errors import InputError
from ascertain.taxonomy.formats.tables import Release, Row, read_table
from ascertain.taxonomy.loaded import LoadedTaxonomy, Problem, Progress

_RELEASE = re.compile(r"(?:db_|v)?(\d{2})[._](\d)")
_CODE = re.compile(r"\d{2}-\d{4}\.\d{2}")
_SOC = "O*NET-SOC Code"
_RATED = ("Skills.txt", "Essential Skills.txt", "Transferable Skills.txt")
_TECHNOLOGY = ("Technology Skills.txt", "Software Skills.txt")
_LOWEST_IMPORTANCE, _ESSENTIAL_IMPORTANCE = 2.0, 3.0
_MISSING = ("", "n/a")


def load_onet(path: Path, *, language: str = "en", progress: Progress | None = None) -> LoadedTaxonomy:
    """Read the text database from a folder or zip archive.

    Raises:
        InputError: when it has neither rated skills nor technologies.
    """
    say = progress or (lambda stage, done, total: None)
    release = Release(path)
    try:
        return _load(release, language, say)
    finally:
        release.close()


def _load(release: Release, language: str, say: Progress) -> LoadedTaxonomy:
    problems: list[Problem] = []
    skills: dict[str, Skill] = {}
    asked: dict[str, dict[str, Requirement]] = defaultdict(dict)
    definitions = _definitions(release, problems)
    say("skills", 0, 3)
    rated = [f for f in map(release.find, _RATED) if f]
    technologies = [f for f in map(release.find, _TECHNOLOGY) if f]
    if not rated and not technologies:
        raise InputError(
            f"none of {', '.join((*_RATED, *_TECHNOLOGY))} is there",
            where=str(release.path),
            remedy="give the unpacked folder or the zip of the O*NET text database",
        )
    titles = _occupation_rows(release, problems)
    for file in rated:
        _rated_skills(release, file, definitions, skills, asked, titles, problems)
    say("technologies", 1, 3)
    for file in technologies:
        _technologies(release, file, skills, asked, titles, problems)
    if not skills:
        reason = f": {problems[0]}" if problems else ""
        raise InputError(f"holds no usable skill{reason}", where=str(release.path))
    say("occupations", 2, 3)
    profiles = tuple(
        JobProfile(
            id=code,
            title=titles[code]["Title"].strip(),
            requirements=tuple(asked[code].values()),
            summary=titles[code]["Description"].strip(),
            references={"onet": code},
        )
        for code in titles
        if asked.get(code)
    )
    found = _RELEASE.search(release.path.name)
    version = f"{found.group(1)}.{found.group(2)}" if found else _newest_layout(rated)
    say("occupations", 3, 3)
    return LoadedTaxonomy("onet", version, language, tuple(skills.values()), profiles, tuple(problems))


def _newest_layout(rated: list[str]) -> str:
    return "classic" if "Skills.txt" in rated else "split"


def _definitions(release: Release, problems: list[Problem]) -> dict[str, str]:
    name = release.find("Content Model Reference.txt")
    if name is None:
        return {}
    with release.open(name) as stream:
        rows = read_table(stream, name, needed=("Element ID", "Description"), problems=problems, delimiter="\t")
        return {r["Element ID"].strip(): r["Description"].strip() for r in rows}


def _occupation_rows(release: Release, problems: list[Problem]) -> dict[str, Row]:
    name = release.find("Occupation Data.txt")
    if name is None:
        return {}
    found: dict[str, Row] = {}
    with release.open(name) as stream:
        for row in read_table(stream, name, needed=(_SOC, "Title"), problems=problems, delimiter="\t"):
            code = row[_SOC].strip()
            if not _CODE.fullmatch(code):
                problems.append(row.problem(_SOC, f"{code!r} is not an O*NET-SOC code"))
            elif not row["Title"].strip():
                problems.append(row.problem("Title", "is empty"))
            else:
                found.setdefault(code, row)
    return found


def _rated_skills(
    release: Release,
    file: str,
    definitions: dict[str, str],
    skills: dict[str, Skill],
    asked: dict[str, dict[str, Requirement]],
    titles: dict[str, Row],
    problems: list[Problem],
) -> None:
    values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    needed = (_SOC, "Element ID", "Element Name", "Scale ID", "Data Value")
    with release.open(file) as stream:
        for row in read_table(stream, file, needed=needed, problems=problems, delimiter="\t"):
            code, element, label = (row[c].strip() for c in (_SOC, "Element ID", "Element Name"))
            if not element or not label:
                problems.append(row.problem("Element ID" if not element else "Element Name", "is empty"))
                continue
            skills.setdefault(
                element,
                Skill(
                    element,
                    label,
                    "skill",
                    SkillFamily.DURABLE,
                    definition=definitions.get(element, ""),
                    references={"onet": element},
                ),
            )
            if titles and code not in titles:
                problems.append(row.problem(_SOC, f"{code!r} is not among the occupations"))
                continue
            scale, value = row["Scale ID"].strip(), row["Data Value"].strip()
            if value in _MISSING or "Y" in (row["Recommend Suppress"].strip(), row["Not Relevant"].strip()):
                continue
            top = {"IM": (1.0, 5.0), "LV": (0.0, 7.0)}.get(scale)
            number = _number(value)
            if top is None:
                problems.append(row.problem("Scale ID", f"{scale!r} is neither 'IM' nor 'LV'"))
            elif number is None or not top[0] <= number <= top[1]:
                problems.append(row.problem("Data Value", f"{value!r} is not a number from {top[0]:g} to {top[1]:g}"))
            else:
                values[code, element][scale] = number
    for (code, element), v in values.items():
        if v.get("IM", 0.0) >= _LOWEST_IMPORTANCE:
            importance = v["IM"]
            asked[code][element] = Requirement(
                element,
                _level(v.get("LV", 3.5)),
                round((importance - 1) / 4, 4),
                importance >= _ESSENTIAL_IMPORTANCE,
            )


def _technologies(
    release: Release,
    file: str,
    skills: dict[str, Skill],
    asked: dict[str, dict[str, Requirement]],
    titles: dict[str, Row],
    problems: list[Problem],
) -> None:
    with release.open(file) as stream:
        for row in read_table(stream, file, needed=(_SOC,), problems=problems, delimiter="\t"):
            code = row[_SOC].strip()
            label = (row["Example"] or row["Workplace Example"]).strip()
            group = (row["Commodity Title"] or row["Element Name"]).strip()
            if not label or not group:
                problems.append(row.problem("Example" if not label else "Commodity Title", "is empty or missing"))
                continue
            group_id = (row["Commodity Code"] or row["Element ID"]).strip() or _slug(group)
            if group_id not in skills:
                skills[group_id] = Skill(
                    group_id, group, "knowledge", SkillFamily.TECHNICAL, references={"onet": group_id}
                )
            skill_id = group_id if label.casefold() == group.casefold() else _slug(label)
            if skill_id not in skills:
                skills[skill_id] = Skill(
                    skill_id,
                    label,
                    "skill",
                    SkillFamily.FAST,
                    definition=f"{label}: {group}.",
                    broader=(group_id,),
                    references={"onet": group_id},
                )
            if titles and code not in titles:
                problems.append(row.problem(_SOC, f"{code!r} is not among the occupations"))
            elif skill_id not in asked[code]:
                wanted = row["In Demand"].strip() == "Y"
                importance = 0.6 if wanted else 0.4 if row["Hot Technology"].strip() == "Y" else 0.2
                level = Level.PRACTITIONER if wanted else Level.FOUNDATION
                asked[code][skill_id] = Requirement(skill_id, level, importance, wanted)


def _slug(label: str) -> str:
    """``tech:`` and the label in small ASCII letters; C++, C# and .NET stay apart from C and Net."""
    text = label.replace("++", " plus plus").replace("#", " sharp").replace(".NET", " dotnet")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "tech:" + re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _level(value: float) -> Level:
    """Fifths of 0..7: up to 1.4 awareness, to 2.8 foundation, to 4.2 practitioner, to 5.6 advanced, above expert."""
    return Level(min(5, int(value / 1.4) + 1))
