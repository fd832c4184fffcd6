"""Tools of the stewardship crew: what was met in the evidence, and what is proposed about it."""

from __future__ import annotations

from typing import Any

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change
from ascertain.domain.text import clean_text
from ascertain.domain.weighing import Matter
from tools.base import DeskTool
from tools.steward_desk import StewardDesk

WEIGHING = "taxonomy_steward"
CHECKING = "taxonomy_critic"
MAX_DEFINITION = 300
_IN_WORDS = {
    ChangeKind.NEW: "a new skill",
    ChangeKind.SYNONYM: "another name of this skill",
    ChangeKind.RENAME: "the new label of this skill",
    ChangeKind.MERGE: "the first becomes part of the second",
    ChangeKind.SPLIT: "the skill becomes these",
}


class TaxonomyMatters(DeskTool):
    """What the evidence puts up for a decision."""

    name: str = "taxonomy_matters"
    description: str = (
        "What was met in the evidence of several people: terms that no skill fits, names that are used more than the "
        "label, skills that come together or apart; each with matter_id, words, counts and the options that there are. "
        "Only these option ids may be chosen."
    )
    stage: str = WEIGHING

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``matters``: matter_id, kind, words, people, quotes, why, options."""
        desk: StewardDesk = self._desk
        return {"matters": [_matter(desk, m) for m in desk.matters.values()]}


class ProposedChanges(DeskTool):
    """What the steward would propose."""

    name: str = "proposed_changes"
    description: str = (
        "The changes of the taxonomy that were chosen, each with matter_id, words, counts, what would change and the "
        "skills that it is about."
    )
    stage: str = CHECKING

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``changes``: matter_id, words, people, quotes, change."""
        desk: StewardDesk = self._desk
        rows = []
        for m, option, change in desk.proposed():
            shown = {"matter_id": m.id, "words": desk.words(m), "people": m.support.people, "quotes": m.support.quotes}
            rows.append({**shown, "near": option.near, "change": _change(desk, change)})
        return {"changes": rows}


def _matter(desk: StewardDesk, m: Matter) -> dict[str, Any]:
    return {
        "matter_id": m.id,
        "kind": m.kind,
        "words": desk.words(m),
        "people": m.support.people,
        "quotes": m.support.quotes,
        "why": clean_text(m.support.why),
        "options": [
            {
                "option_id": o.id,
                "near": o.near,
                "change": _change(desk, o.change) if o.change else {"does": "everything stays as it is"},
            }
            for o in m.options
        ],
    }


def _change(desk: StewardDesk, change: Change) -> dict[str, Any]:
    return {
        "does": _IN_WORDS[change.kind],
        "kind": change.kind,
        "skills": [_skill(desk, i) for i in (change.skill_id, change.target) if i],
        "names": [clean_text(n) for n in change.new_names],
    }


def _skill(desk: StewardDesk, ident: str) -> dict[str, str]:
    s = desk.taxonomy.skill(ident)
    return {"label": s.label if s else ident, "definition": s.definition[:MAX_DEFINITION] if s else ""}
