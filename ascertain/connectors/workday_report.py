"""One report of Workday's, read row by row: it has no pages, and a large customer's does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import ijson

from ascertain.connectors.http import Download
from ascertain.errors import PermanentConnectorError

_LIST = "Report_Entry"


class Report:
    """A downloaded report; to be closed. ``what`` names it in messages."""

    def __init__(self, what: str, download: Download) -> None:
        self._what = what
        self._file = download.file
        self.server_time: datetime | None = download.server_time
        self._start = self._file.tell()

    def rows(self) -> Iterator[object]:
        """Every entry, numbers as ``json`` would give them.

        Raises:
            PermanentConnectorError: the document is not a report, or not JSON (after the rows up to there).
        """
        self._file.seek(self._start)
        some = False
        try:
            for row in ijson.items(self._file, f"{_LIST}.item"):
                some = True
                yield {k: _number(v) for k, v in row.items()} if isinstance(row, Mapping) else _number(row)
            if some or self._has_list():
                return
        except ijson.JSONError as e:
            raise PermanentConnectorError(f"{self._what} is not JSON: {e}") from None
        raise PermanentConnectorError(
            f"{self._what} has no {_LIST}",
            remedy="the report must be an advanced one, enabled as a web service",
        )

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _has_list(self) -> bool:
        self._file.seek(self._start)
        return any((place, kind) == (_LIST, "start_array") for place, kind, _ in ijson.parse(self._file))


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
