"""The pages of learning content: search by skill for everybody, tags to confirm for those who may."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ascertain.connectors.transcript_file import read_transcript
from ascertain.domain.permission import Grant, Role, RoleGrant
from ascertain.domain.skills import ContentTag
from ascertain.pipeline.permit import operator
from ascertain.pipeline.transcripts import attach
from ascertain.runtime import App
from tests.integration.pipeline.world import World
from tests.integration.service.pages_world import Page, Visitor, app_on, assessed_world

LND: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("all",)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with assessed_world(tmp_path_factory.mktemp("content")) as made:
        yield made


@pytest.fixture(scope="module")
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with app_on(world, tmp_path_factory.mktemp("home")) as made:
        made.tag()
        yield made


@pytest.fixture(scope="module")
def lnd(app: App) -> Visitor:
    return Visitor(app, "lnd@example.org", LND)


def skill_of(app: App, content: str) -> str:
    with app.units(write=False) as uow:
        return uow.contents.tags(app.tagger)[content][0].skill_id


def test_everybody_finds_content_by_a_skill(app: App) -> None:
    ann = Visitor(app, "ann@example.org")
    words = ann.get("/content?q=python")
    assert "Python first steps" in words
    assert "Skills of that name" in words
    by_skill = ann.get(f"/content?skill={skill_of(app, 'k8s-101')}")
    assert "Kubernetes first steps" in by_skill
    assert "Python first steps" not in by_skill
    assert "Tags to confirm" not in by_skill
    assert "Kubernetes first steps" not in ann.get(f"/content?skill={skill_of(app, 'k8s-101')}&level=5")
    assert "Kubernetes first steps" in ann.get(f"/content?skill={skill_of(app, 'k8s-101')}&level=1")
    assert ann.status("/content/tags") == 403


def test_a_tag_is_confirmed_adjusted_and_rejected_in_the_page(app: App, lnd: Visitor) -> None:
    skill = skill_of(app, "sql-101")
    page = lnd.get("/content/tags")
    assert "worth a look first" in page
    assert page.index("SQL first steps") < page.index("Kubernetes first steps"), "two people rest on it"
    assert not [a for a in Page(page).attributes if a[1] == "style" or a[1].startswith("on")]
    form = {"state": "suggested", "content": "sql-101", "tag": skill, "level": "3"}
    refused = lnd.send("/content/tags", **form, vote="accept", reason="")
    assert refused.status_code == 422
    assert "needs a reason" in refused.text
    done = lnd.send("/content/tags", **form, vote="adjust", reason="It goes further.")
    assert done.status_code == 303
    assert done.headers["location"] == "/content/tags?state=suggested"
    assert "accepted" in lnd.get("/content/tags?state=suggested")
    accepted = lnd.get("/content/tags?state=accepted")
    assert "SQL first steps" in accepted
    assert "level 3 of 5" in accepted
    lnd.send("/content/tags", **form, vote="reject", reason="No, it does not.")
    assert skill not in [t.skill_id for t in tags_of(app, "sql-101")]
    nothing = lnd.send("/content/tags", **form, vote="perhaps", reason="x")
    assert nothing.status_code == 422


def tags_of(app: App, content: str) -> tuple[ContentTag, ...]:
    with app.units(write=False) as uow:
        return uow.contents.tags(app.tagger)[content]


def test_all_of_a_skill_and_source_at_once(app: App, lnd: Visitor) -> None:
    skill = skill_of(app, "k8s-101")
    assert "at once" not in lnd.get(f"/content/tags?skill={skill}")
    page = lnd.get(f"/content/tags?skill={skill}&system=lms")
    assert re.search(r"All \d+ of this skill and source at once", page)
    lnd.send("/content/tags", state="suggested", skill=skill, system="lms", all="1", vote="accept", reason="Fine.")
    assert "Kubernetes first steps" in lnd.get(f"/content/tags?state=accepted&skill={skill}")


def test_an_owner_of_skills_sees_those_alone(app: App) -> None:
    skill = skill_of(app, "py-101")
    with app.units() as uow:
        grant = Grant(Role.SKILL_OWNER, skills=frozenset({skill}))
        uow.grants.add(RoleGrant("g1", "owner@example.org", grant, "test", app.clock.now()))
        uow.commit()
    owner = Visitor(app, "owner@example.org")
    page = owner.get("/content/tags")
    assert "Python first steps" in page
    assert "Kubernetes first steps" not in page
    k8s = skill_of(app, "k8s-101")
    refused = owner.send("/content/tags", content="k8s-101", tag=k8s, vote="accept", reason="x", level="2")
    assert refused.status_code == 403


def test_a_course_shows_what_it_teaches_and_takes_a_learners_word(app: App, lnd: Visitor) -> None:
    skill = skill_of(app, "k8s-101")
    ann = Visitor(app, "ann@example.org")
    page = ann.get("/content/k8s-101")
    assert "Kubernetes first steps" in page
    assert "It has no transcript" in page
    assert "It does not" in page
    assert not [a for a in Page(page).attributes if a[1] == "style" or a[1].startswith("on")]
    said = {"content": "k8s-101", "skill": skill}
    assert ann.send("/me/content-words", **said, said="no").status_code == 303
    assert "You said: it does not" in ann.get("/content/k8s-101")
    assert "You said" not in Visitor(app, "bob@example.org").get("/content/k8s-101"), "a word is its speaker's"
    ann.send("/me/content-words", **said, said="nothing")
    assert "You said" not in ann.get("/content/k8s-101")
    assert lnd.send("/me/content-words", **said, said="no").status_code == 403, "is no learner"
    assert ann.status("/content/nothing") == 404


def test_a_transcript_shows_at_which_time_it_speaks_of_what(app: App) -> None:
    captions = "WEBVTT\n\n00:00.000 --> 00:05.000\nWelcome to the course.\n\n"
    captions += "03:12.000 --> 03:20.000\nNow we write Python functions and Python classes.\n\n"
    with app.units() as uow:
        read = read_transcript(captions.encode(), "week.vtt")
        attach(uow, operator("test"), "py-101", read, app.clock)
        uow.commit()
    app.tag()
    page = Visitor(app, "ann@example.org").get("/content/py-101")
    assert "week.vtt: 2 passages" in page
    assert "at 03:12" in page
