"""A look at the evidence: weighed by the crew, put up once, counted again, and never what is denied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ascertain.domain.ports import CrewServices
from ascertain.domain.skills import Skill
from ascertain.domain.stewardship import ProposalState
from ascertain.domain.weighing import Matter, StewardFindings
from ascertain.pipeline.stop import Stopped, turn_everything
from ascertain.pipeline.taxonomy_propose import Look, look
from ascertain.pipeline.taxonomy_signals import Ground, matters
from ascertain.taxonomy.concepts import ConceptStore
from ascertain.taxonomy.denying import read_denied
from crews.stewardship import TaxonomyCrew, build
from tests.crews.stewarding import weighed
from tests.crews.world import services
from tests.integration.pipeline.changing import LND, Changing
from tests.integration.pipeline.test_taxonomy_signals import PEOPLE, RULES, NoMapper, put
from tests.integration.pipeline.world import World

# CrewAI reads its own deprecated fields on every run.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crewai")
THREE = [p.id for p in PEOPLE[:3]]


class Agents:
    """The embedded brain's rules, counting what they are asked."""

    brain_version, prompts_version = "embedded-t", "p"

    def __init__(self, change: Any = None, crew: TaxonomyCrew | None = None) -> None:
        """``crew``: let these agents work in CrewAI, and not only its tools, rules and checks."""
        self.asked: list[str] = []
        self.change = change
        self.crew = crew

    def weigh(self, matters: Sequence[Matter], services: CrewServices) -> StewardFindings:
        self.asked += [m.words[0] for m in matters]
        if self.crew is not None:
            return self.crew.weigh(matters, services)
        return weighed(matters, services.taxonomy, self.change)


def looked(world: World, agents: Agents) -> Look:
    changing = Changing(world)
    taxonomy: ConceptStore = changing.in_use.now().taxonomy
    ground = Ground(taxonomy, NoMapper(), RULES, refuses=read_denied().refuses)  # type: ignore[arg-type]
    return look(
        world.store.units,
        lambda uow: matters(uow, uow.people.all(), ground),
        changing.steward,
        lambda: agents,
        lambda: replace(services(), taxonomy=taxonomy),
    )


def terms(world: World, *said: str, people: Sequence[str] = tuple(THREE)) -> None:
    put(world, {w: [(t, []) for t in said] for w in people}, {w: list(said) for w in people})


def test_a_term_is_weighed_once_and_counted_again(world: World) -> None:
    terms(world, "Kafka Streams")
    agents = Agents(crew=build())
    first = looked(world, agents)
    (made,) = first.proposals
    assert made.support.people == 3
    assert made.support.reason, "what the agents said goes with it"
    assert world.actions().count("taxonomy.weighed") == 1
    terms(world, "Kafka Streams", people=[p.id for p in PEOPLE[:4]])
    second = looked(world, agents)
    assert agents.asked == ["Kafka Streams"], "what was put up is not weighed again"
    assert (second.known, second.proposals[0].id, second.proposals[0].support.people) == (1, made.id, 4)
    assert second.proposals[0].support.reason == made.support.reason
    assert world.actions().count("taxonomy.weighed") == 1
    with world.store.units(write=False) as uow:
        used = {(r.crew, r.usage.agent) for r in uow.usage.between(world.clock.today(), world.clock.today())}
    assert {("stewardship", "taxonomy_steward"), ("stewardship", "taxonomy_critic")} <= used


def test_what_was_rejected_stays_rejected(world: World) -> None:
    terms(world, "Kafka Streams")
    (made,) = looked(world, Agents()).proposals
    changing = Changing(world)
    changing.do("answer", LND, made.id, yes=False, reason="a product")
    (again,) = looked(world, Agents()).proposals
    assert (again.id, again.state) == (made.id, ProposalState.REJECTED)


def test_what_agents_leave_is_named_with_their_reason(world: World) -> None:
    terms(world, "Certificate of completion", "Kafka Streams")

    def stay(answer: dict[str, Any]) -> None:
        for c in answer["choices"]:
            c.update(option_id="stays", reason="One team's word.")

    found = looked(world, Agents())
    assert [x.words for x in found.left] == [("Certificate of completion",)]
    assert "how something was done" in found.left[0].why
    terms(world, "Beekeeping")
    left = {x.words[0]: x.why for x in looked(world, Agents({"taxonomy_steward": stay})).left}
    assert left["Beekeeping"] == "One team's word."


@pytest.mark.parametrize("term", ["Empathy", "Good mood", "Loyalty"])
def test_what_can_never_be_a_skill_is_not_even_asked(world: World, term: str) -> None:
    terms(world, term)
    agents = Agents()
    assert looked(world, agents).proposals == ()
    assert agents.asked == []


def test_a_stop_holds_the_agents(world: World) -> None:
    terms(world, "Kafka Streams")
    turn_everything(world.store.units, world.clock, "lnd@example.org", "a drill", on=False)
    agents = Agents()
    with pytest.raises(Stopped):
        looked(world, agents)
    assert agents.asked == []


def test_the_label_of_a_new_skill_brings_its_other_spellings(world: World) -> None:
    terms(world, "Kafka Stream", "kafka streams")
    (made,) = looked(world, Agents()).proposals
    (skill,) = made.change.skills
    assert isinstance(skill, Skill)
    assert {skill.label, *skill.synonyms} == {"Kafka Stream", "kafka streams"}
