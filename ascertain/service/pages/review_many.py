"""``/review/many``: deciding at once about one skill whose evidence comes out of one source, and nothing delicate.
The list is shown first, without any number of the machine's, and only exactly that list is decided."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.access import note_access
from ascertain.pipeline.permit import demand_somewhere
from ascertain.pipeline.review_bulk import batch, decide_batch, groups
from ascertain.pipeline.review_sources import Source
from ascertain.pipeline.views import label
from ascertain.service.pages.forms import Message
from ascertain.service.pages.review import untrained, words
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)

MOST = 100


@router.get("/review/many")
def choose(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.REVIEW_BULK))],
    skill: str = "",
    source: str = "",
) -> Response:
    """What could be decided at once; with a skill and a source the list itself."""
    with service_of(request).app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.REVIEW_BULK)
    return _list(request, reader, skill, source) if skill else _choices(request, reader)


@router.post("/review/many")
def decide(request: Request, sent: Annotated[Sent, Depends(Sends(Action.REVIEW_BULK))]) -> Response:
    """Decide exactly the list that was shown."""
    app, form = service_of(request).app, sent.form
    skill, source, own = form.text("skill", 300), form.text("source", 300), form.text("own_level", 2)
    with app.units(write=False) as uow:  # before anything of the form is answered
        demand_somewhere(uow, sent.who, Action.REVIEW_BULK)
    try:
        if own not in {"0", "1", "2", "3", "4", "5"}:
            raise InputError("say what this evidence shows: a level, or none", field="own_level")
        with app.units() as uow:
            again = batch(uow, sent.who, app.policy.review, skill, Source.of(source))
            done = decide_batch(
                uow,
                sent.who,
                app.policy.review,
                app.clock,
                again,
                token=form.text("list", 64),
                own_level=int(own),
                reason=form.text("reason"),
            )
            uow.commit()
    except (InputError, ConflictError) as e:
        typed = {"own_level": own, "reason": form.text("reason")}
        return _list(request, sent.reader, skill, source, error=e, typed=typed)
    kinds = [i.decision.value for i in done if i.decision]
    said = ", ".join(f"{kinds.count(k)} {_SAID[k]}" for k in sorted(set(kinds)))
    return back(request, sent.reader, "/review/many", f"{len(done)} decided: {said}.")


_SAID = {"accept": "accepted", "adjust": "adjusted to your level", "reject": "rejected"}


def _choices(request: Request, reader: Reader) -> Response:
    app = service_of(request).app
    with app.units(write=False) as uow:
        found = groups(uow, reader.who)
    rows = [
        {
            "label": label(app.bundle.taxonomy, g.skill_id),
            "source": _words(g.source),
            "items": g.items,
            "href": "/review/many?" + urlencode({"skill": g.skill_id, "source": f"{g.source.system}:{g.source.kind}"}),
        }
        for g in found[:MOST]
    ]
    data = {"rows": rows, "more": max(0, len(found) - MOST), "limit": app.policy.review.bulk_limit}
    return show(request, reader, "review-many.html", data)


def _list(
    request: Request,
    reader: Reader,
    skill: str,
    source: str,
    *,
    error: InputError | ConflictError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    app = service_of(request).app
    wanted = Source.of(source)
    with app.units(write=False) as uow:
        found = batch(uow, reader.who, app.policy.review, skill, wanted)
    note_access(app.units, reader.who.name, "reviews", [line.learner_id for line in found.lines])
    concept = app.bundle.taxonomy.skill(skill)
    data: dict[str, Any] = {
        "batch": found,
        "label": concept.label if concept else skill,
        "definition": concept.definition if concept else "",
        "source": f"{wanted.system}:{wanted.kind}",
        "source_words": _words(wanted),
        "problem": untrained(app, reader),
        "typed": typed or {"own_level": "", "reason": ""},
    }
    said = [Message(words(error), "bad")] if error else []
    return show(request, reader, "review-many-list.html", data, status=422 if error else 200, messages=said)


def _words(source: Source) -> str:
    return f"{source.system}: {source.kind.replace('_', ' ')}"
