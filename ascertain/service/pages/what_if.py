"""``/what-if``: coverage before and after something that is only supposed. A form that reads; nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.permission import Action
from ascertain.errors import InputError, NotFoundError
from ascertain.pipeline.access import note_access
from ascertain.pipeline.permit import may
from ascertain.pipeline.what_if import suppose
from ascertain.service.pages.forms import Message
from ascertain.service.pages.scope import EVERYBODY, scope_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)


@router.get("/what-if")
def what_if_page(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.TEAM_READ))],
    cohort: str = EVERYBODY,
    kind: str = "",
    content: str = "",
    skill: str = "",
    role: str = "",
    level: str = "",
    importance: str = "0.5",
) -> HTMLResponse:
    """Three forms: a course, a hire, a requirement; of those whom the reader may see and who want to be counted."""
    app = service_of(request).app
    asked = {
        "content": content[:300],
        "skill": skill[:300],
        "role": role[:200],
        "level": level,
        "importance": importance,
    }
    wrong, found = "", None
    with app.units(write=False) as uow:
        scope = scope_of(uow, reader.who, Action.TEAM_READ, cohort)
        if kind:
            try:
                found = suppose(
                    uow, kind, scope.people, app.tagger, app.policy.belief, app.bundle.taxonomy, **_read(asked)
                )
            except (InputError, NotFoundError) as e:
                wrong = f"{e.message}. {e.remedy or ''}".strip()
        data = {
            "scope": scope,
            "kind": kind,
            "asked": asked,
            "found": found,
            "roles": sorted((r.title, r.id) for r in uow.roles.all()),
            "trains": may(uow, reader.who, Action.CATALOGUE_IMPORT),
            "courses": sorted({c.item.title for c in uow.contents.all()}),
        }
    if found:
        note_access(app.units, reader.who.name, "what-if", [p.id for p in scope.people])
    messages = [Message(wrong, "bad")] if wrong else []
    return show(request, reader, "what-if.html", data, status=422 if wrong else 200, messages=messages)


def _read(asked: dict[str, str]) -> dict[str, Any]:
    """Numbers out of what was typed.

    Raises:
        InputError: naming the field.
    """
    level, importance = asked["level"].strip(), asked["importance"].strip()
    if level and not level.isdecimal():
        raise InputError(f"{level!r} is no level", field="level", remedy="1 to 5")
    try:
        weight = float(importance)
    except ValueError:
        raise InputError(f"{importance!r} is no number", field="importance", remedy="0.5 for middling") from None
    return asked | {"level": int(level) if level else None, "importance": weight}
