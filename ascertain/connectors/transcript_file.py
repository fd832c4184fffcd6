"""Transcripts of learning content out of files: captions (VTT, SRT) with their times, PDF with its pages, plain texts.
Each is read in the converting process, within limits; a file that cannot be read is named, and the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePath

from ascertain.connectors.files_converter import Converter
from ascertain.connectors.files_folder import FileProblem, Folder
from ascertain.domain.transcripts import Passage
from ascertain.errors import InputError

MOST_BYTES = 10 * 1024 * 1024
MOST_PAGES = 200
MOST_CHARACTERS = 400_000
"""About seven hours of speech."""
MOST_SECONDS = 30.0
KINDS = (".vtt", ".srt", ".pdf", ".txt", ".md", ".docx", ".html", ".htm")
"""What is read, by the end of its name."""
_REMEDY = "export captions as WebVTT or SubRip, or the text as PDF or TXT"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file held. ``remarks`` say, for people, what of it was left out."""

    name: str
    kind: str
    passages: tuple[Passage, ...]
    left_out: int
    unread: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that gave nothing, and why."""

    name: str
    reason: str


def read_transcript(body: bytes, name: str, converter: Converter | None = None) -> Reading:
    """The passages of one file.

    Raises:
        InputError: it is too large, of another kind, or cannot be read; it names the file and, where one is at fault,
            the line.
    """
    file = PurePath(name.replace("\\", "/")).name[:200] or "the file"
    suffix = PurePath(file).suffix.lower()
    problem = ""
    if suffix not in KINDS:
        problem = f"is none of these: {', '.join(KINDS)}"
    elif not body.strip():
        problem = "is empty"
    elif len(body) > MOST_BYTES:
        problem = f"is larger than {MOST_BYTES // 1024 // 1024} MiB"
    if problem:
        raise InputError(problem, where=file, field="transcript", remedy=_REMEDY)
    try:
        if converter is None:
            with closing(transcripts_converter()) as own:
                found = own.passages(body, suffix)
        else:
            found = converter.passages(body, suffix)
    except FileProblem as e:
        raise InputError(e.reason, where=file, field="transcript", remedy=_REMEDY) from None
    passages = tuple(Passage(text, second, page) for second, page, text in found["passages"])
    if not passages:
        scan = "; it is scanned: run text recognition over it first" if suffix == ".pdf" else ""
        raise InputError(f"has no words{scan}", where=file, field="transcript", remedy=_REMEDY)
    left_out, unread = int(found["left_out"]), int(found["unread"])
    remarks = []
    if unread:
        at = f", the first in {found['where']}" if found["where"] else ""
        remarks.append(f"{unread} {'caption' if unread == 1 else 'captions'} cannot be read{at}: left out")
    if left_out:
        what = f"pages over {MOST_PAGES}" if suffix == ".pdf" else f"characters over {MOST_CHARACTERS}"
        remarks.append(f"{left_out} {what} are left out")
    return Reading(file, suffix.removeprefix("."), passages, left_out, unread, tuple(remarks))


def transcripts_converter() -> Converter:
    """A converting process with the limits of transcripts; close it when done."""
    return Converter(seconds=MOST_SECONDS, max_pages=MOST_PAGES, max_characters=MOST_CHARACTERS)


def read_folder(path: Path) -> Iterator[Reading | Unread]:
    """Every file of a folder in the order of the paths, one after the other. What is no transcript by the end of its
    name, and links, are named too: nobody should think that they were read.

    Raises:
        PermanentConnectorError: the folder cannot be listed.
    """
    folder = Folder("transcripts", str(path))
    files, alone = folder.files()
    with closing(transcripts_converter()) as converter:
        for file in files:
            try:
                if file.size > MOST_BYTES:
                    raise FileProblem(f"is larger than {MOST_BYTES // 1024 // 1024} MiB")
                with folder.open(file.path) as stream:
                    body = stream.read(MOST_BYTES + 1)
                yield read_transcript(body, file.path, converter)
            except FileProblem as e:
                yield Unread(file.path, e.reason)
            except InputError as e:
                yield Unread(file.path, e.message.partition(": ")[2] or e.message)
    for reason in alone:
        yield Unread(reason.partition(" ")[0], reason.partition(" ")[2])
