"""``/content``: learning content by the skills that it teaches; ``/content/tags``: tags to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.content_tags import TagState, Vote
from ascertain.domain.permission import Action
from ascertain.domain.ports import Taxonomy
from ascertain.domain.skills import Level
from ascertain.errors import AscertainError, InputError, NotFoundError
from ascertain.pipeline.content_search import search
from ascertain.pipeline.content_tags import owned
from ascertain.pipeline.library import coverage
from ascertain.pipeline.permit import demand, may
from ascertain.pipeline.tag_rows import summary
from ascertain.service.pages.forms import Message
from ascertain.service.pages.library_figure import coverage as bar_of
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
PAGE = 25
MOST_SKILLS = 12
"""Skills offered for words that name several."""
MOST_TERMS = 15
"""Words without a skill that are shown."""


@router.get("/content")
def by_skill(
    request: Request,
    reader: Annotated[Reader, Depends(Reads())],
    skill: str = "",
    q: str = "",
    level: int = 0,
    page: int = 1,
) -> Response:
    """The catalogue by a skill, or by words. Nothing of anybody is in it."""
    app = service_of(request).app
    taxonomy = app.bundle.taxonomy
    words, least = q.strip()[:200], min(max(level, 0), 5)
    with app.units(write=False) as uow:
        rows = search(uow, app.tagger, taxonomy, skill=skill[:300], words=words, level=least)
        may_tag = may(uow, reader.who, Action.CONTENT_TAG)
        plain = not (skill or words or least) and page == 1
        covered = coverage(uow, app.tagger, app.catalogue_crew.version) if may_tag and plain else None
    if covered:
        parts = [("with a tag in use", covered["tagged"]), ("read, without one", covered["mapped"] - covered["tagged"])]
        covered["bar"] = bar_of(covered["contents"], parts)
        covered["terms"] = list(covered["terms"].items())[:MOST_TERMS]
    found = taxonomy.skill(skill) if skill else None
    cut = _cut(rows, page)
    data = {
        **cut,
        "skill": {
            "id": skill,
            "label": found.label if found else skill,
            "definition": found.definition if found else "",
        },
        "q": words,
        "named": [] if skill or not words else _named(taxonomy, words),
        "may_tag": may_tag,
        "level": least,
        "coverage": covered,
        "query": urlencode({"skill": skill, "q": words, "level": least}),
    }
    return show(request, reader, "content.html", data)


@router.get("/content/tags")
def tags(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.CONTENT_TAG))],
    state: str = "suggested",
    skill: str = "",
    system: str = "",
    notice: bool = False,
    page: int = 1,
) -> Response:
    """Tags, what is worth a look first."""
    return _tags(request, reader, {"state": state, "skill": skill, "system": system, "notice": notice, "page": page})


@router.post("/content/tags")
def vote(request: Request, sent: Annotated[Sent, Depends(Sends(Action.CONTENT_TAG))]) -> Response:
    """A word about one tag, or about all undecided tags of a skill in one system."""
    app, form = service_of(request).app, sent.form
    asked: Json = {n: form.text(n, 300) for n in ("state", "skill", "system")} | {
        "notice": form.text("notice", 5) == "1",
        "page": 1,
    }
    chosen = form.text("vote", 20)
    try:
        if chosen not in set(Vote):
            raise InputError("choose what you say", field="vote", remedy="accept, another level, or reject")
        said, level = Vote(chosen), form.level("level")
        with app.units() as uow:
            desk = app.tag_desk(uow)
            if form.text("all", 5):
                n = desk.vote_on_all(sent.who, asked["skill"], asked["system"], said, reason=form.text("reason"))
                words = f"{n} tags: {_IN_WORDS[said]}."
            else:
                row = desk.vote(
                    sent.who,
                    form.text("content", 300),
                    form.text("tag", 300),
                    said,
                    reason=form.text("reason"),
                    level=Level(level) if level and said is Vote.ADJUST else None,
                )
                words = (
                    f"“{row.content.item.title}”, {row.label}: {row.state.value}, probability {row.probability:.2f}."
                )
            uow.commit()
    except (InputError, NotFoundError) as e:
        return _tags(request, sent.reader, asked, e)
    query = urlencode({k: (1 if v is True else v) for k, v in asked.items() if v and k != "page"})
    return back(request, sent.reader, f"/content/tags?{query}", words)


_IN_WORDS = {Vote.ACCEPT: "confirmed", Vote.ADJUST: "confirmed at another level", Vote.REJECT: "rejected"}


def _tags(request: Request, reader: Reader, asked: Json, error: AscertainError | None = None) -> Response:
    app = service_of(request).app
    taxonomy = app.bundle.taxonomy
    state = TagState(asked["state"]) if asked["state"] in set(TagState) else None
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.CONTENT_TAG)
        every = app.tag_desk(uow).rows()
    own = owned(reader.who, Action.CONTENT_TAG)
    if own is not None:
        every = [r for r in every if r.skill_id in own]
    rows = [
        r
        for r in every
        if (state is None or r.state is state)
        and (not asked["skill"] or r.skill_id == asked["skill"])
        and (not asked["system"] or r.content.system == asked["system"])
        and (not asked["notice"] or r.notice)
    ]
    skills = sorted({(r.label, r.skill_id) for r in every})
    found = taxonomy.skill(asked["skill"]) if asked["skill"] else None
    cut = _cut(rows, asked["page"])
    with app.units(write=False) as uow:
        cut["rows"] = [r.shown() for r in app.tag_desk(uow).placed(cut["rows"])]
    data = {
        **cut,
        "asked": asked,
        "counts": summary(every),
        "days": app.charter.tags.notice_days,
        "skills": [{"id": i, "label": name} for name, i in skills],
        "systems": sorted({r.content.system for r in every}),
        "definition": found.definition if found else "",
        "bulk": len([r for r in rows if r.state is TagState.SUGGESTED]) if asked["skill"] and asked["system"] else 0,
        "query": urlencode({k: (1 if v is True else v) for k, v in asked.items() if v and k != "page"}),
    }
    said = [Message(error.message, "bad")] if error else []
    return show(request, reader, "content-tags.html", data, status=422 if error else 200, messages=said)


def _cut(rows: Sequence[Any], page: int) -> Json:
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(1, page), pages)
    return {"rows": rows[(page - 1) * PAGE : page * PAGE], "total": len(rows), "page": page, "pages": pages}


def _named(taxonomy: Taxonomy, words: str) -> list[Json]:
    """Skills that go by these words, or by a part of them: the shortest name first."""
    asked = words.casefold()
    found = [s for s in taxonomy.skills() if any(asked in n.casefold() for n in (s.label, *s.synonyms))]
    found.sort(key=lambda s: (asked not in s.label.casefold(), len(s.label), s.label))
    return [{"id": s.id, "label": s.label} for s in found[:MOST_SKILLS]]
