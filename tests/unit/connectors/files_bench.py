"""A folder for the tests of files: put things in, pull, look."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from ascertain.connectors.connection import Connection
from ascertain.connectors.files import FilesConnector
from ascertain.domain.connector import Cursor, Page
from ascertain.domain.records import Entity

ENROLMENTS: dict[str, Any] = {
    "entity": "enrolment",
    "files": "exports/*.*",
    "columns": {"user": "Employee", "course": "Course", "completed": "Done", "score": "Score"},
}


class Place:
    """One folder and its mapping."""

    def __init__(self, root: Path, mapping: Any, **options: Any) -> None:
        self.root = root
        self.options = options
        self.write("mapping.yaml", yaml.safe_dump(mapping))

    def write(self, path: str, content: str | bytes, *, age: float = 60) -> Path:
        """Put a file there, as old as told: what is only seconds old is always compared by digest."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(file, (time.time() - age, time.time() - age))
        return file

    def connector(self) -> FilesConnector:
        connection = Connection("hr", "files", "", ZoneInfo("Europe/Berlin"), path=str(self.root), options=self.options)
        return FilesConnector(connection)

    def pages(self, entity: Entity, cursor: Cursor | None = None) -> list[Page]:
        """One pull; each checkpoint goes through JSON."""
        connector = self.connector()
        try:
            found = list(connector.pull(entity, cursor))
        finally:
            connector.close()
        assert all(json.loads(json.dumps(p.checkpoint)) == p.checkpoint for p in found)
        return found


def records(pages: list[Page]) -> list[Any]:
    return [r for p in pages for r in p.records]


def rejected(pages: list[Page]) -> list[Any]:
    return [r for p in pages for r in p.rejected]


def warnings(pages: list[Page]) -> str:
    return "\n".join(w for p in pages for w in p.warnings)


def gone(pages: list[Page]) -> list[str]:
    return [str(r) for p in pages for r in p.gone]


def pdf(*texts: str) -> bytes:
    """A PDF with a page for each text; a page of an empty text has nothing on it."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(texts)))
    parts = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {len(texts)}>>"]
    parts.append("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    for n, text in enumerate(texts):
        drawn = "".join(f"({line}) Tj 0 -14 Td " for line in text.split("\n") if line)
        content = f"BT /F1 12 Tf 40 700 Td {drawn}ET"
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {5 + 2 * n} 0 R"
        parts.append(page + "/Resources<</Font<</F1 3 0 R>>>>>>")
        parts.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
    made = io.BytesIO(b"%PDF-1.4\n")
    made.seek(0, 2)
    places = []
    for number, part in enumerate(parts, start=1):
        places.append(made.tell())
        made.write(f"{number} 0 obj{part}endobj\n".encode("latin-1"))
    table = made.tell()
    made.write(f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n".encode())
    made.write(b"".join(f"{p:010} 00000 n \n".encode() for p in places))
    made.write(f"trailer<</Size {len(parts) + 1}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF".encode())
    return made.getvalue()
