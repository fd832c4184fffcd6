"""The part of JQL that a connector for incremental reading needs; everything else is refused, as Jira would.

Understood: clauses joined by AND (``project = X``, ``project in (X, Y)``, ``updated >= "yyyy-MM-dd HH:mm"``, likewise
``created`` and ``resolved``, with >=, >, <=, <; ``status = "Done"``; ``assignee is not EMPTY``;
``resolution is not EMPTY``) and ``ORDER BY updated|created|key [ASC|DESC]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ascertain.sandbox.records import Ticket

Test = Callable[[Ticket], bool]
_ORDER = re.compile(r"\border\s+by\s+(?P<field>\w+)(?:\s+(?P<way>asc|desc))?\s*$", re.IGNORECASE)
_TIME = re.compile(r"^(updated|created|resolved)\s*(>=|<=|>|<)\s*[\"']([^\"']+)[\"']$", re.IGNORECASE)
_EQUAL = re.compile(r"^(project|status)\s*=\s*[\"']?([\w .-]+?)[\"']?$", re.IGNORECASE)
_IN = re.compile(r"^project\s+in\s*\(([^)]*)\)$", re.IGNORECASE)
_PRESENT = re.compile(r"^(assignee|resolution|resolved)\s+is\s+(not\s+)?(empty|null)$", re.IGNORECASE)


class JqlError(ValueError):
    """A query Jira would answer with 400."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: what a ticket must fulfil and how the result is sorted."""

    tests: tuple[Test, ...]
    order: str
    descending: bool

    def run(self, tickets: Iterable[Ticket]) -> list[Ticket]:
        """The matching tickets in order."""
        found = [t for t in tickets if all(test(t) for test in self.tests)]
        return sorted(found, key=self._key, reverse=self.descending)

    def _key(self, ticket: Ticket) -> tuple[datetime, int]:
        first = {"updated": ticket.updated, "created": ticket.created}.get(self.order, datetime.min)
        return first, ticket.id


def parse(text: str) -> Query:
    """Parses a query; raises JqlError for what is empty, unbounded (no restriction at all) or not understood."""
    order, descending = "updated", True
    rest = text.strip()
    if found := _ORDER.search(rest):
        order = found["field"].lower()
        descending = (found["way"] or "asc").lower() == "desc"
        if order not in ("updated", "created", "key"):
            raise JqlError(f"Field '{found['field']}' does not exist or cannot be used for sorting.")
        rest = rest[: found.start()].strip()
    if not rest:
        raise JqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    clauses = re.split(r"\s+and\s+", rest, flags=re.IGNORECASE)
    return Query(tuple(_clause(c.strip()) for c in clauses), order, descending)


def _clause(text: str) -> Test:
    if found := _TIME.match(text):
        return _time_test(found[1].lower(), found[2], _moment(found[3]))
    if found := _EQUAL.match(text):
        value = found[2].lower()
        if found[1].lower() == "project":
            return lambda t: t.project.lower() == value
        return lambda t: t.status.lower() == value
    if found := _IN.match(text):
        wanted = {part.strip().strip("\"'").lower() for part in found[1].split(",")}
        return lambda t: t.project.lower() in wanted
    if found := _PRESENT.match(text):
        return _present_test(found[1].lower(), wanted_present=bool(found[2]))
    raise JqlError(f"Error in the JQL Query: could not parse '{text}'.")


def _time_test(name: str, sign: str, moment: datetime) -> Test:
    def test(ticket: Ticket) -> bool:
        value = {"updated": ticket.updated, "created": ticket.created, "resolved": ticket.resolved}[name]
        if value is None:
            return False
        return {">=": value >= moment, ">": value > moment, "<=": value <= moment, "<": value < moment}[sign]

    return test


def _present_test(name: str, *, wanted_present: bool) -> Test:
    if name == "assignee":
        return lambda t: bool(t.assignee_id) is wanted_present
    return lambda t: (t.resolved is not None) is wanted_present


def _moment(text: str) -> datetime:
    for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise JqlError(f"Date value '{text}' is invalid. Valid formats include: 'yyyy-MM-dd HH:mm', 'yyyy-MM-dd'.")
