"""Content tags put before people: what is worth a look first, votes, and whether finishing predicts the assessment."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ascertain.domain.content_tags import (
    Outcomes,
    Prediction,
    Ruling,
    TagRules,
    TagState,
    TagVote,
    Vote,
    on_notice,
    outcomes,
    prediction,
    ruling,
    taxonomy_name,
    worth_a_look,
)
from ascertain.domain.content_weighing import Weighing
from ascertain.domain.permission import Action, Principal, Role
from ascertain.domain.permission_table import TABLE, Relation
from ascertain.domain.ports import Clock, Content, Taxonomy, UnitOfWork
from ascertain.domain.skills import ContentTag, Level
from ascertain.domain.transcripts import place_of
from ascertain.errors import ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.permit import demand
from ascertain.pipeline.views import label

MOST_AT_ONCE = 100
"""Tags that one bulk vote may be about: what somebody can look through."""


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag as people see it.

    Attributes:
        probability: of the tag as it counts now; ``suggested`` is the mapper's own, ``None`` where people added it.
        held: which agent held it back, and why.
        place: where in a transcript the quote stands (``at 03:12``); empty for one out of title or description.
        people: whose evidence refers to the content.
        worth: use × uncertainty.
        notice: why it should be looked at again; empty for no reason.
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
        }


@dataclass(frozen=True, slots=True)
class Desk:
    """Content tags under one taxonomy and mapper, inside the caller's unit of work."""

    uow: UnitOfWork
    tagger: str
    taxonomy: Taxonomy
    rules: TagRules
    clock: Clock

    @property
    def name(self) -> str:
        """Of the taxonomy: votes outlive its releases and the mapper."""
        return taxonomy_name(self.tagger)

    def rows(
        self,
        *,
        state: TagState | None = None,
        skill: str = "",
        system: str = "",
        content: str = "",
        notice: bool = False,
    ) -> list[TagRow]:
        """Tags of the present catalogue, what is worth a look first: use × uncertainty. Rejected ones are in it."""
        rulings = self.uow.tag_votes.rulings(self.name)
        suggested = self.uow.contents.suggestions(self.tagger)
        weighings = self.uow.weighings.of(self.tagger)
        people, measured = self.uow.tag_votes.people(), self.uow.tag_votes.measured()
        by_text: dict[str, list[Ruling]] = {}
        for (text, _), r in rulings.items():
            by_text.setdefault(text, []).append(r)
        found = []
        for c in self.uow.contents.all():
            ident = c.item.content_id
            if (system and c.system != system) or (content and ident != content):
                continue
            tags = {t.skill_id: t for t in suggested.get(ident, ())}
            decided = {r.skill_id: r for r in by_text.get(c.text_hash, ())}
            for skill_id in {*tags, *decided}:
                if skill and skill_id != skill:
                    continue
                outcome = measured.get((ident, skill_id), Outcomes())
                tag, decision = tags.get(skill_id), decided.get(skill_id)
                row = self._row(c, skill_id, tag, decision, people.get(ident, 0), outcome)
                weighing = weighings.get(c.text_hash)
                found.append(after_crew(row, weighing) if weighing and not decision else row)
        if state is not None:
            found = [r for r in found if r.state is state]
        if notice:
            found = [r for r in found if r.notice]
        return sorted(found, key=lambda r: (-r.worth, r.content.item.content_id, r.skill_id))

    def _row(
        self, c: Content, skill_id: str, tag: ContentTag | None, r: Ruling | None, people: int, outcome: Outcomes
    ) -> TagRow:
        suggested = tag.probability if tag else None
        state = r.state if r else TagState.SUGGESTED
        probability = r.probability if r else suggested or 0.0
        found = prediction(outcome, self.rules)
        return TagRow(
            content=c,
            skill_id=skill_id,
            label=label(self.taxonomy, skill_id),
            state=state,
            level=r.level if r else tag.level if tag else c.item.level or Level.FOUNDATION,
            probability=probability,
            suggested=suggested,
            quote=tag.quote if tag else "",
            people=people,
            worth=worth_a_look(people, probability) if state is TagState.SUGGESTED else 0.0,
            yes=r.yes if r else 0,
            no=r.no if r else 0,
            prediction=found,
            outcomes=outcome,
            notice=on_notice(probability, found, state, self.rules),
        )

    def placed(self, rows: Sequence[TagRow]) -> list[TagRow]:
        """The same rows with the places of quotes out of transcripts: for the few that are shown."""
        spoken = [
            r.content.item.content_id
            for r in rows
            if r.quote and r.content.transcript and r.quote not in f"{r.content.item.title}\n{r.content.description}"
        ]
        said = self.uow.transcripts.of(sorted(set(spoken)))
        return [
            replace(r, place=place_of(t.passages, r.quote)) if (t := said.get(r.content.item.content_id)) else r
            for r in rows
        ]

    def vote(
        self,
        who: Principal,
        content_id: str,
        skill_id: str,
        vote: Vote,
        *,
        reason: str,
        level: Level | None = None,
    ) -> TagRow:
        """Say what a tag is. Saying the same again changes nothing. The caller commits.

        A skill that the mapper did not suggest for this content is added by a yes.

        Raises:
            ForbiddenError: they may not, or do not own the skill.
            NotFoundError: no such content, or no such skill in the taxonomy in use.
            InputError: no reason, or a level that is missing or too much.
        """
        demand(self.uow, who, Action.CONTENT_TAG)
        must_own(who, [skill_id], Action.CONTENT_TAG)
        content = self._content(content_id)
        if self.taxonomy.skill(skill_id) is None:
            raise NotFoundError(f"there is no skill {skill_id!r} in {self.taxonomy.version}", remedy="search for it")
        tags = self.uow.contents.suggestions(self.tagger).get(content_id, ())
        tag = next((t for t in tags if t.skill_id == skill_id), None)
        self._say(who, content, skill_id, tag, vote, reason, level)
        return next(r for r in self.rows(content=content_id, skill=skill_id))

    def vote_on_all(
        self, who: Principal, skill_id: str, system: str, vote: Vote, *, reason: str, contents: Collection[str] = ()
    ) -> int:
        """The same word on every tag of a skill in one system that nobody has decided yet, or on those of ``contents``
        alone; how many there were. The caller commits.

        Raises:
            ForbiddenError: they may not, or do not own the skill.
            InputError: no reason, no skill or system, an adjustment, or more than ``MOST_AT_ONCE``.
        """
        demand(self.uow, who, Action.CONTENT_TAG)
        must_own(who, [skill_id], Action.CONTENT_TAG)
        if not skill_id or not system:
            raise InputError("a vote on many is about one skill in one system", field="skill", remedy="give both")
        if vote is Vote.ADJUST:
            raise InputError("levels are adjusted one by one", field="vote", remedy="accept or reject")
        rows = self.rows(state=TagState.SUGGESTED, skill=skill_id, system=system)
        if contents:
            rows = [r for r in rows if r.content.item.content_id in contents]
        if len(rows) > MOST_AT_ONCE:
            raise InputError(
                f"{len(rows)} tags are more than can be looked through at once",
                field="contents",
                remedy=f"name at most {MOST_AT_ONCE} of them",
            )
        tags = self.uow.contents.suggestions(self.tagger)
        for r in rows:
            ident = r.content.item.content_id
            tag = next((t for t in tags.get(ident, ()) if t.skill_id == skill_id), None)
            self._say(who, r.content, skill_id, tag, vote, reason, None)
        return len(rows)

    def votes(self, content_id: str, skill_id: str) -> list[TagVote]:
        """Who said what about a tag, oldest first; words about texts that the content had before are in it.

        Raises:
            NotFoundError: no such content.
        """
        self._content(content_id)
        return [v for v in self.uow.tag_votes.of_content(content_id) if v.skill_id == skill_id]

    def _say(
        self,
        who: Principal,
        content: Content,
        skill_id: str,
        tag: ContentTag | None,
        vote: Vote,
        reason: str,
        level: Level | None,
    ) -> None:
        where = f"{content.item.content_id}, {skill_id}"
        if not reason.strip():
            raise InputError("a vote needs a reason", where=where, field="reason", remedy="say why in a few words")
        if (vote is Vote.ADJUST) is (level is None):
            wrong = "an adjustment needs a level" if level is None else f"{vote.value} takes no level"
            raise InputError(wrong, where=where, field="level", remedy="adjust with a level from 1 to 5")
        known = self.uow.tag_votes.about(content.text_hash, skill_id)
        mine = [v for v in known if v.voter.casefold() == who.name.casefold()]
        if mine and (mine[-1].vote, mine[-1].level) == (vote, level):
            return
        made = TagVote(
            f"t{secrets.token_hex(8)}",
            content.item.content_id,
            content.text_hash,
            skill_id,
            self.name,
            vote,
            level,
            tag.probability if tag else None,
            tag.level if tag else content.item.level or Level.FOUNDATION,
            who.name,
            reason.strip(),
            self.clock.now(),
        )
        self.uow.tag_votes.add(made)
        found = ruling([*known, made], self.rules)
        self.uow.tag_votes.put(found)
        header = {
            "content": made.content_id,
            "text": made.content_hash,
            "skill": skill_id,
            "vote": vote.value,
            "level": int(level) if level else None,
            "state": found.state.value,
            "probability": found.probability,
        }
        payload = {"actor": who.name, "reason": made.reason}
        self.uow.audit.append("content.tag_voted", actor=who.kind, header=header, payload=payload)

    def _content(self, content_id: str) -> Content:
        found = self.uow.contents.get(content_id)
        if found is None:
            raise NotFoundError(f"there is no content {content_id!r}", remedy="`ascertain content list` shows it")
        return found

    def measure(self) -> int:
        """Count how finishers and others did in other contents of the same skill; how many counts differ from before.
        The caller commits. Sources that a person does not allow are left out."""
        people = {p.id: p for p in self.uow.people.all()}
        records = [
            g
            for g in self.uow.tag_votes.graded()
            if (p := people.get(g.learner_id)) is not None and not p.restricted and p.consents.allows(g.kind)
        ]
        teaches = {c: [t.skill_id for t in tags] for c, tags in self.uow.contents.tags(self.tagger).items()}
        found = {k: o for k, o in outcomes(records, teaches).items() if o.finished or o.others}
        changed = self.uow.tag_votes.put_measured(self.name, found)
        if changed:
            header = {"taxonomy": self.name, "tags": len(found), "changed": changed}
            self.uow.audit.append("content.measured", actor="system", header=header)
        return changed


def after_crew(row: TagRow, weighing: Weighing) -> TagRow:
    """An undecided row under what the catalogue crew found."""
    for r in weighing.refused:
        if r.skill_id == row.skill_id:
            return replace(row, state=TagState.HELD_BACK, worth=0.0, notice="", held=f"{_CREW[r.by]}: {r.why or _NOT}")
    level = next((k.level for k in weighing.kept if k.skill_id == row.skill_id), None)
    return replace(row, level=level) if level else row


_CREW = {"content_tagger": "content tagger", "tag_reviewer": "tag reviewer"}
_NOT = "the words do not bear it"


def must_own(who: Principal, skills: Iterable[str], action: Action) -> None:
    """Somebody who may do it only as an owner of skills does it about these alone.

    Raises:
        ForbiddenError: one of the skills is not theirs.
    """
    own = owned(who, action)
    if own is not None and not own.issuperset(skills):
        raise ForbiddenError(
            f"{who.name} may not do this ({action}) about a skill that they do not own",
            actor=who.name,
            kind=who.kind,
            action=action.value,
            learner_id=None,
            remedy="`ascertain access who NAME` shows which skills somebody owns",
        )


def owned(who: Principal, action: Action) -> frozenset[str] | None:
    """The skills that somebody who may do ``action`` is held to; ``None`` where any of their roles holds for all."""
    holding = [g for g in who.grants if g.holds(who.today) and g.leaves(action)]
    allowing = [g for g in holding if action in TABLE[g.role].get(Relation.NONE, ())]
    if any(g.role is not Role.SKILL_OWNER for g in allowing):
        return None
    return frozenset(s for g in allowing for s in g.skills)


def summary(rows: Sequence[TagRow]) -> Mapping[str, int]:
    """How many there are, by state, and on notice."""
    counts = {s.value: sum(r.state is s for r in rows) for s in TagState}
    return counts | {"on notice": sum(bool(r.notice) for r in rows)}
