"""What TalentLMS's list of users does not say: custom fields, branches, and how workers name a manager."""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.parsing import FieldMap, Row
from ascertain.connectors.talentlms_options import TalentLmsOptions
from ascertain.connectors.talentlms_rows import CUSTOM
from ascertain.connectors.talentlms_writeback import custom_fields, data_of


class LookUps:
    """What a list of users does not say: custom fields, branches, and how workers name a manager."""

    def __init__(self, connector: HttpConnector, fields: FieldMap, options: TalentLmsOptions) -> None:
        self._connector = connector
        self._fields = fields
        self._options = options
        self._needed = any(v.startswith(CUSTOM) for v in fields.values())
        self._numbers: dict[str, str] = {}

    def with_fields(self, raw: object) -> object:
        """A row with its custom fields, if any is mapped."""
        if not self._needed or not isinstance(raw, Mapping) or raw.get("id") is None:
            return raw
        if "custom_fields" in raw:
            return {**custom_fields({"_data": raw}), **raw}
        answer = self._connector.found_or_none(lambda: self._connector.get(f"/api/v2/users/{raw['id']}"))
        return {**custom_fields(answer.data), **raw} if answer else raw

    def branch(self, row: Row) -> str:
        if not self._options.branches:
            return ""
        path = f"/api/v2/users/{row.required('id')}/branches"
        answer = self._connector.found_or_none(lambda: self._connector.get(path))
        listed = data_of(answer.data).get("branches") if answer else None
        names = [b.get("name") for b in (listed if isinstance(listed, list) else []) if isinstance(b, Mapping)]
        return str(names[0]) if names and names[0] else ""

    def manager(self, named: str) -> str:
        by = self._options.manager_by
        if not named or by == "employee_id":
            return named
        if named not in self._numbers:
            self._numbers[named] = self._number(by, named)
        return self._numbers[named]

    def _number(self, by: str, named: str) -> str:
        if by == "id":
            answer = self._connector.found_or_none(lambda: self._connector.get(f"/api/v2/users/{named}"))
            rows = [data_of(answer.data)] if answer else []
        else:
            data = self._connector.get("/api/v2/users", {f"filter[{by}][eq]": named}).data
            listed = data.get("_data") if isinstance(data, Mapping) else None
            rows = [r for r in (listed if isinstance(listed, list) else []) if isinstance(r, Mapping)]
        if len(rows) != 1:
            return ""
        row = Row(self.with_fields(rows[0]), self._fields)
        return row.text("employee_id") or row.text("id")
