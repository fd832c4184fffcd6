"""``/content/ID``: one course, what it teaches and by which words, and the word of whoever learned from it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.content_tags import IN_USE
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.content_view import content_item, spoken_places
from ascertain.pipeline.permit import may
from ascertain.pipeline.tag_words import say
from ascertain.service.pages.people import oneself
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]


@router.get("/content/{content:path}")
def item(request: Request, reader: Annotated[Reader, Depends(Reads())], content: str) -> Response:
    """One course. To whoever may confirm tags also those that are out of runs."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        found, tags, said = content_item(uow, app.tagger, app.bundle.taxonomy, app.charter.tags, content[:300])
        may_tag = may(uow, reader.who, Action.CONTENT_TAG)
        words = _own_words(uow, reader, found.text_hash)
        if not may_tag:
            tags = [r for r in tags if r.state in IN_USE]
        shown = [r.shown() | {"mine": words.get(r.skill_id)} for r in app.tag_desk(uow).placed(tags)]
    places: Json = {}
    if said is not None:
        used = [r["skill"] for r in shown if r["state"] in IN_USE]
        places = spoken_places(app.bundle.mapper, said, used, app.policy.mapping, app.masker().mask)
    data = {
        "item": found.item,
        "about": found,
        "tags": shown,
        "may_tag": may_tag,
        "may_say": words is not _NOBODY,
        "days": app.charter.tags.notice_days,
        "least": app.charter.tags.least_learners,
        "transcript": said,
        "places": places,
    }
    return show(request, reader, "content-item.html", data)


@router.post("/me/content-words")
def word(request: Request, sent: Annotated[Sent, Depends(Sends(Action.CONTENT_SAY))]) -> Response:
    """Say whether a course teaches a skill, or take it back."""
    app, form = service_of(request).app, sent.form
    content, skill, said = form.text("content", 300), form.text("skill", 300), form.text("said", 20)
    to = f"/content/{quote(content, safe='')}"
    try:
        with app.units() as uow:
            learner = oneself(uow, sent.reader, Action.CONTENT_SAY)
            say(uow, app.tagger, learner, content, skill, said, actor=sent.who, clock=app.clock)
            uow.commit()
    except (InputError, ConflictError) as e:
        return back(request, sent.reader, to, f"Nothing was changed: {e.message}.", kind="bad")
    return back(request, sent.reader, to, "It is noted. It decides nothing alone, and you can take it back.")


_NOBODY: dict[str, bool] = {}


def _own_words(uow: UnitOfWork, reader: Reader, text: str) -> dict[str, bool]:
    """By skill, what the reader said of this text; ``_NOBODY`` for somebody who is no learner."""
    if not reader.who.learner_id:
        return _NOBODY
    return {w.skill_id: w.teaches for w in uow.tag_words.of(reader.who.learner_id) if w.content_hash == text}
