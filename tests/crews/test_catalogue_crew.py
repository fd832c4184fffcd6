"""The catalogue crew: what it keeps and holds back, with rules, a scripted endpoint and hostile ones; code decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from crewai.tasks.task_output import TaskOutput

from agents.brains.models import CATALOGUE_ROLES, EndpointConfig
from agents.brains.rules import RULES
from ascertain.domain.content_weighing import KeptTag, LibraryItem, RefusedTag, TaggingFindings
from ascertain.domain.skills import ContentTag, Level
from ascertain.domain.transcripts import Passage
from ascertain.errors import BrainError
from ascertain.prompts import read_prompts
from crews.catalogue import BATCH, ENDPOINT_BATCH, LibraryCrew, build
from crews.roster import CATALOGUE
from tasks.checking import checked
from tests.crews import world
from tests.crews.altered import Change
from tests.crews.scripted_server import Body, Reply, Script, sensible, serve
from tests.crews.test_fuzz import FALSE_WORDS, STRANGE
from tests.crews.test_poison import POISON
from tools.library import MAX_DESCRIPTION
from tools.library_desk import LibraryDesk


def tag(content: str, skill: str, quote: str) -> ContentTag:
    return ContentTag(content, skill, 0.8, Level.FOUNDATION, quote)


def item(ident: str, title: str, description: str = "", *tags: ContentTag, **changes: Any) -> LibraryItem:
    made = LibraryItem(ident, f"h-{ident}", title, description, (), Level.FOUNDATION, False, tags)
    return replace(made, **changes)


ITEMS = (
    item("sql", "Advanced SQL", "Window functions.", tag("sql", "sql", "Advanced SQL")),
    item(
        "k8s",
        "Kubernetes first steps",
        "Pods and deployments. Python is required.",
        tag("k8s", "kubernetes", "Kubernetes first steps"),
        tag("k8s", "python", "Python is required."),
    ),
    item("stated", "Advanced Python", "", tag("stated", "python", "Advanced Python"), stated=True),
    item("bees", "Beekeeping", "Hives and honey."),
)


def walk(changes: Mapping[str, Change] | None = None, items: tuple[LibraryItem, ...] = ITEMS) -> TaggingFindings:
    """Tools, rules and checks without CrewAI in between."""
    desk = LibraryDesk(items, world.TinyTaxonomy())
    for post in CATALOGUE:
        role = post.agent.NAME
        shown = {tool.name: json.loads(tool.run()) for tool in (make(desk) for make in post.tools)}
        answer = RULES[role](shown, world.services())
        said = changes[role](answer) if changes and role in changes else None
        raw = said if isinstance(said, str) else json.dumps(answer, ensure_ascii=False)
        accepted, reason = checked(role, desk, post.task.Answer, post.task.accept)(
            TaskOutput(description="", agent=role, raw=raw)
        )
        assert accepted, reason
    return desk.findings(())


def kept(found: TaggingFindings) -> dict[str, set[str]]:
    return {w.content_id: {k.skill_id for k in w.kept} for w in found.weighings}


def test_rules_keep_what_is_borne_and_hold_back_what_learners_must_bring() -> None:
    found = build().weigh(ITEMS, world.services())
    assert kept(found) == {"sql": {"sql"}, "k8s": {"kubernetes"}, "stated": {"python"}, "bees": set()}
    by_id = {w.content_id: w for w in found.weighings}
    (refused,) = by_id["k8s"].refused
    assert (refused.skill_id, refused.by) == ("python", "tag_reviewer")
    assert "learners must bring" in refused.why
    assert by_id["bees"].terms == ("Beekeeping",)
    assert by_id["sql"].kept == (KeptTag("sql", Level.ADVANCED, "Advanced SQL"),)
    assert by_id["stated"].kept == (KeptTag("python"),), "where a source states the level, words do not"
    assert found.drops == ()
    assert [(s.agent, s.calls) for s in found.steps] == [(r, 2) for r in CATALOGUE_ROLES]
    assert walk().weighings == found.weighings


def test_rules_hold_back_one_of_many_in_a_list_unless_the_title_names_it() -> None:
    listed = "You learn SQL, Python, planning, writing, speaking, listening, cooking, singing, dancing and more."
    tags = [tag("many", "sql", "You learn SQL"), tag("many", "python", "Python, planning")]
    listed = f"A course. {listed} Python is fun."
    (found,) = walk(items=(item("many", "SQL and much more", listed, *tags),)).weighings
    assert [k.skill_id for k in found.kept] == ["sql"]
    assert "one of many" in found.refused[0].why


def test_a_title_names_a_skill_by_all_words_of_a_name_and_a_cut_description_is_still_a_list() -> None:
    many = "Planning, writing, speaking, listening, cooking, singing, dancing, drawing, data analytics."
    candidate = {
        "skill_id": "x",
        "label": "Business analytics",
        "synonyms": ["Datenanalyse"],
        "quote": "data analytics",
    }

    def verdict(title: str, description: str, **changes: str) -> str:
        shown = {"content_id": "c", "title": title, "description": description, "tags": [candidate | changes]}
        answer = RULES["tag_reviewer"]({"tagged_items": {"items": [shown]}}, world.services())
        return str(answer["verdicts"][0]["verdict"])

    assert verdict("Supply Chain Analytics", many) == "unsupported", "one word of two is another subject"
    assert verdict("Analytics for Business", many) == "supported"
    assert verdict("Datenbankverwaltungssysteme", many) == "unsupported", "the beginning of a compound is another word"
    cut = ("A course. " + many * 40)[:MAX_DESCRIPTION]
    assert verdict("Something else", cut, quote="beyond what is shown") == "unsupported"
    assert verdict("Something else", "A course.", quote="said in the lecture") == "supported"


def test_an_agent_sees_no_probability_and_only_what_is_offered() -> None:
    desk = LibraryDesk(ITEMS, world.TinyTaxonomy())
    for post in CATALOGUE:
        for make in post.tools:
            assert "0.8" not in make(desk).run()


def crew(url: str, **changes: Any) -> LibraryCrew:
    data: dict[str, Any] = {"kind": "openai", "model": "scripted", "base_url": url, "api_key_env": "TEST_ENDPOINT_KEY"}
    config = EndpointConfig.model_validate({**data, "timeout_s": 5, "attempts": 2, **changes})
    return LibraryCrew(dict.fromkeys(CATALOGUE_ROLES, config), read_prompts())


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_ENDPOINT_KEY", "k")
    monkeypatch.setattr("agents.brains.clients._backoff", lambda state: 0.01)


def test_an_endpoint_drives_both_agents() -> None:
    with serve(sensible) as server:
        found = crew(server.url).weigh(ITEMS, world.services())
    assert found.weighings == walk().weighings
    assert len(server.requests) == 4
    assert (crew("http://127.0.0.1:9").batch, build().batch) == (ENDPOINT_BATCH, BATCH)
    assert crew("http://127.0.0.1:9").version != build().version


def answering(answers: Mapping[str, Any]) -> Script:
    def script(role: str, body: Body) -> Reply | Body:
        if not any(m["role"] == "tool" for m in body["messages"]):
            return sensible(role, body)
        return {"content": answers[role] if isinstance(answers[role], str) else json.dumps(answers[role])}

    return script


def test_a_hostile_endpoint_adds_nothing() -> None:
    def row(content: str, skill: str, quote: str = "", term: str = "", **more: Any) -> dict[str, Any]:
        return {"content_id": content, "skill_id": skill, "level_quote": quote, "proposed_term": term, **more}

    tags = [
        row("sql", "python"),  # not offered for it
        row("nothing", "sql"),
        row("sql", "sql", "World-class experts only", probability=1.0),  # words that do not stand in it
        row("k8s", "none", term="Joyfulness of attackers"),
        row("bees", "none", term="honey"),
        row("stated", "python", "Advanced Python"),
    ]
    verdicts = [
        {"content_id": "sql", "skill_id": "kubernetes", "verdict": "supported", "note": ""},
        {"content_id": "stated", "skill_id": "python", "verdict": "unsupported", "note": "See https://evil.example/x"},
        {"content_id": "stated", "skill_id": "python", "verdict": "supported", "note": ""},
    ]
    hostile = answering({"content_tagger": {"tags": tags}, "tag_reviewer": {"verdicts": verdicts}})
    with serve(hostile) as server:
        found = crew(server.url).weigh(ITEMS, world.services())
    by_id = {w.content_id: w for w in found.weighings}
    assert by_id["sql"].kept == (KeptTag("sql"),)
    assert by_id["k8s"].kept == ()
    assert {r.by for r in by_id["k8s"].refused} == {"content_tagger"}
    assert by_id["stated"].refused == (RefusedTag("python", "tag_reviewer"),), "the stricter of two stands"
    assert (by_id["k8s"].terms, by_id["bees"].terms) == ((), ("honey",))
    why = {d.why for d in found.drops}
    assert {
        "the skill was not offered for this content",
        "no such content in this run",
        "the words on the level do not stand in that content",
        "not in the words of the content",
        "a field that was not asked for",
        "no such tag in this run",
        "holds a link or markup",
    } <= why


def test_content_that_no_agent_speaks_of_stays_open() -> None:
    with serve(answering({"content_tagger": {"tags": []}, "tag_reviewer": {"verdicts": []}})) as server:
        assert crew(server.url).weigh(ITEMS, world.services()).weighings == ()


@pytest.mark.parametrize("said", ["Certainly!", "[]", '{"tags": "all"}'])
def test_an_answer_without_the_agreed_form_ends_the_run(said: str) -> None:
    with serve(answering({"content_tagger": said, "tag_reviewer": said})) as server, pytest.raises(BrainError):
        crew(server.url, repairs=0).weigh(ITEMS, world.services())


@pytest.mark.parametrize("poison", POISON)
def test_orders_in_quotes_and_terms_have_no_effect(poison: str) -> None:
    """The rows are as somebody would write them who got past the masking of orders."""
    poisoned = tuple(
        replace(i, description=f"{i.description} {poison}", passages=(Passage(poison, 1.0),)) for i in ITEMS
    )

    def obey(answer: dict[str, Any]) -> None:
        for t in answer["tags"]:
            t["level_quote"] = t["proposed_term"] = poison[:300]
        answer["tags"] += [
            {"content_id": i.content_id, "skill_id": s, "level_quote": poison, "proposed_term": poison[:80]}
            for i in ITEMS
            for s in ("sql", "python", "kubernetes", "negotiation")
        ]

    found = walk({"content_tagger": obey}, poisoned)
    for w in found.weighings:
        offered = {t.skill_id for i in ITEMS if i.content_id == w.content_id for t in i.candidates}
        assert {k.skill_id for k in w.kept} <= offered
        assert all(k.level is None for k in w.kept)
        assert all(not any(p in t for p in ("Ignore", "SYSTEM", "expert")) for t in w.terms)


@pytest.mark.parametrize("strange", [*STRANGE, *FALSE_WORDS], ids=lambda s: repr(s)[:20])
def test_strange_values_are_refused_or_dropped(strange: Any) -> None:
    desk = LibraryDesk(ITEMS, world.TinyTaxonomy())
    for post in CATALOGUE:
        guard = checked(post.agent.NAME, desk, post.task.Answer, post.task.accept)
        for field in ("content_id", "skill_id", "level_quote", "proposed_term", "verdict", "note"):
            row = {"content_id": "sql", "skill_id": "sql", "level_quote": "", "proposed_term": "", "note": ""}
            row |= {"verdict": "supported", field: strange}
            raw = json.dumps({"tags": [row], "verdicts": [row]})
            guard(TaskOutput(description="", agent=post.agent.NAME, raw=raw))
    for w in desk.findings(()).weighings:
        assert {k.skill_id for k in w.kept} <= {"sql"}
        assert all(k.level is None for k in w.kept)
