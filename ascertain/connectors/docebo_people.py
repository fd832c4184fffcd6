"""What Docebo's lists do not say by themselves: branches, managers' employee numbers, names of learning objects.

The org chart lists branches, and the user list can be asked for one branch at a time; a row itself names none. The
vendor warns that branch calls must never run side by side, so they are made one after the other, once a pull.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ascertain.connectors.docebo_rows import DoceboOptions
from ascertain.connectors.parsing import FieldMap, Row
from ascertain.domain.text import clean_text

Lists = Callable[[str, Mapping[str, str | int]], Iterator[object]]
"""Every item of a paged list, from its path and parameters."""

_ORGCHART = "/manage/v1/orgchart"
_USERS = "/manage/v1/user"


class LookUps:
    """The look-ups of one pull, as the options ask for them.

    Args:
        ask: the JSON behind a path, empty where there is nothing.
        fields: the field map of workers: it says where an employee number stands.
    """

    def __init__(
        self, ask: Callable[[str], Mapping[str, Any]], lists: Lists, options: DoceboOptions, fields: FieldMap
    ) -> None:
        self._ask = ask
        self._options = options
        self._fields = fields
        self._branches = Branches(lists, options.branch_level, options.page_size) if options.branches else None
        self._numbers: dict[str, str] = {}

    def branch(self, row: Row) -> str:
        """The name of the user's branch, empty unless branches are read."""
        return self._branches.of(row.text("id")) if self._branches else ""

    def manager(self, row: Row) -> str:
        """How workers name the user's manager: by employee number, or by account where no field has one."""
        if self._options.managers == "list":
            account = first_manager(row.value("managers"))
        else:
            account = first_manager(self._ask(f"/manage/v1/users/{row.required('id')}/managers").get("data"))
        if account and account not in self._numbers:
            data = self._ask(f"/manage/v1/user/{account}").get("data")
            boss = Row(with_additional(data), self._fields) if isinstance(data, Mapping) else None
            self._numbers[account] = (boss.text("employee_id") or account) if boss else ""
        return self._numbers.get(account, "")

    def materials(self, row: Row) -> str:
        """The names of the course's learning objects, empty unless they are read."""
        if not self._options.materials:
            return ""
        data = self._ask(f"/learn/v1/courses/{row.required('id')}/los").get("data")
        items = data.get("items") if isinstance(data, Mapping) else data
        found = [i for i in (items if isinstance(items, list) else []) if isinstance(i, Mapping)]
        names = [n for i in found if (n := clean_text(caption(i.get("lo_name"))))]
        return f"Materials: {'; '.join(names)}" if names else ""


class Branches:
    """The branch of each account, loaded when the first is asked for.

    Args:
        level: which branch above an account is its department: 1 is the first below the root, 0 the account's own.
    """

    def __init__(self, lists: Lists, level: int, page_size: int) -> None:
        self._lists = lists
        self._level = level
        self._page_size = page_size
        self._known: dict[str, str] | None = None

    def of(self, user_id: str) -> str:
        """The name of the account's branch, empty where it has none below the root."""
        if self._known is None:
            self._known = self._loaded()
        return self._known.get(user_id, "")

    def _loaded(self) -> dict[str, str]:
        items = [i for i in self._lists(_ORGCHART, {"page_size": self._page_size}) if isinstance(i, Mapping)]
        names = {str(i.get("id_org")): caption(i.get("translation")) or str(i.get("code") or "") for i in items}
        parents = {str(i.get("id_org")): str(i.get("id_parent") or "") for i in items}
        above = {branch: _line(branch, parents) for branch in names}
        found: dict[str, str] = {}
        # Deeper branches last: whether a branch lists the accounts below it or not, the nearest one wins.
        for branch in sorted((b for b, line in above.items() if len(line) > 1), key=lambda b: (len(above[b]), b)):
            line = above[branch]
            name = names[line[self._level] if 0 < self._level < len(line) else branch]
            for user in self._lists(_USERS, {"branch_id": branch, "page_size": self._page_size}):
                if isinstance(user, Mapping) and user.get("user_id") is not None:
                    found[str(user["user_id"])] = name
        return found


def _line(branch: str, parents: Mapping[str, str]) -> list[str]:
    """From the root down to the branch; a circle ends where it closes."""
    line = [branch]
    while (parent := parents.get(line[-1], "")) in parents and parent not in line:
        line.append(parent)
    return line[::-1]


def caption(value: object) -> str:
    """A name that may be given once or in several languages (the first one then)."""
    if isinstance(value, Mapping):
        return next((str(v) for v in value.values() if isinstance(v, str) and v), "")
    return value.strip() if isinstance(value, str) else ""


def first_manager(value: object) -> str:
    """The account id of the first manager, however the list is written: objects, ids, or ids joined by commas."""
    if isinstance(value, Mapping):
        value = value.get("items") or [value]
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value).split(",")[0].strip()
    for item in value if isinstance(value, Iterable) else ():
        if isinstance(item, Mapping):
            item = next((item[k] for k in ("manager_id", "user_id", "id") if item.get(k)), "")
        if isinstance(item, str | int) and str(item).strip():
            return str(item).strip()
    return ""


def with_additional(data: Mapping[str, Any]) -> object:
    """A single user's row with its additional fields as the list has them: ``field_<id>``."""
    row, extra = data.get("user_data"), data.get("additional_fields")
    if not isinstance(row, Mapping):
        return row
    fields = {
        f"field_{f['id']}": f.get("value")
        for f in (extra if isinstance(extra, list) else [])
        if isinstance(f, Mapping) and "id" in f
    }
    return {**fields, **row}
