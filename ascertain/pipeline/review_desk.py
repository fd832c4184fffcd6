"""A reviewer's desk: the evidence first, then one's own judgement, then the suggestion, then the decision.

Everything that lets people decide comes through here; :func:`ascertain.pipeline.review.decide` only records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ascertain.domain.evidence import Evidence
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.review_rules import ReviewRules
from ascertain.domain.reviewing import NO_LEVEL, Look, ReviewCheck, without_figures
from ascertain.domain.runs import DecisionKind, ReviewItem, StoredAssertion
from ascertain.domain.skills import Level, Requirement
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.permit import demand, permitted_item, trained
from ascertain.pipeline.review import decide as record
from ascertain.pipeline.review_checks import Planter


@dataclass(frozen=True, slots=True)
class Shown:
    """One piece of evidence as a reviewer reads it. ``outcome`` is what its source says came of it."""

    evidence_id: str
    title: str
    kind: str
    system: str
    on: date | None
    outcome: str
    supports: bool
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a reviewer sees first: no level and no confidence of the machine's.

    ``asked`` is what the person's role asks for, if it does.
    """

    item_id: str
    learner_id: str
    name: str
    skill_id: str
    label: str
    definition: str
    reasons: tuple[str, ...]
    priority: int
    assignee: str
    due_on: date
    overdue: bool
    asked: Requirement | None
    role: str
    evidence: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the product suggests, beside the reviewer's own judgement."""

    item_id: str
    assertion_id: str
    level: Level | None
    confidence: float | None
    own_level: int


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision. ``was_check`` is the disclosure, after the fact, that the item was one whose answer is known; nothing
    was decided about the person. ``right`` says whether the reviewer found the answer."""

    item: ReviewItem
    was_check: bool = False
    altered: bool = False
    truth: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An item of the queue with what it is about; ``check`` is set where its answer is known."""

    item: ReviewItem
    check: ReviewCheck | None
    row: StoredAssertion
    learner: Learner

    @property
    def suggested(self) -> Level | None:
        """The level shown as the suggestion."""
        return self.check.suggested if self.check else self.row.level

    @property
    def confidence(self) -> float | None:
        """The confidence shown with it."""
        return self.check.confidence if self.check else self.row.confidence


class Desk:
    """One reviewer at work, in one unit of work. The caller commits."""

    def __init__(
        self,
        uow: UnitOfWork,
        who: Principal,
        rules: ReviewRules,
        clock: Clock,
        taxonomy: Taxonomy,
        planter: Planter | None = None,
    ) -> None:
        self._uow = uow
        self._who = who
        self._rules = rules
        self._clock = clock
        self._taxonomy = taxonomy
        self._planter = planter

    def show(self, item_id: str) -> Question:
        """The evidence of an item. Notes when this reviewer first saw it.

        Raises:
            ForbiddenError: they may not decide about it, or there is no such item.
            NotFoundError: there is none, told to those who may review everybody.
        """
        found = self._found(item_id)
        item = found.item
        if item.decision is None and self._look(found) is None:
            look = Look(item.id, item.learner_id, self._who.name, self._clock.now())
            self._uow.looks.put(look)
            header = {"item": item.id, "assertion": found.row.id}
            self._audit("review.shown", item.learner_id, header, {"reviewer": self._who.name})
        asked, role = self._asked(found)
        skill = self._taxonomy.skill(item.skill_id)
        return Question(
            item_id=item.id,
            learner_id=item.learner_id,
            name=found.learner.name,
            skill_id=item.skill_id,
            label=skill.label if skill else found.row.skill_label,
            definition=skill.definition if skill else "",
            reasons=tuple(dict.fromkeys(without_figures(r) for r in item.reasons)),
            priority=item.priority,
            assignee=item.assignee,
            due_on=item.due_on,
            overdue=item.decision is None and item.due_on < self._clock.today(),
            asked=asked,
            role=role,
            evidence=evidence_of(self._uow, found.row, found.learner),
        )

    def learner_of(self, item_id: str) -> str:
        """Id of the person whom an item is about.

        Raises:
            ForbiddenError, NotFoundError: as for :meth:`show`.
        """
        return self._found(item_id).learner.id

    def judge(self, item_id: str, own_level: int) -> Suggestion:
        """Keep the reviewer's own judgement (1 to 5, 0 for none), and tell what is suggested. The first one stands.

        Raises:
            InputError: no such level, or the evidence was not shown yet.
            ConflictError: they judged otherwise before.
        """
        found = self._found(item_id)
        if not NO_LEVEL <= own_level <= max(Level):
            raise InputError(
                f"{own_level} is no level", where=item_id, field="my-level", remedy="1 to 5, or 0 for none"
            )
        look = self._look(found)
        if look is None:
            raise InputError(
                "its evidence was not shown yet", where=found.item.id, remedy=f"ascertain review show {found.item.id}"
            )
        if look.own_level is None:
            self._uow.looks.put(replace(look, own_level=own_level, judged_at=self._clock.now()))
            header = {"item": found.item.id, "assertion": found.row.id}
            payload = {"reviewer": self._who.name, "own_level": own_level}
            self._audit("review.judged", found.item.learner_id, header, payload)
        elif look.own_level != own_level:
            raise ConflictError(
                f"your first judgement of {found.item.id} was {look.own_level or 'none'}",
                remedy="it stands, since it was made before the number was seen; the decision may differ",
            )
        return Suggestion(found.item.id, found.row.id, found.suggested, found.confidence, own_level)

    def decide(
        self,
        item_id: str,
        decision: DecisionKind,
        *,
        reason: str,
        level: Level | None = None,
        needs: str = "",
    ) -> Decided:
        """Decide, after having judged.

        Raises:
            InputError: not trained, not judged yet, or something is missing from the decision.
            ConflictError: decided otherwise before.
            ForbiddenError, NotFoundError: as for :meth:`show`.
        """
        found = self._found(item_id)
        must_be_trained(self._who, self._rules)
        look = self._look(found)
        if found.item.decision is None and (look is None or look.own_level is None):
            raise InputError(
                "your own judgement comes first",
                where=found.item.id,
                field="my-level",
                remedy=f"read the evidence and judge: ascertain review show {found.item.id}, then with --my-level",
            )
        if decision is DecisionKind.MORE_EVIDENCE and not needs.strip():
            raise InputError(
                "say what evidence is needed", where=found.item.id, field="needs", remedy='--needs "a rated project"'
            )
        if decision is not DecisionKind.MORE_EVIDENCE and needs.strip():
            raise InputError(f"{decision.value} asks for nothing more", where=found.item.id, field="needs")
        if found.check is not None:
            return self._decide_check(found, found.check, look, decision, reason, level)
        done = record(
            self._uow,
            found.item.id,
            decision,
            reason=reason,
            reviewer=self._who.name,
            clock=self._clock,
            level=level,
            own_level=look.own_level if look else None,
            shown_at=look.shown_at if look else None,
            needs=needs.strip(),
        )
        if found.item.decision is None and self._planter is not None:
            self._planter.after(self._uow, done)
        return Decided(done)

    def _decide_check(
        self,
        found: Found,
        check: ReviewCheck,
        look: Look | None,
        decision: DecisionKind,
        reason: str,
        level: Level | None,
    ) -> Decided:
        """Kept for the watch alone: no assertion, and nothing outside, ever hears of it."""
        if not reason.strip():
            raise InputError("a decision needs a reason", where=check.id, field="reason", remedy="say why")
        if (decision is DecisionKind.ADJUST) is (level is None):
            raise InputError("a level is given to adjust, and only then", where=check.id, field="level")
        if check.decision is not None:
            if (check.decision, check.decided_level, check.decided_by) != (decision, level, self._who.name):
                raise ConflictError(f"{check.id} was decided before: {check.decision.value} by {check.decided_by}")
        else:
            check = replace(
                check,
                decision=decision,
                decided_level=level,
                decided_by=self._who.name,
                decision_reason=reason.strip(),
                decided_at=self._clock.now(),
                own_level=look.own_level if look else None,
                shown_at=look.shown_at if look else None,
            )
            self._uow.checks.put(check)
            header = {"item": check.id, "kind": check.kind.value, "decision": decision.value}
            payload = {"reviewer": self._who.name, "reason": reason.strip()}
            self._audit("review.check_decided", check.learner_id, header, payload)
        return Decided(check.as_item(), was_check=True, altered=check.altered, truth=check.truth)

    def _found(self, item_id: str) -> Found:
        found = find(self._uow, self._who, Action.REVIEW_DECIDE, item_id)
        if found is None:
            raise NotFoundError(
                f"there is no review item {item_id!r}", remedy="`ascertain review list` shows what waits"
            )
        return found

    def _look(self, found: Found) -> Look | None:
        return self._uow.looks.get(found.item.id, self._who.name)

    def _asked(self, found: Found) -> tuple[Requirement | None, str]:
        role = self._uow.roles.get(found.learner.job_profile_id or "")
        if role is None:
            return None, ""
        return next((r for r in role.requirements if r.skill_id == found.item.skill_id), None), role.title

    def _audit(self, action: str, learner_id: str, header: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        self._uow.audit.append(action, actor="reviewer", learner_id=learner_id, header=header, payload=payload)


def must_be_trained(who: Principal, rules: ReviewRules) -> None:
    """
    Raises:
        InputError: the policy asks for reviewer training, and none of theirs is on record.
    """
    if not trained(who, required=rules.training_required):
        raise InputError(
            "no reviewer training is on record",
            where=who.name,
            field="trained-on",
            remedy=f"ascertain access train {who.name} --on DATE",
        )


def find(uow: UnitOfWork, who: Principal, action: Action, item_id: str) -> Found | None:
    """An item of the queue (full id or beginning), whatever it is for.

    Raises:
        ForbiddenError: ``who`` may not do that about it, or there is none and they may not know.
        NotFoundError: there is none.
        ConflictError: the id fits several.
    """
    item = uow.reviews.get(item_id)
    check = None if item is not None else uow.checks.get(item_id)
    if item is None and check is not None:
        item = check.as_item()
    row = uow.assertions.get(item.assertion_id) if item else None
    learner = uow.people.get(item.learner_id) if item else None
    if item is None or row is None or learner is None:
        permitted_item(uow, who, action, item_id)  # refuses, or says that there is none: one answer for both
        return None
    demand(uow, who, action, learner, item.skill_id)
    return Found(item, check, row, learner)


def evidence_of(uow: UnitOfWork, row: StoredAssertion, learner: Learner) -> tuple[Shown, ...]:
    """What an assertion rests on, newest first, as far as it is still stored and the person agrees to its use."""
    return evidence_in(row, material_of(uow, row, learner))


@dataclass(frozen=True, slots=True)
class Material:
    """A person's evidence that may be used, by id, and the quotes of one of their runs, by claim."""

    evidence: Mapping[str, Evidence]
    quotes: Mapping[str, str]


def material_of(uow: UnitOfWork, row: StoredAssertion, learner: Learner) -> Material:
    """What the evidence of an assertion is shown from; the same for all assertions of its run."""
    return Material(
        {e.id: e for e in uow.evidence.of(row.learner_id) if learner.allows(e)},
        {c["id"]: c["quote"] for c in uow.runs.document(row.run_id, "claims") or ()},
    )


def evidence_in(row: StoredAssertion, material: Material) -> tuple[Shown, ...]:
    """``evidence_of``, from material that was read before."""
    evidence, quotes = material.evidence, material.quotes
    found: dict[str, Shown] = {}
    for o in json.loads(row.inputs)["observations"]:
        source = evidence.get(o["evidence_id"])
        if source is None or source.id in found:
            continue
        said = [] if source.score is None else [f"score {source.score:.0%}"]
        if source.passed is not None:
            said.append("passed" if source.passed else "not passed")
        found[source.id] = Shown(
            source.id,
            source.title,
            source.kind.value,
            source.system,
            source.occurred_on,
            ", ".join(said) or "no outcome given",
            bool(o["supports"]) and source.passed is not False,
            quotes.get(o["claim_id"], ""),
        )
    return tuple(sorted(found.values(), key=lambda s: (s.on or date.min, s.evidence_id), reverse=True))
