"""A change of the taxonomy out of what somebody gave: names, definitions, skills by id or label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change
from ascertain.domain.ports import Taxonomy
from ascertain.domain.skills import Skill, SkillFamily
from ascertain.errors import InputError
from ascertain.pipeline.taxonomy_reading import free_id

MOST_NAME = 120
MOST_DEFINITION = 2000


def made_change(
    taxonomy: Taxonomy,
    kind: ChangeKind,
    *,
    skill: str = "",
    target: str = "",
    names: Sequence[str] = (),
    definitions: Sequence[str] = (),
    synonyms: Sequence[str] = (),
    family: SkillFamily | None = None,
) -> Change:
    """The change that is meant.

    Args:
        skill, target: ids or labels.
        names: the label of a new skill, further names, the new label, or the labels of the parts.
        definitions: in the order of ``names``, where the change brings in skills.
        synonyms: of a new skill.

    Raises:
        InputError: something is missing, too long or names no skill.
    """
    given = [_name(n) for n in names]
    if kind is ChangeKind.RELEASE:
        raise InputError("a release is imported first", field="kind", remedy="ascertain taxonomy release propose")
    if kind is ChangeKind.CROSSWALK:
        raise InputError("a crosswalk is imported first", field="kind", remedy="ascertain taxonomy crosswalk propose")
    if kind is ChangeKind.MERGE:
        return Change(kind, _id(taxonomy, skill, "skill"), target=_id(taxonomy, target, "target"))
    least = 2 if kind is ChangeKind.SPLIT else 1
    if len(given) < least:
        raise InputError(f"{kind} needs {least} or more names", field="names", remedy="give the names")
    if kind in (ChangeKind.SYNONYM, ChangeKind.RENAME):
        return Change(kind, _id(taxonomy, skill, "skill"), names=tuple(given))
    taken = {s.id for s in taxonomy.skills()}
    old = taxonomy.skill(_id(taxonomy, skill, "skill")) if kind is ChangeKind.SPLIT else None
    made: list[Skill] = []
    for i, name in enumerate(given):
        made.append(
            Skill(
                free_id(name, taken | {s.id for s in made}),
                name,
                old.kind if old else "skill",
                family or (old.family if old else SkillFamily.PROFESSIONAL),
                tuple(_name(n) for n in synonyms) if kind is ChangeKind.NEW else (),
                _definition(definitions[i]) if i < len(definitions) else "",
                old.broader if old else (),
            )
        )
    return Change(kind, old.id if old else "", skills=tuple(made))


def amended(
    change: Change,
    *,
    names: Sequence[str] = (),
    definitions: Sequence[str] = (),
    synonyms: Sequence[str] = (),
    family: SkillFamily | None = None,
) -> Change:
    """The same change in other words; what is not given, or empty, stays.

    Raises:
        InputError: more names or definitions than it has, or too long.
    """
    places = len(change.skills) or len(change.names)
    if max(len(names), len(definitions)) > places:
        raise InputError(f"it has {places} names", field="names", remedy="give one for each")
    if change.kind is ChangeKind.CROSSWALK:
        raise InputError("a crosswalk stays as it is", field="kind", remedy="correct its file and propose that one")
    if change.kind is ChangeKind.RELEASE and (names or definitions or synonyms or family):
        raise InputError("a release has no names of yours", field="names", remedy="ascertain taxonomy release amend")
    if not change.skills:
        kept = (*(_name(n) if n.strip() else o for n, o in zip(names, change.names, strict=False)),)
        return replace(change, names=kept + change.names[len(kept) :])
    skills = []
    for i, s in enumerate(change.skills):
        name = names[i] if i < len(names) and names[i].strip() else s.label
        text = definitions[i] if i < len(definitions) and definitions[i].strip() else s.definition
        own = tuple(_name(n) for n in synonyms) if synonyms and i == 0 else s.synonyms
        skills.append(
            replace(s, label=_name(name), definition=_definition(text), synonyms=own, family=family or s.family)
        )
    return replace(change, skills=tuple(skills))


def in_words(change: Change, labels: dict[str, str]) -> str:
    """In one sentence. ``labels``: of the skills that it touches."""
    name = labels.get(change.skill_id, change.skill_id)
    quoted = " and ".join(f"“{n}”" for n in (change.names or tuple(s.label for s in change.skills)))
    return {
        ChangeKind.NEW: f"A new skill {quoted}",
        ChangeKind.SYNONYM: f"{quoted} is another name of “{name}”",
        ChangeKind.RENAME: f"“{name}” is renamed {quoted}",
        ChangeKind.MERGE: f"“{name}” becomes part of “{labels.get(change.target, change.target)}”",
        ChangeKind.SPLIT: f"“{name}” becomes {quoted}",
        ChangeKind.CROSSWALK: f"The crosswalk {change.target} is used",
        ChangeKind.RELEASE: f"The release {change.target} takes the place of the one in use",
    }[change.kind]


def _id(taxonomy: Taxonomy, text: str, field: str) -> str:
    asked = text.strip()
    if taxonomy.skill(asked) is not None:
        return asked
    found = [s.id for s in taxonomy.skills() if asked and s.label.casefold() == asked.casefold()]
    if len(found) != 1:
        raise InputError(f"there is no skill {asked!r}", field=field, remedy="give its id, or its whole label")
    return found[0]


def _name(text: str) -> str:
    found = " ".join(text.split())
    if not found or len(found) > MOST_NAME:
        raise InputError(f"a name has 1 to {MOST_NAME} characters", field="names", remedy="shorten it")
    return found


def _definition(text: str) -> str:
    found = " ".join(text.split())
    if len(found) > MOST_DEFINITION:
        raise InputError(
            f"a definition has at most {MOST_DEFINITION} characters", field="definitions", remedy="shorten it"
        )
    return found
