"""The desk of the stewardship crew: the matters of one run, and what the agents made of them. It holds nobody's words
but the terms themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ascertain.domain.findings import Step
from ascertain.domain.overlays import Change
from ascertain.domain.ports import Taxonomy
from ascertain.domain.text import clean_text
from ascertain.domain.weighing import Matter, Option, StewardFindings, Weighed
from tools.base_desk import Desk
from tools.wording import squash


class StewardDesk(Desk[StewardFindings]):
    """In memory, for one run."""

    def __init__(self, matters: Sequence[Matter], taxonomy: Taxonomy) -> None:
        super().__init__()
        self.matters = {m.id: m for m in matters}
        self.taxonomy = taxonomy
        self.weighed: tuple[Weighed, ...] = ()

    def words(self, matter: Matter) -> list[str]:
        """Its terms as agents see them: cleaned, for some were written outside."""
        return [squash(clean_text(w)) for w in matter.words]

    def proposed(self) -> list[tuple[Matter, Option, Change]]:
        """Matters for which something is to change, in the order they were given."""
        chosen = {w.matter_id: w.option_id for w in self.weighed}
        found = []
        for m in self.matters.values():
            option = m.option(chosen.get(m.id, ""))
            if option is not None and option.change is not None:
                found.append((m, option, option.change))
        return found

    def findings(self, steps: Iterable[Step]) -> StewardFindings:
        """Everything that survived."""
        return StewardFindings(self.weighed, self.drops, tuple(steps))
