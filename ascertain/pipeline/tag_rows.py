"""Content tags as people see them: what is worth a look first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ascertain.domain.content_tags import (
    IN_USE,
    Outcomes,
    Prediction,
    Ruling,
    Says,
    TagRules,
    TagState,
    on_notice,
    prediction,
    taxonomy_name,
    worth_a_look,
)
from ascertain.domain.content_weighing import Weighing
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.ports import Content, Taxonomy, UnitOfWork
from ascertain.domain.skills import ContentTag, Level
from ascertain.domain.tag_notices import Notice
from ascertain.domain.tag_words import Heard, Key, doubted, heard
from ascertain.pipeline.views import label


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag as people see it.

    Attributes:
        probability: of the tag as it counts now; ``suggested`` is the mapper's own, ``None`` where people added it.
        held: why it is out of runs where nobody decided: which agent held it back, or when and why it was retired.
        place: where in a transcript the quote stands (``at 03:12``); empty for one out of title or description.
        people: whose evidence refers to the content.
        worth: use × uncertainty.
        notice: why it should be looked at again; empty for no reason. ``since``: from when on it is on notice.
        learners: what learners who finished the content say; ``None`` for fewer than may be counted.
    """

    content: Content
    skill_id: str
    label: str
    state: TagState
    level: Level
    probability: float
    suggested: float | None
    quote: str
    people: int
    worth: float
    yes: int
    no: int
    prediction: Prediction
    outcomes: Outcomes
    notice: str
    place: str = ""
    held: str = ""
    since: datetime | None = None
    learners: Heard | None = None

    def shown(self) -> dict[str, Any]:
        """As it is exchanged."""
        p = self.prediction
        return {
            "content": self.content.item.content_id,
            "title": self.content.item.title,
            "system": self.content.system,
            "active": self.content.active,
            "skill": self.skill_id,
            "label": self.label,
            "state": self.state.value,
            "level": int(self.level),
            "probability": self.probability,
            "suggested": self.suggested,
            "quote": self.quote,
            "place": self.place,
            "held": self.held,
            "people": self.people,
            "worth": self.worth,
            "votes": {"yes": self.yes, "no": self.no},
            "predicts": {"says": p.says.value, "lift": p.lift, "low": p.low, "high": p.high},
            "notice": self.notice,
            "since": self.since.isoformat() if self.since else None,
            "learners": {"yes": self.learners.yes, "no": self.learners.no} if self.learners else None,
        }


def rows(
    uow: UnitOfWork,
    tagger: str,
    taxonomy: Taxonomy,
    rules: TagRules,
    *,
    skill: str = "",
    system: str = "",
    content: str = "",
) -> list[TagRow]:
    """Tags of the present catalogue, what is worth a look first: use × uncertainty. Rejected, held back and retired
    ones are in it."""
    name = taxonomy_name(tagger)
    rulings, notices = uow.tag_votes.rulings(name), uow.tag_notices.all(name)
    suggested, weighings = uow.contents.suggestions(tagger), uow.weighings.of(tagger)
    people, measured = uow.tag_votes.people(), uow.tag_votes.measured()
    said = learners_say(uow, name, rules)
    by_text: dict[str, list[Ruling]] = {}
    for (text, _), r in rulings.items():
        by_text.setdefault(text, []).append(r)
    found = []
    for c in uow.contents.all():
        ident = c.item.content_id
        if (system and c.system != system) or (content and ident != content):
            continue
        tags = {t.skill_id: t for t in suggested.get(ident, ())}
        told = by_text.get(c.text_hash, ())
        decided = {r.skill_id: r for r in told if r.state is not TagState.SUGGESTED or r.skill_id not in tags}
        weighing = weighings.get(c.text_hash)
        for skill_id in {*tags, *decided}:
            if (skill and skill_id != skill) or taxonomy.skill(skill_id) is None:
                continue  # votes on a skill that was taken back are kept, and count once it is there again
            key = c.text_hash, skill_id
            row = _row(c, skill_id, label(taxonomy, skill_id), tags.get(skill_id), decided.get(skill_id))
            if weighing and row.state is TagState.SUGGESTED:
                row = _after_crew(row, weighing)
            row = replace(row, people=people.get(ident, 0), outcomes=measured.get((ident, skill_id), Outcomes()))
            found.append(_noticed(row, said.get(key), notices.get(key), rules))
    return sorted(found, key=lambda r: (-r.worth, r.content.item.content_id, r.skill_id))


def learners_say(uow: UnitOfWork, taxonomy: str, rules: TagRules) -> dict[Key, Heard]:
    """What learners say, by (text, skill), where enough of them do. People under a restriction, and who does not allow
    completions to be used, are not counted."""
    words = uow.tag_words.all(taxonomy)
    if len(words) < rules.least_learners:
        return {}
    people = {p.id: p for p in uow.people.all()}
    counted = {i for i, p in people.items() if not p.restricted and p.consents.allows(EvidenceKind.COMPLETION)}
    return heard([w for w in words if w.learner_id in counted], uow.tag_words.finished(taxonomy), rules)


def _row(c: Content, skill_id: str, name: str, tag: ContentTag | None, r: Ruling | None) -> TagRow:
    suggested = tag.probability if tag else None
    return TagRow(
        content=c,
        skill_id=skill_id,
        label=name,
        state=r.state if r else TagState.SUGGESTED,
        level=r.level if r else tag.level if tag else c.item.level or Level.FOUNDATION,
        probability=r.probability if r else suggested or 0.0,
        suggested=suggested,
        quote=tag.quote if tag else "",
        people=0,
        worth=0.0,
        yes=r.yes if r else 0,
        no=r.no if r else 0,
        prediction=Prediction(Says.TOO_FEW),
        outcomes=Outcomes(),
        notice="",
    )


def _after_crew(row: TagRow, weighing: Weighing) -> TagRow:
    """An undecided row under what the catalogue crew found."""
    for r in weighing.refused:
        if r.skill_id == row.skill_id:
            return replace(row, state=TagState.HELD_BACK, held=f"{_CREW[r.by]}: {r.why or _NOT}")
    level = next((k.level for k in weighing.kept if k.skill_id == row.skill_id), None)
    return replace(row, level=level) if level else row


_CREW = {"content_tagger": "content tagger", "tag_reviewer": "tag reviewer"}
_NOT = "the words do not bear it"


def _noticed(row: TagRow, said: Heard | None, notice: Notice | None, rules: TagRules) -> TagRow:
    """A row with what speaks against it, and what it is worth to look at. What learners doubt is worth as much as what
    is most uncertain."""
    doubt = doubted(said)
    found = prediction(row.outcomes, rules)
    row = replace(row, prediction=found, learners=said)
    if notice and notice.retired_at and row.state in IN_USE:
        held = f"retired on {notice.retired_at:%Y-%m-%d}: {notice.why}"
        return replace(row, state=TagState.RETIRED, held=held, since=notice.since)
    why = on_notice(row.probability, found, row.state, rules, doubted=doubt)
    worth = worth_a_look(row.people, 0.5 if doubt else row.probability) if row.state is TagState.SUGGESTED else 0.0
    return replace(row, notice=why, worth=worth, since=notice.since if notice and why else None)


def summary(rows: Sequence[TagRow]) -> Mapping[str, int]:
    """How many there are, by state, and on notice."""
    counts = {s.value: sum(r.state is s for r in rows) for s in TagState}
    return counts | {"on notice": sum(bool(r.notice) for r in rows)}
