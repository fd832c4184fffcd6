"""The text of a file that somebody gives as evidence: read in the converting process, within limits."""

from __future__ import annotations

from pathlib import PurePath

from ascertain.connectors.files_converter import Converter
from ascertain.connectors.files_folder import FileProblem
from ascertain.errors import InputError

MOST_BYTES = 5 * 1024 * 1024
MOST_PAGES = 50
MOST_SECONDS = 20.0
KINDS = (".txt", ".md", ".pdf", ".docx", ".html", ".htm")
"""What is read, by the end of its name."""


def text_of(body: bytes, name: str, *, most_characters: int) -> str:
    """The words of a document; nothing of it is kept but these.

    Raises:
        InputError: it is too large or of another kind, or cannot be read.
    """
    file = PurePath(name.replace("\\", "/")).name[:100] or "the file"
    suffix = PurePath(file).suffix.lower()
    remedy = "give the words themselves"
    if suffix not in KINDS:
        problem = f"is none of these: {', '.join(KINDS)}"
        raise InputError(problem, where=file, field="evidence", remedy=remedy)
    if len(body) > MOST_BYTES:
        problem = f"is larger than {MOST_BYTES // 1024 // 1024} MiB"
        raise InputError(problem, where=file, field="evidence", remedy=remedy)
    converter = Converter(seconds=MOST_SECONDS, max_pages=MOST_PAGES, max_characters=most_characters)
    try:
        found = converter.text(body, suffix)[0]
    except FileProblem as e:
        raise InputError(e.reason, where=file, field="evidence", remedy=remedy) from None
    finally:
        converter.close()
    if not found.strip():
        scan = "; it is scanned: run text recognition over it first" if suffix == ".pdf" else ""
        raise InputError(f"has no words{scan}", where=file, field="evidence", remedy=remedy)
    return found
