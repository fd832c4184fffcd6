"""Content tags put before people: what is worth a look first, votes, and whether finishing predicts the assessment."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.content_tags import (
    IN_USE,
    TagRules,
    TagState,
    TagVote,
    Vote,
    outcomes,
    ruling,
    taxonomy_name,
)
from ascertain.domain.permission import Action, Principal, Role
from ascertain.domain.permission_table import TABLE, Relation
from ascertain.domain.ports import Clock, Content, Taxonomy, UnitOfWork
from ascertain.domain.skills import ContentTag, Level
from ascertain.domain.tag_notices import Minded, minded
from ascertain.domain.transcripts import place_of
from ascertain.errors import ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.permit import demand
from ascertain.pipeline.tag_rows import TagRow, rows

MOST_AT_ONCE = 100
"""Tags that one bulk vote may be about: what somebody can look through."""


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
        """See :func:`ascertain.pipeline.tag_rows.rows`; of these only the ones in ``state``, or on notice."""
        found = rows(self.uow, self.tagger, self.taxonomy, self.rules, skill=skill, system=system, content=content)
        if state is not None:
            found = [r for r in found if r.state is state]
        if notice:
            found = [r for r in found if r.notice]
        return found

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
        notice = self.uow.tag_notices.all(self.name).get((content.text_hash, skill_id))
        retired = notice is not None and notice.retired_at is not None
        if mine and (mine[-1].vote, mine[-1].level) == (vote, level) and not retired:
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
        if retired:  # somebody has decided since
            self.uow.tag_notices.let_go((content.text_hash, skill_id), self.name)
        header = {
            "content": made.content_id,
            "text": made.content_hash,
            "skill": skill_id,
            "vote": vote.value,
            "level": int(level) if level else None,
            "state": found.state.value,
            "probability": found.probability,
            "was_retired": retired,
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

    def watch(self) -> Minded:
        """Put on notice what there is a reason for, and retire what has been for too long; a record for each that goes.
        The caller commits."""
        every = [r for r in self.rows() if r.state in IN_USE]
        reasons = {(r.content.text_hash, r.skill_id): r.notice for r in every if r.notice}
        known = self.uow.tag_notices.all(self.name)
        found = minded(known, reasons, self.name, self.clock.now(), self.rules)
        for n in found.put:
            self.uow.tag_notices.put(n)
        for n in found.gone:
            self.uow.tag_notices.let_go(n.key, self.name)
        for n in found.retired:
            header = {"text": n.content_hash, "skill": n.skill_id, "why": n.why, "since": n.since.isoformat()}
            self.uow.audit.append("content.tag_retired", actor="system", header=header)
        return found


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
