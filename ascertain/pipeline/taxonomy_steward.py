"""Changes of the taxonomy: proposed, answered by the charter, applied, reverted. Nothing here approves by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ascertain.domain.canonical import plain
from ascertain.domain.charter import ChangeKind, Charter
from ascertain.domain.denied import DenyList
from ascertain.domain.overlays import Change, Overlay, applied
from ascertain.domain.permission import Action, Principal, Role
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.review_assign import SkillOwners
from ascertain.domain.rules import Policy
from ascertain.domain.stewardship import (
    IN_USE,
    PRODUCT,
    Answer,
    AnswerKind,
    Batches,
    Proposal,
    ProposalState,
    Support,
    counting,
    proposal_id,
)
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.content_tags import must_own
from ascertain.pipeline.permit import demand
from ascertain.pipeline.taxonomy_batches import Carrying
from ascertain.pipeline.taxonomy_crosswalk import crosswalk_seen, fits, held
from ascertain.pipeline.taxonomy_moves import MovedRun
from ascertain.pipeline.taxonomy_plans import Planned, Plans
from ascertain.pipeline.taxonomy_preview import (
    Impact,
    Previewed,
    disputed,
    heard,
    impact_of,
    newly_taught,
    quotes_of,
)
from ascertain.pipeline.taxonomy_release import seen
from ascertain.pipeline.taxonomy_revert import Storing, reverted
from ascertain.pipeline.taxonomy_under import Bundle, Under

DEFINED = (ChangeKind.NEW, ChangeKind.SPLIT)
"""Changes that bring in skills, which need a definition that two people understand alike."""


@dataclass(frozen=True, slots=True)
class Steward:
    """Changes of one taxonomy, inside the caller's unit of work, which commits.

    Attributes:
        changes: those in use, over the present release.
        under: opens the release under other changes.
    """

    uow: UnitOfWork
    name: str
    present: Bundle
    changes: Overlay
    under: Under
    tagger: str
    charter: Charter
    policy: Policy
    owners: SkillOwners
    deny: DenyList
    clock: Clock

    @property
    def plans(self) -> Plans:
        """What changes come to."""
        return Plans(self.uow, self.name, self.changes, self.under, self.deny, self.clock)

    # -- proposals -----------------------------------------------------------------------------------------------------

    def propose(self, change: Change, *, by: Principal | None, support: Support | None = None) -> Proposal:
        """Put a change up for decision. The same change is the same proposal; of one that is there the counts are
        brought up to date, and its state stays. ``by`` nobody: by the product.

        Raises:
            ForbiddenError: they may not.
            InputError: a skill that is not there, a name that is taken or can never be a skill.
        """
        if by is not None:
            demand(self.uow, by, Action.TAXONOMY_APPROVE)
            must_own(by, change.touched, Action.TAXONOMY_APPROVE)
        self._check(change)
        now, ident = self.clock.now(), proposal_id(self.name, change)
        known = self.uow.stewardship.get(ident)
        found = support or Support("proposed by hand")
        if known is not None:
            return self.seen_again(known, support) if support else known
        made = Proposal(ident, self.name, change, found, by.name if by else PRODUCT, now, now)
        self.uow.stewardship.put(made)
        header = {
            "proposal": ident,
            "kind": change.kind.value,
            "taxonomy": self.name,
            "people": found.people,
            "quotes": found.quotes,
        }
        payload = {"actor": made.proposed_by, "change": plain(change)}
        self.uow.audit.append("taxonomy.proposed", actor=by.kind if by else "system", header=header, payload=payload)
        return made

    def seen_again(self, known: Proposal, support: Support) -> Proposal:
        """Bring the counts of a proposal up to date; its state stays."""
        if known.support == support:
            return known
        fresh = replace(known, support=support, seen_at=self.clock.now())
        self.uow.stewardship.put(fresh)
        return fresh

    def take_up(self, change: Change, support: Support) -> Proposal | None:
        """Propose what the evidence speaks for; ``None`` where it does not fit, or can never be a skill."""
        try:
            return self.propose(change, by=None, support=support)
        except (InputError, ConflictError):
            return None

    def amend(self, who: Principal, ident: str, change: Change, *, reason: str) -> Proposal:
        """Say it in other words: names, definitions, families. What it is about stays; answers before count no more.

        Raises:
            ForbiddenError, NotFoundError, InputError: as for ``propose``.
            ConflictError: it was applied, or the amendment is about other skills.
        """
        demand(self.uow, who, Action.TAXONOMY_APPROVE)
        found = self.get(ident)
        must_own(who, found.change.touched, Action.TAXONOMY_APPROVE)
        if (change.kind, change.skill_id, change.target) != (
            found.change.kind,
            found.change.skill_id,
            found.change.target,
        ):
            raise ConflictError("an amendment is about the same skills", remedy="propose another change")
        if found.state in IN_USE:
            raise ConflictError(f"{found.id} was applied", remedy="revert it first, or propose another change")
        self._check(change)
        if change == found.change:
            return found
        made = replace(found, change=change, state=ProposalState.OPEN)
        self.uow.stewardship.put(made)
        self._note(who, made, AnswerKind.AMENDED, who_role(who), reason)
        return made

    def get(self, ident: str) -> Proposal:
        """
        Raises:
            NotFoundError: there is none of that id.
        """
        found = self.uow.stewardship.get(ident.strip())
        if found is None or found.taxonomy != self.name:
            raise NotFoundError(
                f"there is no proposal {ident!r} for {self.name}", remedy="`ascertain taxonomy proposals` lists them"
            )
        return found

    def preview(self, ident: str) -> Previewed:
        """What it would do, computed by what applies it.

        Raises:
            NotFoundError: there is none.
            InputError: it no longer fits the taxonomy, naming why.
        """
        found = self.get(ident)
        answers = self.uow.stewardship.answers(found.id)
        quotes = quotes_of(self.uow, found)
        impact, release = Impact(), None
        if found.state not in IN_USE:
            planned = self.plans.of(found)
            impact = self._impact(planned, self.plans.runs(planned), quotes)
            if planned.found.change.release is not None:
                release = seen(planned.found.change, self.changes, self.under)
        walk = None
        if found.change.kind is ChangeKind.CROSSWALK:
            walk = crosswalk_seen(self.uow, found.change, self.changes, self.name, self.present.taxonomy)
        said = counting(answers)
        return Previewed(
            found,
            impact,
            tuple(quotes),
            tuple(answers),
            self.charter.needed(found.change.kind, impact.assertions),
            sum(a.kind is AnswerKind.YES for a in said),
            release,
            self.uow.stewardship.batches(found.id),
            walk,
        )

    def answer(self, who: Principal, ident: str, *, yes: bool, reason: str) -> Previewed:
        """Say yes or no. Enough yes approve it, one no rejects it. Saying the same again changes nothing.

        Raises:
            ForbiddenError: the charter does not let them.
            InputError: no reason.
            ConflictError: it was applied; or a yes to what still lacks a definition.
        """
        demand(self.uow, who, Action.TAXONOMY_APPROVE)
        found = self.get(ident)
        role = self._may(who, found.change)
        said = reason_of(reason, found.id)
        if found.state in IN_USE:
            raise ConflictError(f"{found.id} was applied", remedy="revert it instead")
        if self.charter.second_person and who.name.casefold() == found.proposed_by.casefold():
            raise ConflictError("whoever proposed a change does not decide about it", remedy="let somebody else decide")
        if yes:
            self._defined(found)
        known = {a.actor.casefold(): a.kind for a in counting(self.uow.stewardship.answers(found.id))}
        kind = AnswerKind.YES if yes else AnswerKind.NO
        if known.get(who.name.casefold()) is kind:
            return self.preview(found.id)
        self._note(who, found, kind, role, said)
        now = self.preview(found.id)
        state = ProposalState.OPEN if now.yes < now.needed else ProposalState.APPROVED
        if any(a.kind is AnswerKind.NO for a in counting(now.answers)):
            state = ProposalState.REJECTED
        self.uow.stewardship.put(replace(found, state=state))
        return replace(now, proposal=replace(found, state=state))

    # -- applying ------------------------------------------------------------------------------------------------------

    def apply(self, who: Principal, ident: str, *, reason: str, later: bool = False) -> Previewed:
        """Put an approved change in use: another version of the taxonomy, and new runs in place of those that it
        touches. Runs before it stay, and are replayed with their version. Applying it again changes nothing, or
        finishes what was begun.

        Args:
            later: people's results follow in batches (``go_on``).

        Raises:
            ForbiddenError: the charter does not let them.
            ConflictError: not approved (for what it would move by now), another change is being applied, or somebody
                contests a skill that it moves.
            InputError: no reason; or it no longer fits the taxonomy.
        """
        demand(self.uow, who, Action.TAXONOMY_APPROVE)
        found = self.get(ident)
        role = self._may(who, found.change)
        said = reason_of(reason, found.id)
        if found.state is ProposalState.APPLYING and not later:
            while (found := self.get(found.id)).state is ProposalState.APPLYING:
                self.go_on(found.id)
        if found.state in IN_USE:
            return self.preview(found.id)
        self._alone()
        self._defined(found)
        self._check(found.change)
        planned = self.plans.of(found)
        plan, overlay = self.plans.runs(planned), planned.overlay
        before = self.preview(found.id)
        if found.state is not ProposalState.APPROVED or before.yes < before.needed:
            raise ConflictError(
                f"{found.id} has {before.yes} of {before.needed} yes that it needs",
                remedy=f"ascertain taxonomy decide {found.id} yes --reason … --as NAME",
            )
        if contested := disputed(self.uow, planned.found.change):
            raise ConflictError(
                f"{len(contested)} open disputes are about a skill that it moves: {', '.join(contested[:5])}",
                remedy="decide them first",
            )
        self.uow.stewardship.keep(overlay)
        self.uow.stewardship.use(self.name, overlay, found.id, self.clock.now())
        later = later and bool(plan)
        if later:
            self._carrying.put_off(found, plan)
        else:
            self._carrying.store(planned, plan)
        made = replace(found, state=ProposalState.APPLYING if later else ProposalState.APPLIED, overlay=overlay.version)
        self.uow.stewardship.put(made)
        self._note(who, made, AnswerKind.APPLIED, role, said)
        return replace(before, proposal=made, batches=self.uow.stewardship.batches(found.id))

    def go_on(self, ident: str) -> Batches:
        """Move the next people's results of a change that is being applied.

        Raises:
            NotFoundError: there is none of that id.
        """
        return self._carrying.go_on(self.get(ident))

    @property
    def _carrying(self) -> Carrying:
        return Carrying(self.uow, self.plans, self.policy, self.owners, self.present.taxonomy, self.clock)

    def _alone(self) -> None:
        """
        Raises:
            ConflictError: people's results are on their way under another change.
        """
        for p in self.uow.stewardship.proposals(self.name):
            if p.state is ProposalState.APPLYING:
                raise ConflictError(
                    f"{p.id} is being applied", remedy=f"let it finish: ascertain taxonomy apply {p.id} --reason …"
                )

    def revert(self, who: Principal, ident: str, *, reason: str) -> tuple[Proposal, int, int]:
        """Take a change back: the taxonomy without it, and the runs before it. Changes that were applied later stay,
        and are carried out anew on those runs. Returns with it how many people's runs are reinstated, and how many
        were assessed since and are due at the next sweep.

        Raises:
            ForbiddenError: the charter does not let them.
            ConflictError: it is not applied, or a later change needs it.
        """
        demand(self.uow, who, Action.TAXONOMY_APPROVE)
        found = self.get(ident)
        role = self._may(who, found.change)
        said = reason_of(reason, found.id)
        self._alone()
        if found.state is not ProposalState.APPLIED:
            raise ConflictError(f"{found.id} is not applied", remedy="`ascertain taxonomy proposals` shows what is")
        if needing := self.needed_by(found):
            raise ConflictError(
                f"a later change needs {found.id}: {'; '.join(why for _, why in needing)}",
                remedy=f"revert {needing[0][0].id if needing[0][0] else 'it'} first",
            )
        back, since = reverted(self.uow, self.plans.reversal(found), self.under, self.name, self._storing(), self.clock)
        made = replace(found, state=ProposalState.REVERTED, overlay=None)
        self.uow.stewardship.put(made)
        self._note(who, made, AnswerKind.REVERTED, role, said)
        return made, back, since

    def needed_by(self, found: Proposal) -> list[tuple[Proposal | None, str]]:
        """Changes that were applied after it and that do not fit without it, each with why."""
        return self.plans.needed_by(found)

    def _storing(self) -> Storing:
        return Storing(self.policy, self.owners, self.present.taxonomy)

    # -- within --------------------------------------------------------------------------------------------------------

    def _impact(self, planned: Planned, plan: Sequence[MovedRun], quotes: Sequence[str]) -> Impact:
        change, after = planned.found.change, self.under(planned.overlay)
        told, courses = (0, 0), 0
        if not change.moves and change.release is None:
            floor = self.policy.mapping.claim_floor
            told = heard(after.mapper, change, quotes, floor)
            titles = {c.item.content_id: c.item.title for c in self.uow.contents.all()}
            taught = {c: {t.skill_id for t in tags} for c, tags in self.uow.contents.tags(self.tagger).items()}
            courses = newly_taught(after.mapper, change, titles, taught, self.policy.mapping.tag_floor)
        return impact_of(self.uow, change, plan, self.present.taxonomy, after.taxonomy, self.tagger, told, courses)

    def _check(self, change: Change) -> None:
        for name in change.new_names:
            if group := self.deny.refuses(name):
                raise InputError(
                    f"{name!r} can never be a skill ({group.id}): {group.why}",
                    field="names",
                    remedy="see config/taxonomy/deny.yaml",
                )
        if change.kind is ChangeKind.CROSSWALK:
            fits(held(self.uow, change.target), self.name)
        elif change.kind is ChangeKind.RELEASE:
            self.plans.meant(change, self.changes)
        else:
            applied(self.present.taxonomy.skills(), change)

    def _defined(self, found: Proposal) -> None:
        bare = [s.label for s in found.change.skills if not s.definition.strip()]
        if found.change.kind in DEFINED and bare:
            raise ConflictError(
                f"{', '.join(bare)} has no definition yet: no skill without one that two people understand alike",
                remedy=f"ascertain taxonomy amend {found.id} --definition …",
            )

    def _may(self, who: Principal, change: Change) -> str:
        """The role by which the charter lets them decide about it.

        Raises:
            ForbiddenError: it lets them not.
        """
        allowed = self.charter.changes[change.kind].by
        for grant in who.grants:
            if not grant.holds(who.today) or grant.role not in allowed:
                continue
            if grant.role is not Role.SKILL_OWNER or change.touched <= grant.skills:
                return grant.role.value
        raise ForbiddenError(
            f"the charter does not let {who.name} decide about this ({change.kind})",
            actor=who.name,
            kind=who.kind,
            action=Action.TAXONOMY_APPROVE.value,
            learner_id=None,
            remedy=f"config/charter.yaml: {', '.join(sorted(allowed))} may",
        )

    def _note(self, who: Principal, found: Proposal, kind: AnswerKind, role: str, reason: str) -> None:
        made = Answer(found.id, kind, who.name, role, reason_of(reason, found.id), self.clock.now())
        self.uow.stewardship.answer(made)
        header: dict[str, Any] = {"proposal": found.id, "answer": kind.value, "role": role, "overlay": found.overlay}
        payload = {"actor": who.name, "reason": made.reason, "change": plain(found.change)}
        self.uow.audit.append("taxonomy.answered", actor=who.kind, header=header, payload=payload)


def who_role(who: Principal) -> str:
    """The roles that somebody has today."""
    return ", ".join(sorted({g.role.value for g in who.grants if g.holds(who.today)}))


def reason_of(reason: str, where: str) -> str:
    """
    Raises:
        InputError: there is none.
    """
    if not reason.strip():
        raise InputError("a reason is missing", where=where, field="reason", remedy="say why in a few words")
    return reason.strip()
