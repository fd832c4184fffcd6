"""Changes laid over a release of a taxonomy: what they make of its skills, and where they lead ids.

A release is never changed. An overlay names the release it lies on and its changes in their order; its version has a
hash of both, so that equal changes on an equal release are the same taxonomy wherever they are made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ascertain.domain.canonical import canonical_json, plain
from ascertain.domain.charter import READ, ChangeKind
from ascertain.domain.skills import JobProfile, Requirement, Skill
from ascertain.errors import ConflictError, InputError

Moves = Mapping[str, tuple[str, ...]]
"""Where ids lead that are no more: to one for a merge, to several for a split."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a taxonomy.

    Attributes:
        skill_id: of the skill that is changed; empty for a new one, and for a release.
        target: for a merge the skill that stays; for a release its version; for a crosswalk its id, which names its
            content by hash.
        names: further names for a synonym; the new label for a rename.
        skills: the new skill, or the parts of a split: the first one takes what fits none of them better.
        release: what taking up a release means for what is there.
    """

    kind: ChangeKind
    skill_id: str = ""
    target: str = ""
    names: tuple[str, ...] = ()
    skills: tuple[Skill, ...] = ()
    release: Release | None = None

    @property
    def moves(self) -> Moves:
        """Ids that it leads elsewhere."""
        if self.release is not None:
            return composed([dict(self.release.leads), *(c.moves for c in self.release.relaid)])
        if self.kind is ChangeKind.MERGE:
            return {self.skill_id: (self.target,)}
        return {self.skill_id: tuple(s.id for s in self.skills)} if self.kind is ChangeKind.SPLIT else {}

    @property
    def touched(self) -> frozenset[str]:
        """Ids of existing skills that it is about."""
        if self.kind in READ:
            return frozenset()
        return frozenset({self.skill_id, self.target} - {""})

    @property
    def new_names(self) -> tuple[str, ...]:
        """Names that it brings in."""
        return self.names + tuple(n for s in self.skills for n in (s.label, *s.synonyms))

    def is_that(self, other: Change) -> bool:
        """Whether it is the same change. What a release means for what is there is found anew when it is applied."""
        if self.kind is ChangeKind.RELEASE:
            return other.kind is self.kind and other.target == self.target
        return self == other


@dataclass(frozen=True, slots=True)
class Release:
    """Another release of a taxonomy in place of the one that lay under the changes so far.

    Attributes:
        before, after: versions of the two releases.
        leads: where skills lead that it no longer has: to one, to several, or nowhere, where the name can never be a
            skill.
        carried: skills that it no longer has, that none follows, and that results or roles are about. They stay.
        profiles: job profiles that it no longer has and that somebody has. They stay.
        relaid: the changes before it as they lie over it.
        dropped: those that fit it no longer, or that it makes needless.
    """

    before: str
    after: str
    leads: tuple[tuple[str, tuple[str, ...]], ...] = ()
    carried: tuple[Skill, ...] = ()
    profiles: tuple[JobProfile, ...] = ()
    relaid: tuple[Change, ...] = ()
    dropped: tuple[Change, ...] = ()


def composed(steps: Iterable[Moves]) -> dict[str, tuple[str, ...]]:
    """Where ids lead through several steps, one after the other."""
    found: dict[str, tuple[str, ...]] = {}
    for moves in steps:
        for old, to in list(found.items()):
            found[old] = tuple(dict.fromkeys(n for t in to for n in moves.get(t, (t,))))
        found.update(moves)
    return found


@dataclass(frozen=True, slots=True)
class Overlay:
    """Changes in their order over the release ``base`` (its version)."""

    base: str
    changes: tuple[Change, ...] = ()

    @property
    def version(self) -> str:
        """The base's version, how many changes, and a hash of both; without changes the base's."""
        if not self.changes:
            return self.base
        hashed = hashlib.sha256(self.document().encode("ascii")).hexdigest()[:12]
        return f"{self.base}~{len(self.changes)}+{hashed}"

    def document(self) -> str:
        """As it is kept: canonical JSON."""
        changes = [_written(plain(c)) for c in self.changes]
        return canonical_json({"base": self.base, "changes": changes})

    def then(self, change: Change) -> Overlay:
        """With one more change on top. A release is the base from there on."""
        base = change.release.after if change.release is not None else self.base
        return Overlay(base, (*self.changes, change))

    def index(self, change: Change) -> int:
        """Its place; -1 where it is not among them."""
        return next((i for i, c in enumerate(self.changes) if c.is_that(change)), -1)

    def until(self, count: int) -> Overlay:
        """Its first ``count`` changes, over the release that they lay on."""
        later = (c.release.before for c in self.changes[count:] if c.release is not None)
        return Overlay(next(later, self.base), self.changes[:count])

    @property
    def upon(self) -> tuple[Change, ...]:
        """The changes that lie on the release in use."""
        for i, change in reversed(list(enumerate(self.changes))):
            if change.release is not None:
                return (*change.release.relaid, *self.changes[i + 1 :])
        return self.changes

    @property
    def release(self) -> Release | None:
        """The last release that was taken up; ``None`` while the first one is in use."""
        return next((c.release for c in reversed(self.changes) if c.release is not None), None)

    @property
    def crosswalks(self) -> tuple[str, ...]:
        """Ids of the crosswalks in use: of each kind between two taxonomies the one that was applied last."""
        found = {c.target.rpartition("+")[0]: c.target for c in self.upon if c.kind is ChangeKind.CROSSWALK}
        return tuple(sorted(found.values()))

    @property
    def moves(self) -> Moves:
        """Where all its changes together lead ids: whatever was merged into something merged later leads there. What
        an earlier change led elsewhere and a release made needless is itself again."""
        found: dict[str, tuple[str, ...]] = {}
        for change in self.changes:
            if change.release is not None:
                for gone in change.release.dropped:
                    found = {old: to for old, to in found.items() if old not in gone.moves}
            found = composed([found, change.moves])
        return found

    def over(self, skills: Sequence[Skill]) -> tuple[Skill, ...]:
        """The skills of the release under all changes.

        Raises:
            InputError: a change does not fit, naming it.
        """
        found = tuple(skills)
        if self.release is not None:
            found += self.release.carried
        for change in self.upon:
            found = applied(found, change)
        return found


def _written(change: dict[str, Any]) -> dict[str, Any]:
    """Without what it has not: overlays that were kept before there were releases have the same version."""
    release = change.pop("release")
    if release is None:
        return change
    relaid = {n: [_written(c) for c in release[n]] for n in ("relaid", "dropped")}
    return {**change, "release": {**release, **relaid}}


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


def _as_they_are(by_id: dict[str, Skill], change: Change) -> tuple[Skill, ...]:
    return tuple(by_id.values())


_APPLY = {
    ChangeKind.NEW: _new,
    ChangeKind.SYNONYM: _synonym,
    ChangeKind.RENAME: _rename,
    ChangeKind.MERGE: _merge,
    ChangeKind.SPLIT: _split,
    ChangeKind.CROSSWALK: _as_they_are,
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
