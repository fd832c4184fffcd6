"""UKG Pro: bare arrays read until one is empty, three lists that make a worker."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Hook, Spec, Spoilt, Trouble


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.change_person("FL1102", manager_id="FL1002")
    return {Entity.WORKER: 1}


def signed(secrets: Mapping[str, str], at: datetime, body: bytes) -> RawRequest:
    proof = hmac.new(secrets["webhook_secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = (("content-type", "application/json"), ("x-ukg-signature", proof))
    return RawRequest("POST", "https://skills.example/v1/webhooks/ukg", headers, body)


SPEC = Spec(
    system="ukg",
    entities={
        Entity.WORKER: lambda c: len(c.current.people),
        Entity.JOB_PROFILE: lambda c: len({p.role for p in c.current.people} - {""}),
    },
    trouble=Trouble(Entity.WORKER, "employment-details", good=0),
    spoilt=Spoilt(Entity.WORKER, "originalHireDate", "some day"),
    changes=changes,
    options={"page_size": 18},
    one_page=frozenset({Entity.JOB_PROFILE}),
    fetchable=frozenset({Entity.WORKER}),
    absent={Entity.WORKER: "nobody"},
    unmapped={Entity.WORKER: "nationalId"},
    national=frozenset({Entity.WORKER}),
    hook=Hook(
        call=signed,
        body=lambda live: json.dumps({"eventType": "employee.changed", "id": 1}).encode(),
        other=lambda live: json.dumps({"eventType": "employee.changed", "id": 2}).encode(),
        refs=lambda live: (),
    ),
)
