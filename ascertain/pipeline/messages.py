"""What people wrote to colleagues, looked at once on its way in and never kept.

Three gates: the organisation's yes (the connection's option; without it nothing is pulled), the person's consent, and
the floor of the mapper. What passes leaves one sentence that names skills, channel and day; the words themselves end
here. They are not logged, quarantined or given to any brain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from ascertain.domain.connector import CarriesMessages, Connector
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.orders import without_orders
from ascertain.domain.ports import Mapper
from ascertain.domain.records import MessageRecord
from ascertain.domain.rules import MappingRules
from ascertain.errors import PseudonymError
from ascertain.pipeline.normalise import evidence_id


def opted_in(connectors: Iterable[Connector]) -> frozenset[str]:
    """Names of the connections for which the organisation said yes."""
    return frozenset(c.name for c in connectors if isinstance(c, CarriesMessages) and c.messages_opt_in)


class MessageReader:
    """Maps messages to skills. ``opted_in``: the connections for which the organisation said yes; those of others are
    not looked at, however they came in."""

    def __init__(
        self, mapper: Mapper, rules: MappingRules, opted_in: Collection[str], mask: Callable[[str], str] = str
    ) -> None:
        """``mask`` takes people out of a text before the mapper reads it; a text that it refuses is not read."""
        self._mask = mask
        self._mapper = mapper
        self._rules = rules
        self.opted_in = frozenset(opted_in)

    def read(self, records: Sequence[MessageRecord], writers: Mapping[str, str]) -> list[Evidence]:
        """Evidence of those messages that show a skill. ``writers``: learner id by reference, of people who consented;
        messages of others are not looked at."""
        asked = [r for r in records if r.ref.system in self.opted_in and str(r.ref) in writers and r.text.strip()]
        if not asked:
            return []
        found = self._mapper.map([self._readable(r.text) for r in asked], top=self._rules.tags_per_content)
        made: list[Evidence] = []
        for record, candidates in zip(asked, found, strict=True):
            labels = [c.label for c in candidates if c.probability >= self._rules.claim_floor]
            if labels:
                made.append(_piece(record, writers[str(record.ref)], labels))
        return made

    def _readable(self, text: str) -> str:
        try:
            return self._mask(without_orders(text))
        except PseudonymError:
            return ""


def _piece(record: MessageRecord, learner_id: str, labels: Sequence[str]) -> Evidence:
    day = record.occurred_at.date() if record.occurred_at else None
    where = f" in the channel “{record.channel}”" if record.channel else ""
    when = f" on {day.isoformat()}" if day else ""
    named = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
    return Evidence(
        id=evidence_id(record.ref),
        learner_id=learner_id,
        kind=EvidenceKind.MESSAGE,
        system=record.ref.system,
        source_ref=str(record.ref),
        origin=_origin(record, learner_id, day),
        title="Message to colleagues",
        text=f"Wrote about {named}{where}{when}.",
        occurred_on=day,
    )


def _origin(record: MessageRecord, learner_id: str, day: date | datetime | None) -> str:
    """A month's talk in one channel is one thing that happened: whoever writes a lot has not shown more."""
    month = f"{day:%Y-%m}" if day else "undated"
    return f"{record.ref.system}:talk:{record.channel or 'somewhere'}:{learner_id}:{month}"
