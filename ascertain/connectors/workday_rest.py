"""Workday's REST services: workers with their managers, job profiles, in pages of at most 100.

A service has no question for what changed, so everything comes each time. A worker does not name the manager: each
manager's direct reports do, one call (or more) a manager. Rows are cut down to the field map as they arrive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ascertain.connectors.http import Answer, Query
from ascertain.connectors.parsing import FieldMap, read_rows
from ascertain.connectors.window import Window
from ascertain.connectors.workday_rows import WorkdayOptions, key_of, parse
from ascertain.domain.connector import Cursor, Page
from ascertain.domain.records import Entity, SourceRef
from ascertain.errors import PermanentConnectorError, RetryableConnectorError

_RESOURCES = {Entity.WORKER: "workers", Entity.JOB_PROFILE: "jobProfiles"}
_MANAGER = "manager, from the direct reports"
_WID = "id"
_ORGANISATION = "primarySupervisoryOrganization"
_OF_WHOM = re.compile(r"\s*\([^()]*\)\s*$")
Get = Callable[[str, Query], Answer]


class RestReader:
    """Reads the services of one connection.

    Args:
        name: the connection's.
        get: an authorised call.
        fields: field maps of the entities that come from a service.
        profiles: the connection's mapping of job codes.
    """

    def __init__(
        self,
        name: str,
        get: Get,
        options: WorkdayOptions,
        fields: Mapping[Entity, FieldMap],
        profiles: Mapping[str, str],
    ) -> None:
        self._name, self._get, self._options = name, get, options
        self._fields, self._profiles = fields, profiles

    def first(self, entity: Entity, count: int) -> tuple[list[object], Answer]:
        """The first rows as they come; for the health check and the probe."""
        rows, _, answer = self._page(self._place(entity), 0, count)
        return rows, answer

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        """All rows from the cursor's offset on."""
        window = Window(cursor, timedelta(0), datetime.now(UTC))
        place = window.position or {"offset": 0, "total": None}
        above = self._managers() if entity is Entity.WORKER and self._options.managers else {}
        offset, before = int(place["offset"]), place["total"]
        fields = {**self._fields[entity], **({"manager": _MANAGER} if above else {})}
        while True:
            rows, total, _ = self._page(self._place(entity), offset, self._options.rest_page_size)
            if before is not None and total != before:
                # Offsets have moved, so somebody would be missed: from the beginning.
                yield Page((), (), window.untouched())
                raise RetryableConnectorError(f"{self._name}: {entity.value}: the list changed while it was read")
            before = total
            records, rejected = read_rows(
                [self._cut(entity, r, above) for r in rows],
                fields,
                UTC,
                lambda row: SourceRef(self._name, entity, row.required(key_of(entity))),
                lambda row, ref: parse(entity, row, ref, self._options, self._profiles),
                f"{self._name}:{entity.value}",
            )
            notes = self._without_numbers(rows) if entity is Entity.WORKER and offset == 0 else ()
            offset += len(rows)
            if not rows or offset >= total:
                yield Page(tuple(records), tuple(rejected), window.untouched(), total, notes)
                return
            window.position = {"offset": offset, "total": total}
            yield Page(tuple(records), tuple(rejected), window.checkpoint(window.position), total, notes)

    def _without_numbers(self, rows: list[object]) -> tuple[str, ...]:
        """People who are known by another id here than elsewhere would be others: somebody has to hear of it."""
        number = self._fields[Entity.WORKER].get("employee_id", "")
        if not rows or any(isinstance(r, Mapping) and _reach(r, number, None) is not None for r in rows):
            return ()
        return (f"{self._options.rest[Entity.WORKER]} has no {number}: workers are known by Workday's own ids",)

    def _managers(self) -> dict[str, str]:
        """The manager's number by the worker's Workday id."""
        place = self._place(Entity.WORKER)
        key = self._fields[Entity.WORKER].get("employee_id", "")
        numbers: dict[str, str] = {}
        managers: list[str] = []
        for raw in self._all(place):
            if not isinstance(raw, Mapping) or not isinstance(raw.get(_WID), str):
                continue
            wid = str(raw[_WID])
            numbers[wid] = str(_reach(raw, key, wid) or "")
            if raw.get("isManager") is True:
                managers.append(wid)
        found: dict[str, str] = {}
        common = f"/ccx/api/common/v1/{self._options.tenant}/workers"
        for wid in managers:
            for raw in self._all(f"{common}/{wid}/directReports"):
                if isinstance(raw, Mapping) and isinstance(raw.get(_WID), str):
                    found[str(raw[_WID])] = numbers[wid]
        return found

    def _all(self, path: str) -> Iterator[object]:
        offset = 0
        while True:
            rows, total, _ = self._page(path, offset, self._options.rest_page_size)
            yield from rows
            offset += len(rows)
            if not rows or offset >= total:
                return

    def _page(self, path: str, offset: int, limit: int) -> tuple[list[object], int, Answer]:
        answer = self._get(path, {"limit": limit, "offset": offset})
        data = answer.data
        rows = data.get("data") if isinstance(data, Mapping) else None
        total = data.get("total") if isinstance(data, Mapping) else None
        if not isinstance(rows, list) or isinstance(total, bool) or not isinstance(total, int):
            raise PermanentConnectorError(
                f"{self._name}: {path} answered without data and total",
                remedy="check the service and its version under options.rest",
            )
        return rows, total, answer

    def _cut(self, entity: Entity, raw: object, above: Mapping[str, str]) -> object:
        """Only mapped fields, flat; the Workday id stands in where the service has no numbers of employees."""
        if not isinstance(raw, Mapping):
            return raw
        fields = self._fields[entity]
        row = {name: _reach(raw, name, None) for name in fields.values()}
        if entity is Entity.WORKER:
            number = fields.get("employee_id", "")
            row[number] = _reach(raw, number, raw.get(_WID))
            if isinstance(organisation := row.get(_ORGANISATION), Mapping):
                # It is called after its manager, too: a department that stays the same would change its name.
                row[_ORGANISATION] = _OF_WHOM.sub("", str(organisation.get("descriptor") or ""))
            if above:
                row[_MANAGER] = above.get(str(raw.get(_WID)))
        return row

    def _place(self, entity: Entity) -> str:
        return f"/ccx/api/{self._options.rest[entity]}/{self._options.tenant}/{_RESOURCES[entity]}"


def _reach(raw: Mapping[str, Any], name: str, missing: Any) -> Any:
    """A field, or one inside an object (``primaryJob.id``); ``missing`` where there is no such field."""
    if name in raw:
        return raw[name]
    head, dot, rest = name.partition(".")
    inner = raw.get(head)
    return _reach(inner, rest, missing) if dot and isinstance(inner, Mapping) else missing
