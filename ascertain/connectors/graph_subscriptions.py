"""Microsoft Graph's subscriptions: made, and prolonged before they run out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ascertain.connectors.graph_people import V1, GraphPeople
from ascertain.connectors.http import StatusError
from ascertain.connectors.subscribing import refused
from ascertain.domain.webhooks import Subscription
from ascertain.errors import ConfigError

_PLACE = f"{V1}/subscriptions"


def subscribe(
    connector: GraphPeople, url: str, wanted: Mapping[str, str], now: datetime, *, hours: int
) -> list[Subscription]:
    """A subscription for each resource (resource → changes), good for at least half of ``hours``.

    Raises:
        ConfigError: without a ``client_state``, by which calls prove themselves.
    """
    state = connector.connection.secrets.get("client_state")
    if not state:
        raise ConfigError(
            f"connection {connector.name}: secrets.client_state is not given",
            remedy="choose a long random text, and name the variable that holds it under secrets.client_state",
        )
    until = now + timedelta(hours=hours)
    there = {
        s["resource"]: s
        for s in connector.every(_PLACE, {})[0]
        if s.get("notificationUrl") == url and s.get("resource")
    }
    found: list[Subscription] = []
    for resource, changes in wanted.items():
        old = there.get(resource)
        end = _end(old) if old else None
        if old and end and end >= now + timedelta(hours=hours / 2):
            found.append(Subscription(str(old["id"]), resource, "kept", end))
            continue
        if old and end and end > now:
            connector.send("PATCH", f"{_PLACE}/{old['id']}", body={"expirationDateTime": _text(until)})
            found.append(Subscription(str(old["id"]), resource, "renewed", until))
            continue
        body = {
            "changeType": changes,
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "resource": resource,
            "expirationDateTime": _text(until),
            "clientState": state,
        }
        try:
            made = connector.send("POST", _PLACE, body=body, repeatable=False).data
        except StatusError as e:
            raise refused(e) from None
        number = str(made.get("id") or "") if isinstance(made, Mapping) else ""
        found.append(Subscription(number, resource, "made", until))
    return found


def _end(subscription: Mapping[str, Any]) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(subscription.get("expirationDateTime")))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _text(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
