"""``/audit``: the trail of everything that was done, for whoever audits. People are pseudonyms here."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.audit import AuditFilter, AuditRecord, verify_one
from ascertain.domain.audit_actions import ACTIONS
from ascertain.domain.canonical import canonical_json
from ascertain.domain.permission import Action
from ascertain.errors import InputError, NotFoundError
from ascertain.pipeline.permit import demand, may
from ascertain.service.pages.audit_tabs import tabs_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)

PAGE = 50
_DIGEST = re.compile(r"[0-9a-f]{24,}")


@router.get("/audit")
def trail(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.AUDIT_READ))],
    action: str = "",
    actor: str = "",
    subject: str = "",
    since: str = "",
    until: str = "",
    before: int | None = None,
) -> HTMLResponse:
    """Records, the newest first, fifty at a time."""
    wanted = AuditFilter(action.strip(), actor.strip(), subject.strip(), day_in("since", since), day_in("until", until))
    with service_of(request).app.units(write=False) as uow:
        demand(uow, reader.who, Action.AUDIT_READ)
        found = uow.audit.search(wanted, before=before, limit=PAGE + 1)
        head = uow.audit.head()
    asked = {"action": action, "actor": actor, "subject": subject, "since": since, "until": until}
    older = {**{k: v for k, v in asked.items() if v}, "before": found[PAGE - 1].seq} if len(found) > PAGE else None
    data = {
        "rows": [_row(r) for r in found[:PAGE]],
        "asked": asked,
        "actions": sorted(ACTIONS),
        "head": head,
        "older": f"/audit?{urlencode(older)}" if older else "",
        "tabs": tabs_of(reader.who),
        "first": before is None,
    }
    return show(request, reader, "audit.html", data)


@router.get("/audit/records/{seq}")
def record(request: Request, reader: Annotated[Reader, Depends(Reads(Action.AUDIT_READ))], seq: int) -> HTMLResponse:
    """One record with its place in the chain, checked against both neighbours."""
    with service_of(request).app.units(write=False) as uow:
        demand(uow, reader.who, Action.AUDIT_READ)
        near = {r.seq: r for r in uow.audit.search(AuditFilter(), before=seq + 2, limit=3)}
        found = near.get(seq)
        if found is None:
            raise NotFoundError(f"there is no audit record {seq}", remedy="the trail lists them")
        data = {
            "row": _row(found),
            "record": asdict(found),
            "header": canonical_json(found.header),
            "says": ACTIONS[found.action].what if found.action in ACTIONS else "",
            "faults": verify_one(found, near.get(seq - 1)),
            "replays": _replays(found) if may(uow, reader.who, Action.REPLAY_ALL) else "",
            "earlier": seq - 1 if seq - 1 in near else None,
            "later": seq + 1 if seq + 1 in near else None,
        }
    return show(request, reader, "audit-record.html", data)


def _row(r: AuditRecord) -> dict[str, Any]:
    header = ", ".join(f"{k}: {_brief(v)}" for k, v in r.header.items())
    return {
        "seq": r.seq,
        "at": r.at,
        "action": r.action,
        "says": ACTIONS[r.action].what if r.action in ACTIONS else "",
        "actor": r.actor,
        "subject": r.subject,
        "header": header if len(header) <= 160 else header[:159] + "…",
    }


def _replays(r: AuditRecord) -> str:
    """Where what this record is about is built again."""
    for name in ("assertion", "run"):
        if ident := r.header.get(name):
            return "/audit/replay?" + urlencode({name: str(ident)})
    return ""


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k} {_brief(v)}" for k, v in value.items())
    if isinstance(value, list):
        return f"{len(value)} entries" if len(value) > 3 else ", ".join(map(str, value))
    text = str(value)
    return f"{text[:10]}…" if _DIGEST.fullmatch(text) else text


def day_in(field: str, text: str) -> date | None:
    """A day out of a filter; none where none was given.

    Raises:
        InputError: it is no day.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"{text!r} is no day", field=field, remedy="write it like 2026-11-23") from None
