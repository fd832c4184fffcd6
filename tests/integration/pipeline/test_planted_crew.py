"""Identities in every field of every kind of evidence: no brain, log or file of CrewAI receives one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from agents.brains.base import Brain
from ascertain.domain.consent import Source
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.ports import LearnerCrew
from ascertain.domain.runs import RunState
from ascertain.errors import PseudonymError
from ascertain.pipeline.pseudonyms import KeyedPseudonymiser
from crews.environment import prepare
from crews.learner import build
from tests.agreed import OPINIONS, agree, opt_in
from tests.crews.planted import ACCOUNTS, PEOPLE, Plant, leaked, plants
from tests.crews.scripted_server import sensible, serve
from tests.crews.test_endpoint import KEY as ENDPOINT_KEY
from tests.crews.test_endpoint import crew as endpoint_crew
from tests.integration.pipeline.world import KEY, World, course, piece

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crewai")
PLANTS = plants()
FIELDS = [(kind, field) for kind in EvidenceKind for field in ("title", "text")]


@pytest.fixture
def planted(world: World) -> World:
    """Every plant in some field, each field of each kind with some; courses are named after people too."""
    about = replace(PEOPLE[0], job_profile_id="analyst")
    with world.store.units() as uow:
        uow.people.upsert([about, *PEOPLE[1:]])
        uow.people.link_all({f"{s}:worker:{a}": PEOPLE[0].id for s, a in ACCOUNTS.items()})
        uow.commit()
    opt_in(world.store.units, Source.MESSAGES)
    agree(world.store.units, [about.id], *OPINIONS, Source.MESSAGES)
    share: dict[tuple[EvidenceKind, str], list[str]] = {f: [] for f in FIELDS}
    for i, plant in enumerate(PLANTS):
        share[FIELDS[i % len(FIELDS)]].append(plant.text)
    for kind in EvidenceKind:
        title, text = " ; ".join(share[kind, "title"]), "\n".join(share[kind, "text"])
        world.add(piece(f"ev-{kind}", about.id, kind, title=f"SQL: {title}", text=f"Wrote SQL. {text}"))
    for i, plant in enumerate(PLANTS[::20]):
        world.content(
            course(f"taught-{i}", f"SQL with {plant.text}", description=f"Kubernetes, told by {PLANTS[i].text}.")
        )
    return world


@contextmanager
def embedded(monkeypatch: pytest.MonkeyPatch, heard: list[str]) -> Iterator[LearnerCrew]:
    """The shipped brain, with everything that it is called with written down."""
    asked = Brain.call

    def call(self: Brain, messages: Any, tools: Any = None, *more: Any, **named: Any) -> Any:
        heard.append(json.dumps([messages, tools], ensure_ascii=False, default=str))
        return asked(self, messages, tools, *more, **named)

    monkeypatch.setattr(Brain, "call", call)
    yield build()


@contextmanager
def endpoint(monkeypatch: pytest.MonkeyPatch, heard: list[str]) -> Iterator[LearnerCrew]:
    """A brain behind HTTP; what went over the wire is written down."""
    monkeypatch.setenv("TEST_ENDPOINT_KEY", ENDPOINT_KEY)
    with serve(sensible) as server:
        yield endpoint_crew(server.url, timeout_s=60)
        heard += [json.dumps(body, ensure_ascii=False) for body in server.requests]


Brained = Callable[[pytest.MonkeyPatch, list[str]], Any]


@pytest.mark.parametrize("brained", [embedded, endpoint], ids=["embedded", "endpoint"])
def test_no_brain_receives_a_planted_identity(
    planted: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, brained: Brained
) -> None:
    heard: list[str] = []
    caplog.set_level(logging.DEBUG)
    with brained(monkeypatch, heard) as crew:
        planted.crew = crew  # a World takes any crew
        done = planted.assess(PEOPLE[0].id)
    assert done.run.state is RunState.DONE
    everything = "\n".join(heard)
    assert len(heard) >= 10
    assert "[person]" in everything
    assert "SQL" in everything
    assert all(kind.value in everything for kind in EvidenceKind)
    _none(everything)
    _none("\n".join(r.getMessage() for r in caplog.records))
    _none("\n".join(f.read_text(errors="replace") for f in prepare().rglob("*") if f.is_file()))
    documents = planted.sql("SELECT document FROM run_documents")
    _none("\n".join(str(json.loads(d[0])) for d in documents))


def _none(text: str) -> None:
    found: list[Plant] = [p for p in PLANTS if leaked(p, text)]
    assert found == []


def test_a_masker_that_fails_leaves_the_endpoint_without_a_single_call(
    planted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(KeyedPseudonymiser):
        def with_directory(self, directory: object) -> Failing:
            return self

        def mask(self, text: str) -> str:
            raise PseudonymError("a person's name survived masking")

    heard: list[str] = []
    planted.pseudonyms = Failing(b"k" * 32)
    with endpoint(monkeypatch, heard) as crew:
        planted.crew = crew  # type: ignore[assignment]  # a World takes any crew
        with pytest.raises(PseudonymError):
            planted.assess(PEOPLE[0].id)
    assert heard == []
    assert planted.sql("SELECT DISTINCT state FROM runs") == [("blocked_unmasked",)]
    planted.pseudonyms = KEY
