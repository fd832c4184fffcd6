"""What a change of the taxonomy would do, counted on the plan that applying it carries out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ascertain.domain.canonical import plain
from ascertain.domain.overlays import Change
from ascertain.domain.ports import Mapper, Taxonomy, UnitOfWork
from ascertain.domain.skills import Candidate
from ascertain.domain.stewardship import NO_BATCHES, Answer, Batches, Proposal
from ascertain.pipeline.taxonomy_crosswalk import CrosswalkSeen
from ascertain.pipeline.taxonomy_moves import MovedRun, Places
from ascertain.pipeline.taxonomy_release import ReleaseSeen
from ascertain.pipeline.views import label


@dataclass(frozen=True, slots=True)
class Flow:
    """So many assertions go from one skill to another. ``after`` is how many the target has then."""

    source: str
    source_label: str
    target: str
    target_label: str
    assertions: int
    after: int


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change would do.

    Attributes:
        assertions, people: present assertions that are about another skill then, and of how many people.
        joined: of these, how many come together with one that is there.
        lost: skills of people that no quote shows any more after a split.
        roles, paths, tags, decisions: job profiles that ask for the skill; paths with a step for it; content that
            teaches it; human decisions on tags of it.
        reviews: open review items that are put anew. states: assertions by state, before and after, of those that move.
        disputes: open ones about the skill; they are decided before it is applied.
        found, asked: of the quotes that speak for it, how many the skill would be found in; of how many asked.
        courses: titles that the new name would newly be found in.
    """

    assertions: int = 0
    people: int = 0
    joined: int = 0
    lost: int = 0
    roles: int = 0
    paths: int = 0
    tags: int = 0
    decisions: int = 0
    reviews: int = 0
    disputes: int = 0
    found: int = 0
    asked: int = 0
    courses: int = 0
    states: Mapping[str, tuple[int, int]] | None = None
    flows: tuple[Flow, ...] = ()

    @property
    def words(self) -> str:
        """In one sentence."""
        if not self.assertions and not self.roles and not self.flows and not self.asked and not self.courses:
            return "moves nothing"
        if not self.assertions and not self.roles and not self.flows:
            return f"moves nothing; found in {self.found} of {self.asked} quotes and in {self.courses} more courses"
        named = ((self.assertions, "assertion"), (self.roles, "role"), (self.paths, "path"), (self.tags, "tag"))
        return "moves " + ", ".join(f"{n} {w}{'' if n == 1 else 's'}" for n, w in named if n or w == "assertion")

    def shown(self) -> dict[str, Any]:
        """As it is exchanged."""
        found: dict[str, Any] = plain(self)
        return found | {"words": self.words}


def impact_of(
    uow: UnitOfWork,
    change: Change,
    plan: Sequence[MovedRun],
    present: Taxonomy,
    after: Taxonomy,
    tagger: str,
    heard: tuple[int, int] = (0, 0),
    courses: int = 0,
) -> Impact:
    """Counts over a plan. ``heard``: quotes that the changed skill is found in, and how many were asked."""
    moves = change.moves
    if not moves:
        return Impact(found=heard[0], asked=heard[1], courses=courses)
    flows: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    before_states, after_states = Counter[str](), Counter[str]()
    lost = reviews = 0
    targets = {t for to in moves.values() for t in to}
    open_items = {i.assertion_id for i in uow.reviews.open()}
    for m in plan:
        old = {
            a.skill_id: a
            for a in uow.assertions.of(m.learner.id, current_only=False)
            if a.run_id == m.before.id and (a.skill_id in moves or a.skill_id in targets)
        }
        new = {r.skill_id: r for r in m.rows if r.skill_id in targets}
        for r in new.values():
            totals[r.skill_id] += 1
            after_states[r.state.value] += 1
        for s, a in old.items():
            before_states[a.state.value] += 1
            reviews += a.id in open_items
            to = [t for t in moves.get(s, ()) if t in new]
            lost += s in moves and not to
            for t in to:
                flows[s, t] += 1
    named = {s: label(present, s) for s in moves} | {t: label(after, t) for t in targets}
    tags = uow.contents.tags(tagger)
    return Impact(
        assertions=sum(m.moved for m in plan),
        people=sum(m.moved > 0 for m in plan),
        joined=sum(m.joined for m in plan),
        lost=lost,
        roles=sum(any(r.skill_id in moves for r in p.requirements) for p in uow.roles.all()),
        paths=sum(m.path for m in plan),
        tags=sum(t.skill_id in moves for some in tags.values() for t in some),
        decisions=sum(skill in moves for _, skill in uow.tag_votes.rulings(tagger.partition("-")[0])),
        reviews=reviews,
        disputes=len(disputed(uow, change)),
        states={s: (before_states[s], after_states[s]) for s in sorted({*before_states, *after_states})},
        flows=tuple(
            Flow(s, named[s], t, named[t], flows[s, t], totals[t])
            for s in sorted(moves)
            for t in sorted(moves[s])
            if change.release is None or flows[s, t]
        ),
    )


def disputed(uow: UnitOfWork, change: Change) -> list[str]:
    """Ids of open disputes about skills that the change moves, or moves something into."""
    touched = {*change.moves, *(t for to in change.moves.values() for t in to)}
    return [d.id for d in uow.disputes.open() if d.skill_id in touched] if change.moves else []


def quotes_of(uow: UnitOfWork, proposal: Proposal) -> list[str]:
    """The quotes that a proposal refers to, masked as they were read; those of runs that are gone are left out."""
    found = []
    for ref in proposal.support.refs:
        claims = uow.runs.document(ref.run_id, "claims") or ()
        found += [str(c["quote"]) for c in claims if c["id"] == ref.claim_id]
    return list(dict.fromkeys(found))


def places(mapper: Mapper, parts: Sequence[str]) -> Places:
    """Which part a quote shows best, by the mapper under the change; the first part where it shows none."""
    known: dict[str, list[str]] = {}

    def place(quote: str, to: Sequence[str]) -> str:
        if quote not in known:
            ranked = mapper.map([quote], top=50)[0] if quote else []
            known[quote] = [c.skill_id for c in ranked if c.skill_id in parts]
        return next((s for s in known[quote] if s in to), to[0])

    return place


def heard(mapper: Mapper, change: Change, quotes: Sequence[str], floor: float) -> tuple[int, int]:
    """Of these quotes, in how many the changed skill is found."""
    wanted = {change.skill_id, *(s.id for s in change.skills)} - {""}
    found = mapper.map(list(quotes), top=10) if quotes else []
    return sum(_names(c, wanted, floor) for c in found), len(quotes)


def newly_taught(
    mapper: Mapper, change: Change, titles: Mapping[str, str], known: Mapping[str, set[str]], floor: float
) -> int:
    """Titles that hold a new name and in which the changed skill would be found, where it was not before."""
    wanted = {change.skill_id, *(s.id for s in change.skills)} - {""}
    names = [n.casefold() for n in change.new_names]
    asked = [c for c, t in titles.items() if any(n in t.casefold() for n in names) and not wanted & known.get(c, set())]
    found = mapper.map([titles[c] for c in asked], top=10) if asked else []
    return sum(_names(c, wanted, floor) for c in found)


def _names(candidates: Sequence[Candidate], wanted: set[str], floor: float) -> bool:
    return any(c.skill_id in wanted and c.probability >= floor for c in candidates)


@dataclass(frozen=True, slots=True)
class Previewed:
    """A proposal with what it would do, what was said, and how many yes it needs and has."""

    proposal: Proposal
    impact: Impact
    quotes: tuple[str, ...]
    answers: tuple[Answer, ...]
    needed: int
    yes: int
    release: ReleaseSeen | None = None
    batches: Batches = NO_BATCHES
    crosswalk: CrosswalkSeen | None = None

    @property
    def words(self) -> str:
        """What it would do, in one sentence."""
        return self.crosswalk.words if self.crosswalk else self.impact.words


def change_shown(change: Change) -> dict[str, Any]:
    """A change as it is exchanged; what a release means is shown beside it."""
    return {n: v for n, v in plain(change).items() if n != "release"}


def proposal_shown(p: Proposal) -> dict[str, Any]:
    """A proposal as it is exchanged, without what it would do."""
    return {
        "id": p.id,
        "taxonomy": p.taxonomy,
        "state": p.state.value,
        "change": change_shown(p.change),
        "support": {n: v for n, v in plain(p.support).items() if n != "refs"},
        "proposed_by": p.proposed_by,
        "proposed_at": p.proposed_at.isoformat(),
        "overlay": p.overlay,
    }


def release_shown(r: ReleaseSeen) -> dict[str, Any]:
    """A release beside the one in use, as it is exchanged."""
    d = r.diff

    def pairs(found: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"id": i, "label": n} for i, n in found]

    return {
        "before": d.before,
        "after": d.after,
        "words": r.words,
        "kept": d.kept,
        "added": pairs(d.new),
        "gone": pairs(d.gone),
        "relabelled": [{"id": x.id, "before": x.before, "after": x.after} for x in d.renamed],
        "moved": pairs(d.moved),
        "redefined": pairs(d.redefined),
        "followed": [{"id": i, "label": n, "by": list(to), "labels": list(names)} for i, n, to, names in r.leads],
        "carried": pairs(r.carried),
        "profiles": list(r.profiles),
        "relaid": len(r.relaid),
        "dropped": [change_shown(c) for c in r.dropped],
    }


def shown(p: Previewed) -> dict[str, Any]:
    """A proposal as it is exchanged, with what it would do and what was said."""
    return proposal_shown(p.proposal) | {
        "release": release_shown(p.release) if p.release else None,
        "crosswalk": p.crosswalk.shown() if p.crosswalk else None,
        "quotes": list(p.quotes),
        "impact": p.impact.shown(),
        "batches": {"done": p.batches.done, "total": p.batches.total},
        "needed": p.needed,
        "yes": p.yes,
        "answers": [
            {"answer": a.kind.value, "actor": a.actor, "role": a.role, "reason": a.reason, "at": a.at.isoformat()}
            for a in p.answers
        ],
    }
