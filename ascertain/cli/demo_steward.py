"""What the demonstration shows of stewardship: tags that wait for a word, changes of the taxonomy that evidence speaks
for, and what one of them would do. Nothing is decided or applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascertain.domain.charter import ChangeKind

if TYPE_CHECKING:
    from ascertain.runtime import App


def lines(app: App) -> list[str]:
    """A line on tags, and one on changes that are proposed."""
    from ascertain.pipeline.taxonomy_change import in_words
    from ascertain.pipeline.taxonomy_signals import labels

    with app.units() as uow:
        desk = app.tag_desk(uow)
        desk.measure()
        rows = desk.rows()
        uow.commit()
    waits = [r for r in rows if r.state.value == "suggested"]
    said = (
        [f"{len(waits)} content tags wait for a word, {waits[0].content.item.title} first (`content tags`)"]
        if waits
        else []
    )
    made = app.propose().proposals
    if not made:
        return said
    best = next((p for p in made if p.change.kind is ChangeKind.MERGE), made[0])
    with app.units(write=False) as uow:
        impact = app.steward(uow).preview(best.id).impact
    words = in_words(best.change, dict(labels(app.bundle.taxonomy, best.change.touched)))
    said.append(f"evidence speaks for {len(made)} changes of the taxonomy (`taxonomy proposals`), one of them:")
    return [*said, f"  {words}: {impact.words} (`taxonomy preview {best.id}`)"]
