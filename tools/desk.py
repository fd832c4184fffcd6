"""The desk of one run: the case, what tools may reach, and everything that has been checked so far.

Agents put nothing here. Tools read from it, and the checks of the tasks write to it what survived them; the next
agent's tools then show that. Nothing passes from agent to agent through a prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import Conclusion, conclude
from ascertain.domain.evidence import FREE_TEXT_KINDS, Evidence
from ascertain.domain.findings import (
    IMPLIED,
    AssertionVerdict,
    Claim,
    CrewFindings,
    NeedReason,
    PathChoice,
    Pick,
    Stance,
    Step,
)
from ascertain.domain.orders import gives_orders
from ascertain.domain.path_offer import build_problem
from ascertain.domain.paths import PathPlan, PathProblem
from ascertain.domain.ports import CrewServices
from ascertain.domain.skills import ContentTag, Level
from ascertain.domain.text import clean_text
from ascertain.taxonomy.levels import level_cue
from tools.base_desk import Desk
from tools.settled import told_by_record, without_doubt
from tools.wording import affirmative


@dataclass(frozen=True, slots=True)
class Offer:
    """A skill that was put before the mapper for one claim, with the figures that code keeps to itself."""

    skill_id: str
    label: str
    definition: str
    probability: float
    via: str
    level: Level | None


class CaseDesk(Desk[CrewFindings]):
    """In memory, for one run, used by one crew. Tools of one turn run in threads, hence the lock."""

    def __init__(self, case: CaseFile, services: CrewServices) -> None:
        super().__init__()
        self.case = case
        self.services = services
        self.claims: tuple[Claim, ...] = ()
        self.contradictions: tuple[str, ...] = ()
        self.missing: tuple[str, ...] = ()
        self.picks: tuple[Pick, ...] = ()
        self.proposals: tuple[str, ...] = ()
        self.needs: tuple[NeedReason, ...] = ()
        self.path: PathChoice | None = None
        self.verdicts: tuple[AssertionVerdict, ...] = ()
        self.summary = ""
        self._offers: dict[str, dict[str, Offer]] = {}
        self._settled: tuple[tuple[Claim, ...], dict[str, tuple[Offer, ...]]] = ((), {})
        self._conclusion: Conclusion | None = None
        self._plans: tuple[PathPlan, ...] | None = None

    # -- evidence -----------------------------------------------------------------------------------------------

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """Evidence by id."""
        return self.case.evidence_by_id()

    @cached_property
    def _readable(self) -> dict[str, tuple[str, str]]:
        return {e.id: (clean_text(e.title), clean_text(e.text)) for e in self.case.evidence}

    def readable(self, evidence_id: str) -> tuple[str, str]:
        """Title and text of a piece of evidence as an agent sees them, and as quotes are checked against."""
        return self._readable[evidence_id]

    def warnings(self) -> tuple[str, ...]:
        """What code noticed about the material itself, in plain words."""
        orders = sum(any(map(gives_orders, self.readable(e.id))) for e in self.case.evidence)
        if not orders:
            return ()
        found = "1 record gives" if orders == 1 else f"{orders} records give"
        return (f"{found} orders to a machine: read as data, without effect",)

    def tags_of(self, evidence: Evidence) -> tuple[ContentTag, ...]:
        """Accepted tags of the content that a piece of evidence is about, and skills that its codes lead to."""
        return self.case.tags_of(evidence)

    def recorded(self, source: Evidence) -> tuple[str, Stance] | None:
        """What a record says by itself, quote and stance: no agent is asked about it."""
        return told_by_record(source, self.readable(source.id)[0]) if self.tags_of(source) else None

    # -- claims and offers --------------------------------------------------------------------------------------

    def settled(self) -> dict[str, tuple[Offer, ...]]:
        """By claim id, the skills that hold without anybody being asked: accepted tags of recorded content, and what
        the mapper is sure of. Computed once the claims are there."""
        with self._lock:
            if self._settled[0] is not self.claims:
                rules = self.services.policy.mapping
                found: dict[str, tuple[Offer, ...]] = {}
                for c in self.claims:
                    source = self.evidence[c.evidence_id]
                    if self.recorded(source):
                        found[c.id] = without_doubt(self._tags(c), rules.claim_floor, rules.claim_floor)
                open_ = [c for c in self.claims if not self.tags_of(self.evidence[c.evidence_id])]
                for claim_id, offers in self._candidates(open_).items():
                    found[claim_id] = without_doubt(offers, rules.claim_floor, rules.certain_from)
                self._settled = (self.claims, {c: offers for c, offers in found.items() if offers})
            return self._settled[1]

    def tagged_claims(self) -> list[Claim]:
        """Claims about content whose skills are known, and which an agent has to weigh all the same."""
        return [c for c in self.open_claims() if self.tags_of(self.evidence[c.evidence_id])]

    def untagged_claims(self) -> list[Claim]:
        """Claims whose skills must be searched for in the taxonomy, and are in doubt."""
        return [c for c in self.open_claims() if not self.tags_of(self.evidence[c.evidence_id])]

    def open_claims(self) -> list[Claim]:
        """Claims that are not settled."""
        return [c for c in self.claims if c.id not in self.settled()]

    def search(self, claims: Sequence[Claim]) -> dict[str, list[Offer]]:
        """Offer the mapper's candidates for each claim's quote. A quote that denies a skill is searched for without
        its denial: the question is what it is about."""
        rows = self._candidates(claims)
        self._offer(rows)
        return rows

    def _candidates(self, claims: Sequence[Claim]) -> dict[str, list[Offer]]:
        top = self.services.policy.mapping.candidates_per_claim
        texts = [affirmative(c.quote) if c.stance is Stance.CONTRADICTS else c.quote for c in claims]
        found = self.services.mapper.map(texts, top=top) if texts else []
        rows: dict[str, list[Offer]] = {}
        for claim, candidates in zip(claims, found, strict=True):
            level = level_cue(claim.quote)
            rows[claim.id] = [
                Offer(c.skill_id, c.label, self.definition(c.skill_id), c.probability, "search", level)
                for c in candidates[:top]
            ]
        return rows

    def content_tags(self, claims: Sequence[Claim]) -> dict[str, list[Offer]]:
        """Offer the accepted tags of the content that each claim is about."""
        rows = {c.id: self._tags(c) for c in claims}
        self._offer(rows)
        return rows

    def _tags(self, claim: Claim) -> list[Offer]:
        return [
            Offer(t.skill_id, self.label(t.skill_id), self.definition(t.skill_id), t.probability, "tag", t.level)
            for t in self.tags_of(self.evidence[claim.evidence_id])
        ]

    def may_imply(self, claim: Claim) -> bool:
        """Whether a skill may be read into a claim's words: into what somebody wrote, and only for the person."""
        kind = self.evidence[claim.evidence_id].kind
        rules = self.services.policy.mapping
        return (
            claim.stance is Stance.SUPPORTS and kind in FREE_TEXT_KINDS and min(rules.implied, rules.implied_most) > 0
        )

    def in_other_words(self, claim: Claim, words: Sequence[str]) -> list[Offer]:
        """Offer the skills that an agent's own words name, for a claim whose words may imply them. The probability is
        the policy's, whatever the words."""
        if not words or not self.may_imply(claim):
            return []
        rules, level = self.services.policy.mapping, level_cue(claim.quote)
        found = self.services.mapper.map(words, top=rules.candidates_per_claim)
        named = {c.skill_id: c for row in found for c in row if c.probability >= rules.claim_floor}
        offers = [
            Offer(s, c.label, self.definition(s), rules.implied, IMPLIED, level) for s, c in sorted(named.items())
        ]
        self._offer({claim.id: offers})
        return offers

    def _offer(self, rows: dict[str, list[Offer]]) -> None:
        with self._lock:
            for claim_id, offers in rows.items():
                known = self._offers.setdefault(claim_id, {})
                for o in offers:
                    # A tag was accepted for the content as a whole; it outweighs what a search of the title gives.
                    if o.via == "tag" or o.skill_id not in known:
                        known[o.skill_id] = o

    def offered(self, claim_id: str) -> dict[str, Offer]:
        """What has been offered for a claim in this run, by skill id."""
        return self._offers.get(claim_id, {})

    # -- skills -------------------------------------------------------------------------------------------------

    def label(self, skill_id: str) -> str:
        """Preferred label, or the id where the taxonomy does not know it."""
        skill = self.services.taxonomy.skill(skill_id)
        return skill.label if skill else skill_id

    def definition(self, skill_id: str) -> str:
        """Definition, or an empty text."""
        skill = self.services.taxonomy.skill(skill_id)
        return skill.definition if skill else ""

    # -- computed once the mapper is done -----------------------------------------------------------------------

    def conclusion(self) -> Conclusion:
        """Assertions and gaps from what has been checked; computed once."""
        with self._lock:
            if self._conclusion is None:
                taxonomy = self.services.taxonomy
                known = {p.skill_id: taxonomy.skill(p.skill_id) for p in self.picks}
                families = {s: skill.family for s, skill in known.items() if skill}
                self._conclusion = conclude(self.case, self.claims, self.picks, families, self.services.policy)
            return self._conclusion

    @cached_property
    def problem(self) -> PathProblem:
        """What the path solver is asked."""
        return build_problem(self.case, self.conclusion().gaps, self.services.policy.path)

    def plans(self) -> tuple[PathPlan, ...]:
        """The solver's feasible plans, the best first; computed once."""
        with self._lock:
            if self._plans is None:
                self._plans = self.services.solver.plans(self.problem)
            return self._plans

    # -- bookkeeping --------------------------------------------------------------------------------------------

    def findings(self, steps: Iterable[Step]) -> CrewFindings:
        """Everything that survived, with what did not and how it went."""
        return CrewFindings(
            claims=self.claims,
            picks=self.picks,
            proposals=self.proposals,
            contradictions=self.contradictions,
            missing=self.missing,
            needs=self.needs,
            path=self.path,
            verdicts=self.verdicts,
            summary=self.summary,
            warnings=self.warnings(),
            drops=self.drops,
            steps=tuple(steps),
        )


def rounded_percent(share: float) -> int:
    """A share in [0, 1] as whole per cent, the way tools show it."""
    return round(100 * share)
