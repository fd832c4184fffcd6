"""The little world of the pipeline, whose taxonomy follows the changes in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change, Overlay
from ascertain.domain.permission import Grant, Principal, Role
from ascertain.domain.review_assign import NO_OWNERS
from ascertain.domain.skills import Candidate
from ascertain.domain.stewardship import Proposal, ProposalState
from ascertain.pipeline.charter import read_charter
from ascertain.pipeline.replay import Replayer
from ascertain.pipeline.taxonomy_in_use import TaxonomyInUse
from ascertain.pipeline.taxonomy_preview import Previewed
from ascertain.pipeline.taxonomy_steward import Steward
from ascertain.taxonomy.concepts import ConceptStore, overlaid
from ascertain.taxonomy.denying import read_denied
from tests.crews.world import SKILLS
from tests.integration.pipeline.world import World

LND = Principal("lnd@example.org", grants=(Grant(Role.L_AND_D, frozenset({"all"})),))
OTHER = replace(LND, name="other@example.org")
THIRD = replace(LND, name="third@example.org")
MERGE = Change(ChangeKind.MERGE, "kubernetes", target="sql")


@dataclass(frozen=True)
class NamedMapper:
    """A skill is expressed by any of its names."""

    taxonomy: ConceptStore
    version: str = "tiny-1"

    def map(self, texts: Any, *, top: int) -> list[list[Candidate]]:
        return [
            [
                Candidate(s.id, s.label, 0.9)
                for s in self.taxonomy.skills()
                if any(n.casefold() in t.casefold() for n in (s.label, *s.synonyms))
            ][:top]
            for t in texts
        ]


@dataclass(frozen=True)
class Opened:
    taxonomy: ConceptStore
    mapper: NamedMapper


def opened(_: str, overlay: Overlay | None) -> Opened:
    store = ConceptStore("tiny-1", SKILLS)
    store = overlaid(store, overlay) if overlay and overlay.changes else store
    return Opened(store, NamedMapper(store))


class Changing:
    """The little world, whose taxonomy follows the changes in use."""

    def __init__(self, world: World, opens: Callable[[str, Overlay | None], Opened] = opened) -> None:
        self.world = world
        self.in_use = TaxonomyInUse(world.store.units, opens, "tiny", world.clock.now)
        self.renew()

    def renew(self) -> None:
        bundle = self.in_use.renew()
        self.world.taxonomy, self.world.mapper = bundle.taxonomy, bundle.mapper  # type: ignore[assignment]
        self.world.tag()

    def steward(self, uow: Any) -> Steward:
        w = self.world
        return Steward(
            uow, "tiny", self.in_use.renew(), self.in_use.changes(), self.in_use.under, w.tagger, read_charter(),
            w.policy, NO_OWNERS, read_denied(), w.clock,
        )  # fmt: skip

    def do(self, what: str, *args: Any, **more: Any) -> Any:
        with self.world.store.units() as uow:
            found = getattr(self.steward(uow), what)(*args, **more)
            uow.commit()
        self.renew()
        return found

    def approved(self, change: Change = MERGE) -> Proposal:
        found: Proposal = self.do("propose", change, by=THIRD)
        self.do("answer", LND, found.id, yes=True, reason="they are one")
        done: Previewed = self.do("answer", OTHER, found.id, yes=True, reason="I agree")
        assert done.proposal.state is ProposalState.APPROVED, done
        return found

    def applied(self, change: Change) -> Proposal:
        """Proposed, approved and in use."""
        made = self.approved(change)
        self.do("apply", LND, made.id, reason="approved")
        return made

    def state(self) -> dict[str, Any]:
        """Everything that a revert has to bring back."""
        w = self.world
        with w.store.units(write=False) as uow:
            roles = uow.roles.all()
            tags = uow.contents.tags(w.tagger)
            rulings = uow.tag_votes.rulings("tiny")
            gaps = {p: uow.runs.document(r.id, "gaps") for p in ("E1", "E2") if (r := uow.runs.latest(p))}
            paths = {p: uow.runs.document(r.id, "path") for p in ("E1", "E2") if (r := uow.runs.latest(p))}
        columns = "id, run_id, state, level, human_reviewed, result"
        waits = "decision IS NULL AND withdrawn_at IS NULL"
        return {
            "assertions": w.sql(f"SELECT {columns} FROM assertions WHERE state != 'superseded' ORDER BY id"),
            "open": w.sql(f"SELECT id, assertion_id, assignee, due_on FROM review_items WHERE {waits} ORDER BY id"),
            "decided": w.sql("SELECT id, decision FROM review_items WHERE decision IS NOT NULL ORDER BY id"),
            "roles": roles, "tags": tags, "rulings": rulings, "gaps": gaps, "paths": paths,
            "assignments": w.sql("SELECT id, state, items FROM assignments ORDER BY id"),
            "taxonomy": w.taxonomy.version, "due": w.due(),
        }  # fmt: skip


def replayed(changing: Changing, learner: str = "E1") -> list[tuple[bool, tuple[str, ...]]]:
    w = changing.world
    with w.store.units(write=False) as uow:
        replayer = Replayer(uow, changing.in_use.now().taxonomy, changing.in_use.of_version)
        rows = uow.assertions.of(learner, current_only=False)
        return [(found.identical, found.differences) for found in (replayer.replay(a.id) for a in rows)]
