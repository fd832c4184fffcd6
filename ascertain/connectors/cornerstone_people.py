"""Cornerstone's employee list and organisational units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.connectors.cornerstone_odata import OBJECTS, Feed
from ascertain.connectors.cornerstone_options import Organisation
from ascertain.connectors.cornerstone_rows import Place
from ascertain.connectors.http import Answer
from ascertain.errors import PermanentConnectorError

EMPLOYEES = "/services/api/x/users/v2/employees"
_TOKENS = ("nextPageToken", "nextpagetoken")


def flat(raw: object) -> object:
    """Nested objects as dotted keys, so that a field map can name ``workerStatus.active``. Lists stay as they are."""
    if not isinstance(raw, Mapping):
        return raw
    found: dict[str, Any] = {}
    for key, value in raw.items():
        inner = flat(value)
        if isinstance(value, Mapping) and isinstance(inner, dict):
            found |= {f"{key}.{k}": v for k, v in inner.items()}
        else:
            found[str(key)] = value
    return found


def employees(answer: Answer, name: str) -> list[object]:
    """The employees of an answer, flattened: a list, a list under ``data``, or a single one.

    Raises:
        PermanentConnectorError: when there are none of these.
    """
    data = answer.data
    if isinstance(data, Mapping) and "data" in data:
        data = data["data"]
    if isinstance(data, Mapping) and "id" in data:
        data = [data]
    if not isinstance(data, list):
        raise PermanentConnectorError(
            f"{name}: the employee list has no employees", remedy="check that the URL is that of a Cornerstone portal"
        )
    return [flat(r) for r in data]


def next_token(answer: Answer) -> str:
    """The token of the next page, empty at the end; it is seen in two spellings, in the body or as a header."""
    body = answer.data if isinstance(answer.data, Mapping) else {}
    found = next((body[k] for k in _TOKENS if body.get(k)), None) or answer.headers.get(_TOKENS[1])
    return str(found or "")


class Places:
    """Where people stand, joined once from units and memberships; empty where no join is configured."""

    def __init__(self, feed: Feed, options: Organisation | None) -> None:
        self._feed = feed
        self._options = options
        self._known: dict[str, Place] | None = None

    def of(self, user_id: str) -> Place:
        """The department and position of an account."""
        if self._options is None:
            return Place()
        if self._known is None:
            self._known = self._joined(self._options)
        return self._known.get(user_id, Place())

    def _joined(self, o: Organisation) -> dict[str, Place]:
        units: dict[str, tuple[str, str]] = {}
        for row in self._objects(o.units, (o.unit_id, o.unit_type, o.unit_title)):
            units[str(row.get(o.unit_id))] = (str(row.get(o.unit_type)), str(row.get(o.unit_title) or ""))
        found: dict[str, dict[str, str]] = {}
        for row in self._objects(o.memberships, (o.member_user, o.member_unit)):
            kind, title = units.get(str(row.get(o.member_unit)), ("", ""))
            found.setdefault(str(row.get(o.member_user)), {})[kind] = title
        department, position = str(o.department_type), str(o.position_type)
        return {user: Place(held.get(department, ""), held.get(position, "")) for user, held in found.items()}

    def _objects(self, name: str, columns: tuple[str, ...]) -> list[Mapping[str, Any]]:
        return [r for r in self._feed.all(f"{OBJECTS}{name}", columns=columns) if isinstance(r, Mapping)]
