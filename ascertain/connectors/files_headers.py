"""The columns that a table has, for whoever writes the mapping."""

from __future__ import annotations

import csv
import json

from ascertain.connectors.files_csv import LONGEST_LINE, delimiter_of, encoding_of, text_of
from ascertain.connectors.files_folder import FileProblem, Folder, survey
from ascertain.connectors.files_mapping import TableRule
from ascertain.connectors.files_tables import sheet_header


def header_of(folder: Folder, path: str, rule: TableRule) -> tuple[str, ...]:
    """Names of a file's columns; of JSONL the keys of its first object; none where the file cannot be read."""
    suffix = path.rpartition(".")[2].lower()
    try:
        with folder.open(path) as stream:
            if suffix in ("xlsx", "xlsm"):
                return tuple(h for h in sheet_header(stream, rule) if h)
            text = text_of(stream, encoding_of(stream, survey(stream), rule, []))
            if suffix in ("jsonl", "ndjson"):
                found = json.loads(text.readline(LONGEST_LINE) or "{}")
                return tuple(found) if isinstance(found, dict) else ()
            lines = [text.readline(LONGEST_LINE) for _ in range(rule.header)]
            delimiter = rule.delimiter or delimiter_of(lines[-1], rule)
            return tuple(h.strip() for h in next(csv.reader([lines[-1]], delimiter=delimiter), []) if h.strip())
    except (FileProblem, ValueError, csv.Error):
        return ()
