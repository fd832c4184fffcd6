"""What changed between two versions of a taxonomy, skill by skill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ascertain.domain.crosswalks import Renamed, Succession, VersionDiff
from ascertain.domain.ports import Taxonomy
from ascertain.domain.skills import Skill


def compare(before: Taxonomy, after: Taxonomy) -> VersionDiff:
    """Skills by id. One that is gone is succeeded by the skill of the newer version whose label it has, or else by the
    only one that has its label as a synonym or is called by a synonym of it; where several do, by none."""
    old, new = {s.id: s for s in before.skills()}, {s.id: s for s in after.skills()}
    kept = [s for s in new.values() if s.id in old]
    gone = [s for s in old.values() if s.id not in new]
    labels = _by_name(new.values(), lambda s: (s.label,))
    synonyms = _by_name(new.values(), lambda s: s.synonyms)
    succeeded = []
    for s in gone:
        by_label = labels.get(s.label.casefold(), set())
        by_synonym = synonyms.get(s.label.casefold(), set()).union(
            *(labels.get(n.casefold(), set()) for n in s.synonyms)
        )
        if len(by_label) == 1:
            succeeded.append(Succession(s.id, s.label, min(by_label), "label"))
        elif not by_label and len(by_synonym) == 1:
            succeeded.append(Succession(s.id, s.label, min(by_synonym), "synonym"))
    return VersionDiff(
        before=before.version,
        after=after.version,
        kept=len(old.keys() & new.keys()),
        gone=tuple((s.id, s.label) for s in gone),
        new=tuple((s.id, s.label) for s in new.values() if s.id not in old),
        renamed=tuple(
            Renamed(s.id, old[s.id].label, s.label) for s in new.values() if s.id in old and old[s.id].label != s.label
        ),
        succeeded=tuple(succeeded),
        moved=tuple((s.id, s.label) for s in kept if set(s.broader) != set(old[s.id].broader)),
        redefined=tuple((s.id, s.label) for s in kept if s.definition != old[s.id].definition),
    )


def _by_name(skills: Iterable[Skill], names: Callable[[Skill], Sequence[str]]) -> dict[str, set[str]]:
    """Name in small letters → ids of the skills that have it."""
    found: dict[str, set[str]] = {}
    for s in skills:
        for name in names(s):
            found.setdefault(name.casefold(), set()).add(s.id)
    return found
