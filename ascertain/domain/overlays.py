"""Changes laid over a release of a taxonomy: what they make of its skills, and where they lead ids.

A release is never changed. An overlay names the release it lies on and its changes in their order; its version has a
hash of both, so that equal changes on an equal release are the same taxonomy wherever they are made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ascertain.domain.canonical import canonical_json, plain
from ascertain.domain.charter import ChangeKind
from ascertain.domain.skills import JobProfile, Requirement, Skill, SkillFamily
from ascertain.errors import ConflictError, InputError, IntegrityError

Moves = Mapping[str, tuple[str, ...]]
"""Where ids lead that are no more: to one for a merge, to several for a split."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a taxonomy.

    Attributes:
        skill_id: of the skill that is changed; empty for a new one.
        target: for a merge the skill that stays.
        names: further names for a synonym; the new label for a rename.
        skills: the new skill, or the parts of a split: the first one takes what fits none of them better.
    """

    kind: ChangeKind
    skill_id: str = ""
    target: str = ""
    names: tuple[str, ...] = ()
    skills: tuple[Skill, ...] = ()

    @property
    def moves(self) -> Moves:
        """Ids that it leads elsewhere."""
        if self.kind is ChangeKind.MERGE:
            return {self.skill_id: (self.target,)}
        return {self.skill_id: tuple(s.id for s in self.skills)} if self.kind is ChangeKind.SPLIT else {}

    @property
    def touched(self) -> frozenset[str]:
        """Ids of existing skills that it is about."""
        return frozenset({self.skill_id, self.target} - {""})

    @property
    def new_names(self) -> tuple[str, ...]:
        """Names that it brings in."""
        return self.names + tuple(n for s in self.skills for n in (s.label, *s.synonyms))


@dataclass(frozen=True, slots=True)
class Overlay:
    """Changes in their order over the release ``base`` (its version)."""

    base: str
    changes: tuple[Change, ...] = ()

    @property
    def version(self) -> str:
        """The base's version, how many changes, and a hash of both."""
        hashed = hashlib.sha256(self.document().encode("ascii")).hexdigest()[:12]
        return f"{self.base}~{len(self.changes)}+{hashed}"

    def document(self) -> str:
        """As it is kept: canonical JSON."""
        return canonical_json({"base": self.base, "changes": plain(self.changes)})

    def then(self, change: Change) -> Overlay:
        """With one more change on top."""
        return replace(self, changes=(*self.changes, change))

    def without(self, change: Change) -> Overlay:
        """As if that change, one of its own, had never been made."""
        at = self.changes.index(change)
        return replace(self, changes=self.changes[:at] + self.changes[at + 1 :])

    def until(self, count: int) -> Overlay:
        """Its first ``count`` changes."""
        return replace(self, changes=self.changes[:count])

    @property
    def moves(self) -> Moves:
        """Where all its changes together lead ids: whatever was merged into something merged later leads there."""
        found: dict[str, tuple[str, ...]] = {}
        for change in self.changes:
            moves = change.moves
            for old, to in list(found.items()):
                found[old] = tuple(dict.fromkeys(n for t in to for n in moves.get(t, (t,))))
            found.update(moves)
        return found

    def over(self, skills: Sequence[Skill]) -> tuple[Skill, ...]:
        """The skills of the release under all changes.

        Raises:
            InputError: a change does not fit, naming it.
        """
        found = tuple(skills)
        for change in self.changes:
            found = applied(found, change)
        return found


def overlay_from(document: str) -> Overlay:
    """Read what ``Overlay.document`` wrote.

    Raises:
        IntegrityError: it is none.
    """
    try:
        raw = json.loads(document)
        return Overlay(raw["base"], tuple(change_from(c) for c in raw["changes"]))
    except (ValueError, KeyError, TypeError) as e:
        raise IntegrityError(
            f"an archived overlay of the taxonomy cannot be read: {e!r}", remedy="restore it from a backup"
        ) from None


def change_from(raw: Mapping[str, Any]) -> Change:
    """A change out of its JSON."""
    return Change(
        ChangeKind(raw["kind"]),
        raw["skill_id"],
        raw["target"],
        tuple(raw["names"]),
        tuple(skill_from(s) for s in raw["skills"]),
    )


def skill_from(s: Mapping[str, Any]) -> Skill:
    """A skill out of its JSON."""
    return Skill(
        s["id"],
        s["label"],
        s["kind"],
        SkillFamily(s["family"]),
        tuple(s["synonyms"]),
        s["definition"],
        tuple(s["broader"]),
        tuple(s["related"]),
        dict(s["references"]),
    )


def applied(skills: Sequence[Skill], change: Change) -> tuple[Skill, ...]:
    """The skills under one more change.

    Raises:
        InputError: it names a skill that is not there, or a name that another skill has.
        ConflictError: an id that it brings in is taken.
    """
    by_id = {s.id: s for s in skills}
    for ident in change.touched:
        if ident not in by_id:
            raise InputError(f"there is no skill {ident!r}", field="skill", remedy="search for it in the taxonomy")
    labels = {s.label.casefold(): s.id for s in skills}
    own = change.touched if change.kind in (ChangeKind.MERGE, ChangeKind.SPLIT) else {change.skill_id}
    for name in change.new_names:
        if not name.strip():
            raise InputError("a name is empty", field="names", remedy="give a name of one word or more")
        if labels.get(name.casefold(), change.skill_id) not in own | {change.skill_id}:
            raise InputError(
                f"{name!r} is the name of {labels[name.casefold()]!r} already",
                field="names",
                remedy="propose to merge the two, or take another name",
            )
    for s in change.skills:
        if s.id in by_id:
            raise ConflictError(f"the id {s.id!r} is taken", remedy="give another id")
    return _APPLY[change.kind](by_id, change)


def _new(by_id: dict[str, Skill], change: Change) -> tuple[Skill, ...]:
    if len(change.skills) != 1:
        raise InputError("one new skill at a time", field="skills", remedy="propose each by itself")
    return (*by_id.values(), change.skills[0])


def _synonym(by_id: dict[str, Skill], change: Change) -> tuple[Skill, ...]:
    skill = by_id[change.skill_id]
    return _with(by_id, replace(skill, synonyms=_names(skill.label, (*skill.synonyms, *change.names))))


def _rename(by_id: dict[str, Skill], change: Change) -> tuple[Skill, ...]:
    if len(change.names) != 1:
        raise InputError("a rename has one new label", field="names", remedy="give one")
    skill, label = by_id[change.skill_id], change.names[0]
    return _with(by_id, replace(skill, label=label, synonyms=_names(label, (skill.label, *skill.synonyms))))


def _merge(by_id: dict[str, Skill], change: Change) -> tuple[Skill, ...]:
    if change.skill_id == change.target or not change.target:
        raise InputError("a merge is of two skills", field="target", remedy="name the one that stays")
    gone, stays = by_id.pop(change.skill_id), by_id[change.target]
    by_id[stays.id] = replace(
        stays,
        synonyms=_names(stays.label, (*stays.synonyms, gone.label, *gone.synonyms)),
        definition=stays.definition or gone.definition,
        broader=_others(stays.id, (*stays.broader, *gone.broader)),
        related=_others(stays.id, (*stays.related, *gone.related)),
        references={**gone.references, **stays.references},
    )
    return _relinked(by_id.values(), change.moves)


def _split(by_id: dict[str, Skill], change: Change) -> tuple[Skill, ...]:
    if len(change.skills) < 2:
        raise InputError("a split has two parts or more", field="skills", remedy="name the parts")
    if len({s.label.casefold() for s in change.skills}) < len(change.skills):
        raise InputError("two parts have one name", field="skills", remedy="give each a name of its own")
    gone = by_id.pop(change.skill_id)
    for s in change.skills:
        by_id[s.id] = replace(s, broader=_others(s.id, (*s.broader, *gone.broader)))
    return _relinked(by_id.values(), change.moves)


_APPLY = {
    ChangeKind.NEW: _new,
    ChangeKind.SYNONYM: _synonym,
    ChangeKind.RENAME: _rename,
    ChangeKind.MERGE: _merge,
    ChangeKind.SPLIT: _split,
}


def _with(by_id: dict[str, Skill], skill: Skill) -> tuple[Skill, ...]:
    by_id[skill.id] = skill
    return tuple(by_id.values())


def _names(label: str, names: Iterable[str]) -> tuple[str, ...]:
    """Each name once in whatever case, without the label."""
    found = {n.casefold(): n for n in reversed(list(names)) if n.casefold() != label.casefold()}
    return tuple(reversed(found.values()))


def _others(own: str, ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(i for i in ids if i != own))


def _relinked(skills: Iterable[Skill], moves: Moves) -> tuple[Skill, ...]:
    return tuple(
        replace(s, broader=_led(s.id, s.broader, moves), related=_led(s.id, s.related, moves))
        if set(moves).intersection((*s.broader, *s.related))
        else s
        for s in skills
    )


def _led(own: str, ids: Sequence[str], moves: Moves) -> tuple[str, ...]:
    return _others(own, (n for i in ids for n in moves.get(i, (i,))))


def asking(profile: JobProfile, moves: Moves) -> JobProfile:
    """A job profile whose requirements follow the moves. Two that come together are one: the higher level, the greater
    importance, and whatever mark either had."""
    if not set(moves).intersection(r.skill_id for r in profile.requirements):
        return profile
    found: dict[str, Requirement] = {}
    for r in profile.requirements:
        for ident in moves.get(r.skill_id, (r.skill_id,)):
            other = found.get(ident)
            found[ident] = replace(r, skill_id=ident) if other is None else _together(other, r)
    return replace(profile, requirements=tuple(found.values()))


def _together(one: Requirement, other: Requirement) -> Requirement:
    return replace(
        one,
        level=max(one.level, other.level),
        importance=max(one.importance, other.importance),
        essential=one.essential or other.essential,
        critical=one.critical or other.critical,
        why=" ".join(dict.fromkeys(w for w in (one.why, other.why) if w)),
        compliance=one.compliance or other.compliance,
    )
