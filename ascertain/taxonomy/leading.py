"""Where approved crosswalks lead the ids of other taxonomies in the one in use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ascertain.domain.crosswalks import ConceptKind, Link, Relation, StoredCrosswalk, nearest
from ascertain.domain.overlays import Moves


class Leading:
    """Leads to the concepts of one taxonomy, also where a change of it led a link's target to another."""

    def __init__(
        self, name: str, walks: Iterable[StoredCrosswalk], moves: Moves, has_skill: Callable[[str], bool]
    ) -> None:
        """``has_skill``: whether a skill may be led to: it is there, and can be a skill."""
        self._name = name
        self._walks = [w for w in walks if name in (w.source, w.target)]
        self._moves = moves
        self._has_skill = has_skill

    def skill(self, ident: str, framework: str = "") -> Link | None:
        """The nearest link from a skill of another taxonomy, whose name may be given in the words of who names it
        ("O*NET Content Model"). An id of the taxonomy itself leads to where it is now, where it is said to be one.
        ``None`` where nothing leads it."""
        if is_called(framework, self._name) or (not framework and "://" in ident):
            to = self._moves.get(ident, (ident,))
            if len(to) == 1 and self._has_skill(to[0]):
                return Link(ident, to[0], Relation.EXACT)
        return min(
            filter(lambda k: self._has_skill(k.target), self._found(ident, framework)), key=nearest, default=None
        )

    def occupations(self, code: str) -> list[Link]:
        """Links from an occupation of another taxonomy, the nearest first."""
        walks = (w for w in self._walks if w.kind is ConceptKind.OCCUPATION)
        return sorted({k for w in walks for k in w.between(self._name, code)}, key=nearest)

    def _found(self, ident: str, framework: str) -> list[Link]:
        walks = (w for w in self._walks if w.kind is ConceptKind.SKILL)
        fit = [w for w in walks if not framework or is_called(framework, w.other(self._name))]
        every = {k for w in fit for k in w.between(self._name, ident)}
        return [replace(k, target=to[0]) for k in every if len(to := self._moves.get(k.target, (k.target,))) == 1]


def is_called(framework: str, name: str) -> bool:
    """Whether somebody's words for a framework mean the taxonomy of that name: "O*NET-SOC" means ``onet``."""
    words = "".join(c if c.isalnum() else "" if c == "*" else " " for c in framework.casefold()).split()
    wanted = "".join(c for c in name.casefold() if c.isalnum())
    return bool(wanted) and (wanted in words or wanted == "".join(words))
