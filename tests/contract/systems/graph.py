"""Microsoft Graph: the directory whole, messages by delta, notifications that carry a secret inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.chat import Post
from ascertain.sandbox.graph_gate import GraphOptions
from ascertain.sandbox.graph_shapes import TEAM, channel_id, guid, message_id
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Hook, Pen, Spec, Spoilt, Token, Trouble
from tests.contract.systems.slack import changes as talk
from tests.contract.systems.slack import chat, public

_PLACE = b"@client-state@"


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.change_person("FL1102", title="Principal Engineer")
    return {**talk(live), Entity.WORKER: 1}


def stated(secrets: Mapping[str, str], at: datetime, body: bytes) -> RawRequest:
    proved = body.replace(_PLACE, secrets["client_state"].encode())
    return RawRequest("POST", "https://s.example/hook", (("content-type", "application/json"),), proved)


def bare(request: RawRequest) -> RawRequest:
    document = json.loads(request.body)
    rows = [{k: v for k, v in row.items() if k != "clientState"} for row in document["value"]]
    return replace(request, body=json.dumps({"value": rows}).encode())


def _ids(live: LiveCompany, post: Post) -> list[str]:
    channel = next(c for c in chat(live).channels if c.name == post.channel)
    parent = [p for p in chat(live).posts if p.number == post.thread]
    return [TEAM, channel_id(channel), *map(message_id, [*parent, post])]


def _call(live: LiveCompany, *numbers: int) -> bytes:
    rows = []
    for number in numbers:
        team, channel, *messages = _ids(live, public(live)[number])
        resource = f"teams('{team}')/channels('{channel}')/messages('{messages[0]}')"
        resource += f"/replies('{messages[1]}')" if messages[1:] else ""
        rows.append(
            {
                "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
                "subscriptionExpirationDateTime": "2026-06-02T11:00:00Z",
                "clientState": _PLACE.decode(),
                "changeType": "created",
                "resource": resource,
                "resourceData": {"@odata.type": "#Microsoft.Graph.chatMessage", "id": messages[-1]},
            }
        )
    return json.dumps({"value": rows}).encode()


def options(token_seconds: float = 3599.0) -> GraphOptions:
    return GraphOptions(token_seconds=token_seconds, per_second=100_000, delta_days=100_000)


SPEC = Spec(
    system="graph",
    entities={Entity.WORKER: lambda c: len(c.current.people), Entity.MESSAGE: lambda c: len(public(c))},
    trouble=Trouble(Entity.MESSAGE, "messages/delta"),
    spoilt=Spoilt(Entity.WORKER, "employeeHireDate", "some day"),
    changes=changes,
    options={"page_size": 15, "messages_page_size": 15, "history_days": 3650},
    dialect=options,
    fetchable=frozenset({Entity.WORKER, Entity.MESSAGE}),
    unmapped={Entity.WORKER: "businessPhones"},
    captions={Entity.MESSAGE: ("Fjordlane/platform", "Fjordlane/platform")},
    refused="40",
    hook=Hook(
        call=stated,
        body=lambda live: _call(live, 0, 1),
        other=lambda live: _call(live, 2),
        refs=lambda live: {f"graph:message:{'/'.join(_ids(live, public(live)[n]))}" for n in (0, 1)},
        covers_body=False,
        bare=bare,
    ),
    pen=Pen(
        account=lambda c: guid("user", c.current.learners[0].id),
        written=lambda c, account: c.kept("graph").get(account),
        options={"profile_skills": {"terraform": "Terraform", "sql": "SQL"}},
    ),
    token=Token("/oauth2/v2.0/token", lambda: options(1)),
)
