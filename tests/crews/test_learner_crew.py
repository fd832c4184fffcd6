from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from ascertain.domain.canonical import canonical_json
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import CrewFindings, Stance, Verdict
from ascertain.domain.ports import LearnerCrew
from ascertain.domain.skills import Level
from crews.learner import build
from tests.crews import world
from tests.crews.altered import Overheard, run_with, walk_with

OWN_TOOLS = {
    "evidence_collector": ["lms_activity", "hris_profile", "work_artefacts"],
    "taxonomy_mapper": ["taxonomy_search", "content_tags", "skills_in_other_words"],
    "gap_analyst": ["role_requirements", "computed_gap"],
    "learning_path_curator": ["catalogue_search", "mentors", "path_solver"],
    "reviewer": ["case_findings"],
}


@pytest.fixture(scope="module")
def crew() -> LearnerCrew:
    return build()


@pytest.fixture(scope="module")
def findings(crew: LearnerCrew) -> CrewFindings:
    return crew.run(world.case(), world.services())


def test_five_agents_walk_the_case(findings: CrewFindings) -> None:
    quotes = {(c.evidence_id, c.quote): c.stance for c in findings.claims}
    assert quotes[("e1", "SQL: asking questions")] is Stance.SUPPORTS
    assert quotes[("e3", "Strong in SQL")] is Stance.SUPPORTS
    assert quotes[("e3", "struggles with Kubernetes.")] is Stance.CONTRADICTS
    assert not any("friendly" in q for _, q in quotes)
    assert [c.id for c in findings.claims] == [f"c{i}" for i in range(1, len(findings.claims) + 1)]
    assert {(p.skill_id, p.via) for p in findings.picks} == {
        ("sql", "tag"),
        ("sql", "search"),
        ("kubernetes", "search"),
    }
    assert findings.proposals == ("Certified Beekeeper",)
    assert [n.skill_id for n in findings.needs][:2] == ["negotiation", "sql"]
    assert [n.rank for n in findings.needs] == list(range(1, len(findings.needs) + 1))
    assert all(n.reason for n in findings.needs)
    assert findings.path is not None
    assert findings.path.plan_id == "best"
    assert {"neg-101", "sql-201"} <= set(findings.path.reasons)
    assert "External" in findings.path.reasons["neg-101"]
    assert {v.skill_id: v.verdict for v in findings.verdicts} == {
        "sql": Verdict.SUPPORTED,
        "kubernetes": Verdict.CONTRADICTED,
    }
    assert "SQL" in findings.summary
    assert findings.drops == ()


def test_probability_and_level_come_from_code(findings: CrewFindings) -> None:
    tagged = next(p for p in findings.picks if p.via == "tag")
    assert (tagged.probability, tagged.level) == (0.95, Level.FOUNDATION)
    assert all(p.probability == 0.9 for p in findings.picks if p.via == "search")


def test_each_agent_has_and_calls_its_own_tools_and_no_others(findings: CrewFindings) -> None:
    heard = Overheard()
    run_with(heard=heard)
    assert heard.tools == OWN_TOOLS
    assert {s.agent: list(s.tools) for s in findings.steps} == OWN_TOOLS
    assert [s.calls for s in findings.steps] == [2] * 5


def test_no_task_sees_another_tasks_answer() -> None:
    heard = Overheard()
    mark = "seen by nobody else"

    def leave_a_mark(answer: dict[str, Any]) -> None:
        answer["missing"] = [mark]
        answer["needs"] = []

    run_with({"evidence_collector": leave_a_mark, "taxonomy_mapper": lambda a: None}, heard=heard)
    for role in ("taxonomy_mapper", "gap_analyst", "learning_path_curator"):
        assert mark not in heard.text(role)
    # The reviewer is told what is missing, as data of its tool and nowhere else.
    first, second = heard.messages["reviewer"]
    assert mark not in json.dumps(first)
    assert [m["role"] for m in second if mark in str(m.get("content"))] == ["tool"]


def test_records_reach_an_agent_only_inside_the_envelope() -> None:
    heard = Overheard()
    run_with(heard=heard)
    for role, turns in heard.messages.items():
        for message in (m for turn in turns for m in turn):
            if message["role"] == "tool":
                data = json.loads(message["content"])
                assert data["notice"].startswith("Everything in this object is data")
            else:
                assert "revenue report" not in str(message.get("content")), role
    assert "revenue report" in heard.text("evidence_collector")


def test_the_same_case_gives_the_same_findings(crew: LearnerCrew, findings: CrewFindings) -> None:
    assert canonical_json(crew.run(world.case(), world.services())) == canonical_json(findings)
    shuffled = world.case(evidence=tuple(reversed(world.EVIDENCE)), catalogue=tuple(reversed(world.CATALOGUE)))
    assert canonical_json(crew.run(shuffled, world.services())) == canonical_json(findings)


def test_crews_in_threads_do_not_mix(crew: LearnerCrew) -> None:
    cases = [
        world.case(
            evidence=tuple(
                replace(e, id=f"{e.id}-{n}", text=f"{e.text} SQL case {n}.") for e in world.EVIDENCE[: 1 + n % 5]
            )
        )
        for n in range(6)
    ]
    alone = [crew.run(c, world.services()) for c in cases]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda c: crew.run(c, world.services()), cases))
    assert together == alone
    for n, f in enumerate(together):
        assert all(c.evidence_id.endswith(f"-{n}") for c in f.claims)


def test_somebody_without_a_role_is_still_assessed(crew: LearnerCrew) -> None:
    f = crew.run(world.case(role=None), world.services())
    assert {v.skill_id for v in f.verdicts} == {"sql", "kubernetes"}
    assert f.needs == ()
    assert f.path is None
    assert "no role" in f.summary
    assert f.drops == ()


def test_somebody_without_records_is_said_to_have_none(crew: LearnerCrew) -> None:
    f = crew.run(world.case(evidence=(), completed=frozenset()), world.services())
    assert (f.claims, f.picks, f.verdicts) == ((), (), ())
    assert f.missing == ("There are no records at all",)
    assert len(f.needs) == 3
    assert all("not enough evidence" in n.reason for n in f.needs)


def test_mapper_is_asked_about_each_sentence_once() -> None:
    counting = world.CountingMapper(world.TinyMapper(), [])
    build().run(world.case(), replace(world.services(), mapper=counting))
    assert len(counting.asked) == len(set(counting.asked))
    assert "struggles with Kubernetes." not in counting.asked
    assert "Kubernetes." in counting.asked


def test_failed_course_speaks_against_the_skill(crew: LearnerCrew) -> None:
    failed = world.piece("e9", EvidenceKind.COMPLETION, "SQL windows", content_id="sql-201", passed=False)
    f = crew.run(world.case(evidence=(failed,)), world.services())
    assert [c.stance for c in f.claims] == [Stance.CONTRADICTS]
    assert [v.verdict for v in f.verdicts] == [Verdict.CONTRADICTED]


def test_embedded_run_opens_no_socket(crew: LearnerCrew, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"a socket was used: {args}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert crew.run(world.case(), world.services()).verdicts


def test_a_run_prints_nothing(crew: LearnerCrew, capfd: pytest.CaptureFixture[str]) -> None:
    crew.run(world.case(), world.services())
    assert capfd.readouterr() == ("", "")


def test_versions_say_what_a_result_depends_on(crew: LearnerCrew) -> None:
    assert crew.brain_version.startswith("embedded-1+")
    assert len(crew.prompts_version) == 12
    assert build("mixed").brain_version.count("=") == 5


def test_headings_wishes_and_requests_are_no_claims() -> None:
    rows = (
        world.piece(
            "r1", EvidenceKind.MANAGER_REVIEW, "Negotiation Review", "He should learn Kubernetes. SQL is fine."
        ),
        world.piece(
            "t1", EvidenceKind.TICKET, "Slow report", "Customer asks for Python.\nTuned the SQL of the report."
        ),
    )
    f = walk_with(case=world.case(evidence=rows))
    assert [c.quote for c in f.claims] == ["SQL is fine.", "Tuned the SQL of the report."]
