"""Lets the catalogue crew look at mapped content, a few items at a time, each text once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from ascertain.domain.content_weighing import CatalogueCrew, LibraryItem, TaggingFindings
from ascertain.domain.orders import gives_orders, without_orders
from ascertain.domain.ports import Content, CrewServices, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.transcripts import Passage, some
from ascertain.errors import BudgetError, PseudonymError

Masks = Callable[[str], str]


@dataclass(slots=True)
class WeighReport:
    """How much was weighed. ``silent`` is content that no agent spoke of: it stays open. ``spent`` says why it ended
    early where nothing may be spent any more."""

    contents: int = 0
    kept: int = 0
    refused: int = 0
    terms: int = 0
    dropped: int = 0
    silent: int = 0
    spent: str = ""
    steps: int = field(default=0)


def weigh_contents(
    units: UnitOfWorkFactory,
    crew: CatalogueCrew,
    services: CrewServices,
    tagger: str,
    *,
    mask: Masks = str,
    only: Collection[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> WeighReport:
    """Weigh whatever the present crew has not looked at, or of that only ``only``. Each run's findings are stored with
    it, so that it is safe to repeat and to interrupt; ``go_on`` is asked before each run.

    Raises:
        BrainError: a brain fails; what was weighed before stays.
    """
    with units(write=False) as uow:
        todo = uow.weighings.open(tagger, crew.version)
    if only is not None:
        todo = [i for i in todo if i in only]
    report = WeighReport()
    for start in range(0, len(todo), crew.batch):
        if not go_on():
            break
        with units(write=False) as uow:
            items = library_items(uow, tagger, todo[start : start + crew.batch], services, mask)
        try:
            found = crew.weigh(items, services)
        except BudgetError as e:
            report.spent = e.message
            break
        _store(units, crew, tagger, items, found)
        _count(report, items, found)
        if progress:
            progress(min(start + crew.batch, len(todo)), len(todo))
    return report


def library_items(
    uow: UnitOfWork, tagger: str, ids: Sequence[str], services: CrewServices, mask: Masks = str
) -> list[LibraryItem]:
    """Content as agents may read it, with the mapper's tags. What cannot be masked is left empty."""
    suggested, wanted = uow.contents.suggestions(tagger), set(ids)
    contents = [c for c in uow.contents.all(active_only=False) if c.item.content_id in wanted]
    said = uow.transcripts.of([c.item.content_id for c in contents if c.transcript])
    most = services.policy.mapping.spoken_most
    made = []
    for c in contents:
        ident = c.item.content_id
        spoken = some(said[ident].passages, most) if ident in said else ()
        passages = (Passage(readable(p.text, mask), p.second, p.page) for p in spoken)
        made.append(
            LibraryItem(
                ident,
                c.text_hash,
                readable(c.item.title, mask),
                readable(c.description, mask),
                tuple(p for p in passages if p.text),
                c.item.level,
                c.level_stated,
                suggested.get(ident, ()),
            )
        )
    return made


def readable(text: str, mask: Masks) -> str:
    """Without names of people that are known, and without sentences that give orders to a machine."""
    try:
        return without_orders(mask(text))
    except PseudonymError:
        return ""


def _store(
    units: UnitOfWorkFactory, crew: CatalogueCrew, tagger: str, items: Sequence[LibraryItem], found: TaggingFindings
) -> None:
    with units() as uow:
        now = {c.item.content_id: c for c in uow.contents.all(active_only=False)}
        # A sync may have brought another text meanwhile: what was weighed is then about a text of before.
        present = [w for w in found.weighings if _same(now.get(w.content_id), w.text_hash)]
        uow.weighings.put(tagger, crew.version, present)
        header = {
            "weigher": crew.version,
            "contents": [w.content_id for w in present],
            "refused": sum(len(w.refused) for w in present),
            "dropped": len(found.drops),
            "giving_orders": [i.content_id for i in items if gives_orders(now[i.content_id].description)],
            "steps": [[s.agent, s.model, s.prompt_hash, s.output_hash, s.calls] for s in found.steps],
        }
        uow.audit.append("content.weighed", actor="crew", header=header)
        uow.commit()


def _same(content: Content | None, text_hash: str) -> bool:
    return content is not None and content.text_hash == text_hash


def _count(report: WeighReport, items: Sequence[LibraryItem], found: TaggingFindings) -> None:
    report.contents += len(found.weighings)
    report.silent += len(items) - len(found.weighings)
    report.kept += sum(len(w.kept) for w in found.weighings)
    report.refused += sum(len(w.refused) for w in found.weighings)
    report.terms += sum(len(w.terms) for w in found.weighings)
    report.dropped += len(found.drops)
    report.steps += sum(s.calls for s in found.steps)
