"""What a language model added in one run to what the rules find in the very same case: ids and counts, no words. Pure.

Both went through the same checks. What is told here was not necessarily better, and changed no number by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ascertain.domain.findings import Claim, CrewFindings, Verdict

Words = tuple[str, str, str]
"""A claim, whichever run made it: its evidence, its quote, its stance."""


@dataclass(frozen=True, slots=True)
class Read:
    """A skill that a quote was read as. ``instead``: what the rules picked for those words and the model did not."""

    claim_id: str
    skill_id: str
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A need's place, and the place that the rules gave it; ``None`` where they had none."""

    skill_id: str
    rank: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and that of the rules; ``None`` where they had none."""

    skill_id: str
    verdict: Verdict
    before: Verdict | None


@dataclass(frozen=True, slots=True)
class Added:
    """What differs.

    Attributes:
        quotes: ids of claims whose words the rules did not quote; ``unquoted``: how many of theirs it left out.
        implied: skills read into words that do not name them, and that the rules did not pick for those words.
        picks: other skills than the rules picked for the same words.
        left: ids of claims for which it picked fewer of the rules' skills, and no other one.
        ranks: needs in another place; ``reasons``: needs and content whose reason is in other words.
        plan: the path chosen, and that of the rules, where they differ.
        verdicts: assertions that it judged otherwise; ``notes``: those about which it told a human something else.
    """

    quotes: tuple[str, ...] = ()
    unquoted: int = 0
    implied: tuple[Read, ...] = ()
    picks: tuple[Read, ...] = ()
    left: tuple[str, ...] = ()
    ranks: tuple[Ranked, ...] = ()
    reasons: tuple[str, ...] = ()
    plan: tuple[str, str] | None = None
    verdicts: tuple[Judged, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """In figures, by kind."""
        return {
            "quotes": len(self.quotes),
            "unquoted": self.unquoted,
            "implied": len(self.implied),
            "picks": len(self.picks),
            "left": len(self.left),
            "ranks": len(self.ranks),
            "reasons": len(self.reasons),
            "plan": int(self.plan is not None),
            "verdicts": len(self.verdicts),
            "notes": len(self.notes),
        }


def added(found: CrewFindings, rules: CrewFindings) -> Added:
    """Compare what stood up of a model's answers with what stands up of the rules' on the same case."""
    mine, theirs = _skills(found), _skills(rules)
    ids = {_words(c): c.id for c in found.claims}
    implied_ids = {(p.claim_id, p.skill_id) for p in found.picks if p.implied}
    implied, picks, left = [], [], []
    for words, claim_id in ids.items():
        have, had = mine[words], theirs.get(words, frozenset())
        lost = tuple(sorted(had - have))
        other = [s for s in sorted(have - had) if (claim_id, s) not in implied_ids]
        implied += [Read(claim_id, s) for s in sorted(have - had) if (claim_id, s) in implied_ids]
        if words in theirs:  # of new words everything is new: told by ``quotes``
            picks += [Read(claim_id, s, lost) for s in other]
            left += [claim_id] if lost and not other else []
    needs = {n.skill_id: n for n in rules.needs}
    judged = {v.skill_id: v for v in rules.verdicts}
    ranks = [
        Ranked(n.skill_id, n.rank, needs[n.skill_id].rank if n.skill_id in needs else None)
        for n in found.needs
        if n.skill_id not in needs or needs[n.skill_id].rank != n.rank
    ]
    told = {n.skill_id: n.reason for n in found.needs} | dict(found.path.reasons if found.path else {})
    known = {n.skill_id: n.reason for n in rules.needs} | dict(rules.path.reasons if rules.path else {})
    plans = (found.path.plan_id, rules.path.plan_id) if found.path and rules.path else None
    verdicts = [
        Judged(v.skill_id, v.verdict, judged[v.skill_id].verdict if v.skill_id in judged else None)
        for v in found.verdicts
        if v.skill_id not in judged or judged[v.skill_id].verdict is not v.verdict
    ]
    noted = [
        v.skill_id for v in found.verdicts if v.note and (v.skill_id not in judged or judged[v.skill_id].note != v.note)
    ]
    return Added(
        tuple(i for w, i in ids.items() if w not in theirs),
        sum(w not in ids for w in theirs),
        tuple(implied),
        tuple(picks),
        tuple(left),
        tuple(ranks),
        tuple(sorted(s for s, reason in told.items() if reason and reason != known.get(s))),
        plans if plans and plans[0] != plans[1] else None,
        tuple(verdicts),
        tuple(noted),
    )


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The figures of several runs together."""
    total = Counter[str]()
    for one in counts:
        total.update(one)
    return dict(total)


def _words(claim: Claim) -> Words:
    return claim.evidence_id, claim.quote, claim.stance.value


def _skills(findings: CrewFindings) -> dict[Words, frozenset[str]]:
    picked: dict[str, set[str]] = {}
    for p in findings.picks:
        picked.setdefault(p.claim_id, set()).add(p.skill_id)
    return {_words(c): frozenset(picked.get(c.id, ())) for c in findings.claims}
