"""The desk of one run of the catalogue crew: some items of the library, and what has been checked about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ascertain.domain.content_weighing import KeptTag, LibraryItem, RefusedTag, TaggingFindings, Weighing
from ascertain.domain.findings import Step
from ascertain.domain.ports import Taxonomy
from ascertain.domain.skills import Skill
from tools.base_desk import Desk


class LibraryDesk(Desk[TaggingFindings]):
    """In memory, for one run, used by one crew."""

    def __init__(self, items: Sequence[LibraryItem], taxonomy: Taxonomy) -> None:
        super().__init__()
        self.items = {i.content_id: i for i in items}
        self.taxonomy = taxonomy
        self.picked: dict[str, dict[str, KeptTag]] = {}
        """Content id → skill id → pick. Content that the tagger has not spoken of is not in it."""
        self.terms: dict[str, tuple[str, ...]] = {}
        self.unsupported: dict[tuple[str, str], str] = {}
        """(content id, skill id) → why, where the reviewer held a pick back."""

    def skill(self, skill_id: str) -> Skill | None:
        """As the taxonomy in use has it."""
        return self.taxonomy.skill(skill_id)

    def findings(self, steps: Iterable[Step]) -> TaggingFindings:
        """What stood, item by item."""
        return TaggingFindings(
            tuple(self._weighing(i) for ident, i in self.items.items() if ident in self.picked),
            self.drops,
            tuple(steps),
        )

    def _weighing(self, item: LibraryItem) -> Weighing:
        picked = self.picked[item.content_id]
        kept, refused = [], []
        for tag in item.candidates:
            why = self.unsupported.get((item.content_id, tag.skill_id))
            if tag.skill_id not in picked:
                refused.append(RefusedTag(tag.skill_id, "content_tagger"))
            elif why is not None:
                refused.append(RefusedTag(tag.skill_id, "tag_reviewer", why))
            else:
                kept.append(picked[tag.skill_id])
        terms = self.terms.get(item.content_id, ())
        return Weighing(item.content_id, item.text_hash, tuple(kept), tuple(refused), terms)
