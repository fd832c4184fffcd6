"""ESCO classification, CSV releases (European Commission, CC BY 4.0).

Reads ``skills_<language>.csv`` and, where the release has them, the occupations, their skill relations, broader
relations, related skills and the digital, language and transversal collections. Columns are found by header name, so
that the layouts of 1.1 (relations in files without a language) and of 1.2 (``…_<language>.csv`` throughout, two more
columns in its relations, more collections) read alike. Alternative labels are separated by line breaks, in the
collections and in trimmed exports by " | ".

Decisions, because ESCO says nothing about them:

* **Level and weight.** ESCO relations are binary. An essential skill gets importance 1.0 and required level 3
  (practitioner), an optional one 0.4 and level 2 (foundation).
* **Half-life family.** Transversal skills and languages are durable. What the digital collection holds is fast when it
  is knowledge (mostly named tools and programming languages), technical when it is a competence. Other sector- or
  occupation-specific knowledge is technical. All the rest is professional.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ascertain.domain.skills import JobProfile, Level, Requirement, Skill, SkillFamily
from ascertain.errors import InputError
from ascertain.taxonomy.formats.tables import Release, Row, read_table
from ascertain.taxonomy.loaded import LoadedTaxonomy, Names, Problem, Progress

ESSENTIAL = (1.0, Level.PRACTITIONER)
OPTIONAL = (0.4, Level.FOUNDATION)
_SEPARATOR = re.compile(r"[\r\n]+|\s\|\s")
_RELEASE = re.compile(r"v?(\d+\.\d+(?:\.\d+)?)")
_SKILLS = re.compile(r"skills_([a-z]{2})\.csv", re.I)
_SKILL = re.compile(r"\S+/skill/\S+")
_OCCUPATION = re.compile(r"\S+/occupation/\S+")


def load_esco(
    path: Path, *, language: str = "en", more: Sequence[str] = (), progress: Progress | None = None
) -> LoadedTaxonomy:
    """Read an ESCO release from a folder or zip archive, or a folder with the zip archives of several languages.

    Rows that cannot be used become problems; the rest is read. ``more`` are further languages whose names of skills
    are read too: their URIs are the same.

    Raises:
        InputError: when there is no usable skills file of a language.
    """
    say = progress or (lambda stage, done, total: None)
    release = Release(path)
    try:
        loaded = _load(release, language, say)
        problems = list(loaded.problems)
        known = {s.id for s in loaded.skills}
        names = {code: _names(release, code, known, problems) for code in more}
        return replace(loaded, names=names, problems=tuple(problems))
    finally:
        release.close()


def _load(release: Release, language: str, say: Progress) -> LoadedTaxonomy:
    problems: list[Problem] = []
    say("skills", 0, 4)
    name = _skills_file(release, language)
    digital = _collection(release, language, "digital", problems)
    transversal = _collection(release, language, "transversal", problems)
    transversal |= _collection(release, language, "language", problems)
    rows = _skill_rows(release, name, problems)
    say("relations", 1, 4)
    known = set(rows)
    broader = _links(release, "broaderRelationsSkillPillar", "conceptUri", "broaderUri", known, language, problems)
    related = _links(release, "skillSkillRelations", "originalSkillUri", "relatedSkillUri", known, language, problems)
    skills = tuple(
        _skill(uri, row, digital, transversal, broader.get(uri, ()), related.get(uri, ())) for uri, row in rows.items()
    )
    say("occupations", 2, 4)
    profiles = _occupations(release, language, known, problems)
    say("occupations", 4, 4)
    version = _release_of(release, name) or _dated(max(r["modifiedDate"].strip()[:10] for r in rows.values()))
    return LoadedTaxonomy("esco", version, language, skills, profiles, tuple(problems))


def _skills_file(release: Release, language: str) -> str:
    if found := release.find(f"skills_{language}.csv"):
        return found
    there = sorted(m.group(1) for n in release.names() if (m := _SKILLS.fullmatch(n)))
    raise InputError(
        f"there is no skills_{language}.csv",
        where=str(release.path),
        field="language",
        remedy=f"--language {' or '.join(there)} is there"
        if there
        else "give the unpacked folder or the zip of the ESCO CSV download in that language",
    )


def _skill_rows(release: Release, name: str, problems: list[Problem]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    first = len(problems)
    with release.open(name) as stream:
        for row in read_table(stream, name, needed=("conceptUri", "preferredLabel"), problems=problems):
            uri, label = row["conceptUri"].strip(), row["preferredLabel"].strip()
            if not _SKILL.fullmatch(uri):
                problems.append(row.problem("conceptUri", f"{uri!r} is not an ESCO skill URI"))
            elif not label:
                problems.append(row.problem("preferredLabel", "is empty"))
            elif uri in rows:
                problems.append(row.problem("conceptUri", f"stands in line {rows[uri].line} already"))
            elif row["status"].strip() not in ("", "released"):
                problems.append(row.problem("status", f"{row['status'].strip()!r}, not released: left out"))
            else:
                rows[uri] = row
    if not rows:
        reason = f": {problems[first]}" if len(problems) > first else ""
        raise InputError(f"holds no usable skill{reason}", where=name, remedy="use the release as downloaded")
    return rows


def _names(release: Release, language: str, known: set[str], problems: list[Problem]) -> dict[str, Names]:
    """What the skills are called in one more language; a skill that only this file has is a problem."""
    name = _skills_file(release, language)
    found: dict[str, Names] = {}
    for uri, row in _skill_rows(release, name, problems).items():
        if uri in known:
            label, synonyms = _called(row)
            found[uri] = Names(label, synonyms, _described(row))
        else:
            problems.append(row.problem("conceptUri", f"{uri} is not among the skills: is it another release?"))
    return found


def _release_of(release: Release, file: str) -> str:
    """The release that the archive, or a folder in it, names itself."""
    found = _RELEASE.search(release.path.name) or _RELEASE.search(release.place(file))
    return found.group(1) if found else ""


def _dated(newest: str) -> str:
    """A release that does not name itself is known by its latest change."""
    return newest.replace("-", ".") or "unknown"


def _skill(
    uri: str, row: Row, digital: set[str], transversal: set[str], broader: tuple[str, ...], related: tuple[str, ...]
) -> Skill:
    kind = "knowledge" if row["skillType"].strip() == "knowledge" else "skill"
    label, synonyms = _called(row)
    return Skill(
        id=uri,
        label=label,
        kind=kind,
        family=_family(uri, kind, row["reuseLevel"].strip(), digital, transversal),
        synonyms=synonyms,
        definition=_described(row),
        broader=broader,
        related=related,
        references={"esco": uri},
    )


def _called(row: Row) -> tuple[str, tuple[str, ...]]:
    """Label and synonyms."""
    label = row["preferredLabel"].strip()
    seen = {label.casefold()}
    synonyms: list[str] = []
    for text in _SEPARATOR.split(row["altLabels"]) + _SEPARATOR.split(row["hiddenLabels"]):
        synonym = " ".join(text.split())
        if synonym and synonym.casefold() not in seen:
            seen.add(synonym.casefold())
            synonyms.append(synonym)
    return label, tuple(synonyms)


def _described(row: Row) -> str:
    return " ".join((row["description"] or row["definition"]).split())


def _family(uri: str, kind: str, reuse: str, digital: set[str], transversal: set[str]) -> SkillFamily:
    if uri in transversal or reuse == "transversal":
        return SkillFamily.DURABLE
    if uri in digital:
        return SkillFamily.FAST if kind == "knowledge" else SkillFamily.TECHNICAL
    if kind == "knowledge" and reuse in ("sector-specific", "occupation-specific"):
        return SkillFamily.TECHNICAL
    return SkillFamily.PROFESSIONAL


def _collection(release: Release, language: str, which: str, problems: list[Problem]) -> set[str]:
    name = release.find(f"{which}SkillsCollection_{language}.csv")
    if name is None:
        return set()
    with release.open(name) as stream:
        return {r["conceptUri"].strip() for r in read_table(stream, name, needed=("conceptUri",), problems=problems)}


def _links(
    release: Release, file: str, source: str, target: str, known: set[str], language: str, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """Links between skills; those to and from skill groups are left out, which are no skills of the taxonomy."""
    name = release.find(f"{file}_{language}.csv", f"{file}.csv")
    if name is None:
        return {}
    found: dict[str, dict[str, None]] = defaultdict(dict)
    with release.open(name) as stream:
        for row in read_table(stream, name, needed=(source, target), problems=problems):
            a, b = row[source].strip(), row[target].strip()
            if a in known and b in known and a != b:
                found[a][b] = None
    return {a: tuple(bs) for a, bs in found.items()}


def _occupations(release: Release, language: str, known: set[str], problems: list[Problem]) -> tuple[JobProfile, ...]:
    name = release.find(f"occupations_{language}.csv")
    relations = release.find(f"occupationSkillRelations_{language}.csv", "occupationSkillRelations.csv")
    if name is None or relations is None:
        return ()
    occupations: dict[str, Row] = {}
    with release.open(name) as stream:
        for row in read_table(stream, name, needed=("conceptUri", "preferredLabel"), problems=problems):
            uri = row["conceptUri"].strip()
            if not _OCCUPATION.fullmatch(uri):
                problems.append(row.problem("conceptUri", f"{uri!r} is not an ESCO occupation URI"))
            elif not row["preferredLabel"].strip():
                problems.append(row.problem("preferredLabel", "is empty"))
            elif uri in occupations:
                problems.append(row.problem("conceptUri", f"stands in line {occupations[uri].line} already"))
            else:
                occupations[uri] = row
    asked: dict[str, dict[str, Requirement]] = defaultdict(dict)
    with release.open(relations) as stream:
        for row in read_table(
            stream, relations, needed=("occupationUri", "relationType", "skillUri"), problems=problems
        ):
            occupation, skill, kind = (row[c].strip() for c in ("occupationUri", "skillUri", "relationType"))
            if kind not in ("essential", "optional"):
                problems.append(row.problem("relationType", f"{kind!r} is neither 'essential' nor 'optional'"))
            elif occupation not in occupations:
                problems.append(row.problem("occupationUri", f"{occupation!r} is not among the occupations"))
            elif skill not in known:
                problems.append(row.problem("skillUri", f"{skill!r} is not among the skills"))
            elif skill not in asked[occupation] or kind == "essential":
                importance, level = ESSENTIAL if kind == "essential" else OPTIONAL
                asked[occupation][skill] = Requirement(skill, level, importance, kind == "essential")
    return tuple(
        JobProfile(
            id=uri,
            title=row["preferredLabel"].strip(),
            requirements=tuple(asked[uri].values()),
            summary=" ".join((row["description"] or row["definition"]).split()),
            references={"esco": uri, **({"isco": row["iscoGroup"].strip()} if row["iscoGroup"].strip() else {})},
        )
        for uri, row in occupations.items()
        if asked.get(uri)
    )
