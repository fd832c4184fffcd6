"""Another release of the taxonomy in use: what it means for what is there, as one change among the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.charter import ChangeKind
from ascertain.domain.crosswalks import VersionDiff
from ascertain.domain.denied import DenyList
from ascertain.domain.overlays import Change, Moves, Overlay, Release, applied
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.skills import JobProfile, Skill
from ascertain.domain.version_diff import compare
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.taxonomy_under import Under

MOST_LEADS = 5000


Leads = Mapping[str, Sequence[str]]
"""Ids that a release no longer has, and what follows each."""


def chosen_release(name: str, versions: Sequence[str], wanted: str) -> str:
    """The version that is meant by ``wanted``: a version, ``name@release``, a release or the beginning of a hash; the
    newest import where it is empty.

    Raises:
        NotFoundError: none of those imported, naming them.
    """
    asked = wanted.strip().removeprefix(f"{name}@")
    for version in versions:
        release, _, hashed = version.removeprefix(f"{name}-").rpartition("+")
        if asked in ("", version, release) or (len(asked) >= 4 and hashed.startswith(asked)):
            return version
    there = ", ".join(versions) or "none is imported"
    raise NotFoundError(f"there is no release {wanted!r} of {name}: {there}", remedy="ascertain taxonomy import")


def release_of(base: str, to: str, leads: Leads | None = None) -> Change:
    """To take up the release of that version. ``leads``: what skills that it no longer has are replaced by, as its
    publisher or somebody of the house says; nothing for one that nothing replaces."""
    return replaced(Change(ChangeKind.RELEASE, target=to, release=Release(base, to)), leads or {})


def replaced(change: Change, leads: Leads) -> Change:
    """A release with further replacements, which take the place of earlier ones.

    Raises:
        InputError: it is no release, or they are too many.
    """
    if change.release is None:
        raise InputError("only a release has replacements", field="leads", remedy="leave them out")
    given = dict(change.release.leads) | {old: tuple(dict.fromkeys(to)) for old, to in leads.items()}
    if len(given) > MOST_LEADS:
        raise InputError(f"more than {MOST_LEADS} replacements", field="leads", remedy="give those of skills in use")
    return replace(change, release=replace(change.release, leads=tuple(sorted(given.items()))))


@dataclass(frozen=True, slots=True)
class Held:
    """What the store holds that a release must not lose.

    Attributes:
        skills: of the given ids those that a result, present or earlier, or a role is about.
        profiles: ids of job profiles that somebody has.
    """

    skills: Callable[[Collection[str]], set[str]]
    profiles: frozenset[str]

    @staticmethod
    def of(uow: UnitOfWork) -> Held:
        """Of everybody."""
        asked = {r.skill_id for p in uow.roles.all() for r in p.requirements}
        had = frozenset(p.job_profile_id for p in uow.people.all(active_only=False) if p.job_profile_id)
        return Held(lambda ids: uow.assertions.ever_about(ids) | asked.intersection(ids), had)


def completed(change: Change, so_far: Overlay, under: Under, held: Held, deny: DenyList) -> Change:
    """What a release means over the changes so far.

    Skills that are gone lead where ``change`` says, else to the one that goes by their name. One that nothing follows,
    and that results or roles are about, stays beside the new release. Changes so far are laid over it, led as the rest.

    Raises:
        NotFoundError: it is not imported.
        InputError: a given replacement is no skill.
        ConflictError: it is in use already.
    """
    assert change.release is not None, "a release says which"
    if so_far.base == change.target:
        raise ConflictError(f"{change.target} is in use already", remedy="import the other release first")
    before, after = under(so_far).taxonomy, under(Overlay(change.target)).taxonomy
    if after.version != change.target:
        raise ConflictError(
            f"{change.target} is not imported on this machine, or the settings name another release",
            remedy="import it; write ASCERTAIN_TAXONOMY without a release",
        )
    given = dict(change.release.leads)
    own = {s.id for c in so_far.upon for s in c.skills}
    leads = _leads(compare(before, after), given, own, before, after, deny)
    gone = [s for s in before.skills() if after.skill(s.id) is None and s.id not in leads]
    needed = held.skills([s.id for s in gone])
    carried = [s for s in gone if s.id in needed and s.id not in own]
    while True:
        skills, relaid, dropped = _laid((*after.skills(), *carried), so_far.upon, leads)
        there = {s.id for s in skills}
        missing = [s for s in gone if s.id in needed and s.id not in there and s not in carried]
        if not missing:
            break
        carried += missing
    known = there.union(*(c.moves for c in relaid))
    for old, to in leads.items():
        for ident in to:
            if ident not in known:
                raise InputError(
                    f"{old!r} is to be replaced by {ident!r}, which {change.target} does not have",
                    field="leads",
                    remedy="give the id of a skill of the new release",
                )
    made = Release(
        so_far.base,
        change.target,
        tuple(sorted(leads.items())),
        tuple(carried),
        _profiles(before, after, held.profiles),
        tuple(relaid),
        tuple(dropped),
    )
    return replace(change, release=made)


def _leads(
    diff: VersionDiff,
    given: Mapping[str, tuple[str, ...]],
    own: Collection[str],
    before: Taxonomy,
    after: Taxonomy,
    deny: DenyList,
) -> dict[str, tuple[str, ...]]:
    """Given ones first, then by name; a skill of one's own by its label alone: a synonym need not mean the same."""
    found: dict[str, tuple[str, ...]] = {}
    for s in diff.succeeded:
        if s.by == "label" or s.id not in own:
            found[s.id] = (s.successor,)
    for ident, label in diff.gone:
        if ident not in found and deny.refuses(label):
            found[ident] = ()
    for old, to in given.items():
        if before.skill(old) is None:
            continue  # the publisher's list speaks of earlier releases too
        if after.skill(old) is not None:
            raise InputError(
                f"{after.version} still has {old!r}", field="leads", remedy="propose a merge after the release"
            )
        found[old] = to
    return found


def _laid(
    skills: Sequence[Skill], changes: Sequence[Change], leads: Moves
) -> tuple[Sequence[Skill], list[Change], list[Change]]:
    """(skills under the changes, the changes as they fit, those that do not fit or became needless)."""
    relaid, dropped = [], []
    for change in changes:
        made = _led(change, leads)
        try:
            skills = applied(skills, made) if made is not None else skills
        except (InputError, ConflictError):
            made = None
        if made is None:
            dropped.append(change)
        else:
            relaid.append(made)
    return skills, relaid, dropped


def _led(change: Change, leads: Moves) -> Change | None:
    """A change of the release before, about the skills of the new one; ``None`` where it means nothing any more."""
    if change.skills and all(s.id in leads for s in change.skills):
        return None
    found = []
    for ident in (change.skill_id, change.target):
        to = leads.get(ident, (ident,))
        if len(to) != 1:
            return None
        found.append(to[0])
    if change.kind is ChangeKind.MERGE and found[0] == found[1]:
        return None
    return replace(change, skill_id=found[0], target=found[1])


def _profiles(before: Taxonomy, after: Taxonomy, had: Collection[str]) -> tuple[JobProfile, ...]:
    found = [before.job_profile(i) for i in sorted(had) if after.job_profile(i) is None]
    return tuple(p for p in found if p is not None)


@dataclass(frozen=True, slots=True)
class ReleaseSeen:
    """A release beside the one in use, as somebody who decides about it sees it.

    Attributes:
        diff: between the two releases, with one's own changes on the earlier one.
        leads: (id, label, ids that follow it, their labels) of what is gone and followed.
        carried: (id, label) of what is gone, followed by nothing, and stays because results or roles are about it.
        profiles: titles of job profiles that are gone and that somebody has; they stay.
        relaid, dropped: one's own changes that lie over it, and those that it makes needless or that no longer fit.
    """

    diff: VersionDiff
    leads: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]
    carried: tuple[tuple[str, str], ...]
    profiles: tuple[str, ...]
    relaid: tuple[Change, ...]
    dropped: tuple[Change, ...]

    @property
    def words(self) -> str:
        """In one sentence."""
        d = self.diff
        return (
            f"{d.kept:,} skills kept, {len(d.renamed):,} of them relabelled, {len(d.moved):,} moved, "
            f"{len(d.redefined):,} redefined; {len(d.new):,} new; {len(d.gone):,} gone, {len(self.leads):,} of them "
            f"followed by another, {len(self.carried):,} kept because something rests on them"
        )


def seen(change: Change, so_far: Overlay, under: Under) -> ReleaseSeen:
    """A completed release, to be looked at."""
    assert change.release is not None, "a release says which"
    r = change.release
    before, after = under(so_far).taxonomy, under(so_far.then(change)).taxonomy
    diff = compare(before, under(Overlay(r.after)).taxonomy)

    def name(taxonomy: Taxonomy, ident: str) -> str:
        skill = taxonomy.skill(ident)
        return skill.label if skill else ident

    return ReleaseSeen(
        diff,
        tuple((old, name(before, old), to, tuple(name(after, t) for t in to)) for old, to in r.leads),
        tuple((s.id, s.label) for s in r.carried),
        tuple(p.title for p in r.profiles),
        r.relaid,
        r.dropped,
    )
