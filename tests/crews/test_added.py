"""What a model adds to the rules is told, and what it was asked before it was killed is not paid for again."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ascertain.cli.compare_views import addition_view
from ascertain.cli.output import console
from ascertain.domain.added import summed
from ascertain.domain.answers import KeptAnswer
from ascertain.domain.assertion import AssertionState
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.runs import Run, RunState
from ascertain.pipeline.assess_ends import abandon
from ascertain.pipeline.beside import addition, read_into
from ascertain.pipeline.explain import explain
from ascertain.pipeline.kept_answers import keeping, taken_up
from ascertain.store import open_store
from crews.learner import AgentCrew, build, rules
from tests.crews.scripted_server import Body, Reply, role_of, sensible, serve, tool_data
from tests.crews.test_memory import crew
from tests.integration.pipeline.world import ANN, KEY, START, World, migrated, open_world, piece

WORDS = "Talked both departments round until each of them could sign."
REASON = "Agreements are what this role is paid for."


@pytest.fixture
def company(tmp_path: Path) -> World:
    folder = tmp_path / "w"
    folder.mkdir()
    made = open_world(migrated(tmp_path), folder).fill()
    made.remove("e-note")  # which names the skill
    made.add(piece("e-talk", kind=EvidenceKind.PROJECT, title="Two departments", text=WORDS))
    return made


def reader(role: str, body: Body) -> Reply | Body:
    """Quotes words that name nothing, looks the skill up by name, picks it, and gives a reason of its own."""
    answer = sensible(role, body)
    if "content" not in answer:
        return answer
    told: dict[str, Any] = json.loads(answer["content"])
    shown = tool_data(body)
    if role == "evidence_collector":
        told["claims"].append({"evidence_id": "e-talk", "quote": WORDS, "stance": "supports"})
    elif role == "taxonomy_mapper":
        asked = [m for m in body["messages"] if m["role"] == "assistant"]
        claim = next(c for c in shown["taxonomy_search"]["claims"] if c["quote"] == WORDS)
        if len(asked) == 1:
            given = json.dumps({"claim_id": claim["claim_id"], "words": ["Negotiation"]})
            call = {"id": "w1", "type": "function", "function": {"name": "skills_in_other_words", "arguments": given}}
            return {"tool_calls": [call]}
        (row,) = shown["skills_in_other_words"]["claims"]
        (found,) = row["candidates"]
        assert found["fit"] == "implied"
        told["picks"].append({"claim_id": row["claim_id"], "skill_id": found["skill_id"], "proposed_term": ""})
    elif role == "gap_analyst" and told["needs"]:
        told["needs"][0]["reason"] = REASON
    return {"content": json.dumps(told)}


def test_a_skill_in_other_words_is_looked_up_told_and_waits_for_a_human(company: World) -> None:
    with serve(reader) as server:
        assessor = replace(company.assessor, crew=crew(server.url), rules=rules())
        run = assessor.assess("E1", trigger="test").run
    row = company.assertions()["negotiation"]
    assert row.state is not AssertionState.ACCEPTED
    with company.store.units(write=False) as uow:
        found = addition(uow, run, company.taxonomy)
        said = read_into(uow, run.id, "negotiation")
        receipt = explain(uow, row.id)
        none = read_into(uow, run.id, "sql")
    assert found.asked
    assert found.counts["implied"] == 1
    (implied,) = [x for x in found.lines if x.kind == "implied"]
    assert (implied.what, implied.quote) == ("Negotiation", WORDS)
    assert REASON in [x.why for x in found.lines if x.kind == "reasons"]
    assert found.counts["quotes"] == 1
    assert said[0] == f"read by the model into words that do not name it: “{WORDS}”"
    assert receipt.model == said
    assert none == ()
    out = console()
    with out.capture() as text:
        addition_view(out, found)
    assert f"Negotiation “{WORDS}”" in text.get()


def test_a_model_that_answers_as_the_rules_do_adds_nothing_and_rules_have_nothing_beside(company: World) -> None:
    with serve(sensible) as server:
        assessor = replace(company.assessor, crew=crew(server.url), rules=rules())
        run = assessor.assess("E1", trigger="test").run
    with company.store.units(write=False) as uow:
        found = addition(uow, run, company.taxonomy)
    assert found.asked
    assert set(found.counts.values()) == {0}
    assert found.lines == ()
    ruled = replace(company.assessor, crew=build(), rules=rules())
    with company.store.units() as uow:
        company.remove("e-talk")
    run = ruled.assess("E1", trigger="test").run
    with company.store.units(write=False) as uow:
        assert not addition(uow, run, company.taxonomy).asked


def test_figures_of_runs_are_added_up() -> None:
    assert summed([{"implied": 2, "picks": 0}, {"implied": 1, "notes": 3}]) == {"implied": 3, "picks": 0, "notes": 3}


# -- killed -----------------------------------------------------------------------------------------------------------


def _assess(file: Path, one: AgentCrew) -> None:
    world = World(file, open_store(f"sqlite:///{file}", pseudonym=KEY.pseudonym, checkpoint_file=None))
    replace(world.assessor, crew=one).assess("E1", trigger="test")


def test_what_a_killed_process_was_answered_is_not_asked_again(company: World) -> None:
    fifth, go_on = threading.Event(), threading.Event()
    asked: list[str] = []

    def script(role: str, body: Body) -> Reply | Body:
        asked.append(json.dumps(body["messages"]))
        if len(asked) == 5:
            fifth.set()
            go_on.wait(60)
        return sensible(role, body)

    with serve(script) as server:
        child = multiprocessing.get_context("fork").Process(target=_assess, args=(company.file, crew(server.url)))
        child.start()
        assert fifth.wait(60), "the process never came to its fifth question"
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join(30)
        go_on.set()
        assert child.exitcode == -signal.SIGKILL
        ((kept, sealed),) = company.sql("SELECT answers, sealed FROM kept_answers")
        assert kept == 4
        assert b"SQL" not in sealed
        assert abandon(company.store.units, company.clock, "E1", START) == 1
        assert company.sql("SELECT answers FROM kept_answers") == [(4,)], "the end of a killed run takes them away"
        done = replace(company.assessor, crew=crew(server.url)).assess("E1", trigger="test")
    assert done.run.state is RunState.DONE
    assert sorted(Counter(asked).values()) == [1] * (len(asked) - 2) + [2], "only the unanswered one is asked again"
    assert len({role_of(b) for b in server.requests}) == 5
    assert company.sql("SELECT 1 FROM kept_answers") == []


def test_a_run_that_dies_of_an_answer_is_asked_afresh_the_time_after(company: World) -> None:
    units, answer = company.store.units, KeptAnswer("q", "reviewer", "m", "poison")
    run = Run("r1", "E1", "f", RunState.STARTED, START.date(), company.versions, "test", company.clock.now())
    with units() as uow:
        uow.runs.put(run)
        uow.commit()
    keeping(units, run)([answer])
    assert taken_up(units, run) == {"q": answer}
    assert taken_up(units, run) == {}, "it died before it was answered anything new"


def test_nothing_is_kept_of_somebody_who_took_something_back_meanwhile(company: World) -> None:
    units = company.store.units
    run = Run("r1", "E1", "f", RunState.STARTED, START.date(), company.versions, "test", company.clock.now())
    with units() as uow:
        uow.runs.put(run)
        uow.commit()
    keep = keeping(units, run)
    company.says(ANN, False)
    keep([KeptAnswer("q", "reviewer", "m", "said")])
    assert company.sql("SELECT 1 FROM kept_answers") == []
