"""What Absorb's rows name by id only: departments and managers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ascertain.connectors.parsing import FieldMap, Row


class LookUps:
    """What rows name by id only, looked up once a pull.

    Args:
        departments: loads the names by id.
        user: one user's row, ``None`` where there is none.
        fields: the field map of workers: it says where an employee number stands.
    """

    def __init__(
        self,
        departments: Callable[[], Mapping[str, str]],
        user: Callable[[str], Mapping[str, Any] | None],
        fields: FieldMap,
    ) -> None:
        self._load = departments
        self._user = user
        self._fields = fields
        self._departments: Mapping[str, str] | None = None
        self._numbers: dict[str, str] = {}

    def department(self, name: str) -> str:
        """The name behind a department's id; what is no known id is a name already (a mapped custom field)."""
        if not name:
            return ""
        if self._departments is None:
            self._departments = self._load()
        return self._departments.get(name, name)

    def manager(self, account: str) -> str:
        """How workers name the person behind an account: by employee number, or by the account itself."""
        if account and account not in self._numbers:
            raw = self._user(account)
            self._numbers[account] = (Row(raw, self._fields).text("employee_id") or account) if raw else ""
        return self._numbers.get(account, "")
