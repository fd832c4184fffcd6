"""Captions out of WebVTT and SubRip files. Runs in the converting process (``files_convert``)."""

from __future__ import annotations

import html
import re
from io import StringIO

from ascertain.connectors.files_folder import FileProblem
from ascertain.domain.text import clean_text
from ascertain.domain.transcripts import Cue

SUFFIXES = (".vtt", ".srt")
MOST_CUES = 20_000
_ARROW = "-->"
_STAMP = re.compile(r"(?:(\d+):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})")


def cues_of(text: str, suffix: str) -> tuple[list[Cue], int, str]:
    """Captions in the order of the file; how many could not be read; where the first of those stands, for people.

    Names of speakers and markup go away: who speaks is nothing that a tag rests on.

    Raises:
        FileProblem: it is no such file, or has more than ``MOST_CUES`` captions.
    """
    import webvtt
    from webvtt.errors import MalformedFileError

    # The reader takes "\r" for a letter, and a file that a player still shows may begin with blank lines.
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff\n ")
    lines = text.split("\n")
    marks = [n for n, line in enumerate(lines, 1) if _ARROW in line]
    if len(marks) > MOST_CUES:
        raise FileProblem(f"has {len(marks)} captions, more than {MOST_CUES}")
    try:
        found = webvtt.from_buffer(StringIO(text), format=suffix.removeprefix("."))
    except MalformedFileError:
        first = "WEBVTT" if suffix == ".vtt" else "1, and times like 00:00:01,000 --> 00:00:02,500 below it"
        raise FileProblem(f"line 1: is no {suffix.removeprefix('.').upper()} file: it begins with {first}") from None
    cues = [
        Cue(_seconds(c.start), _seconds(c.end), clean_text(html.unescape(c.text))) for c in found.captions if c.text
    ]
    bad = [n for n in marks if not _readable(lines[n - 1])]
    unread = max(len(bad), len(marks) - len(found.captions))
    return cues, unread, f"line {bad[0]}" if bad else ""


def _readable(line: str) -> bool:
    before, _, after = line.partition(_ARROW)
    return bool(_STAMP.fullmatch(before.strip()) and _STAMP.match(after.strip()))


def _seconds(stamp: str) -> float:
    fit = _STAMP.fullmatch(stamp)
    if fit is None:
        raise FileProblem(f"has a caption at {stamp[:20]!r}, which is no time")
    hours, minutes, seconds, part = fit.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(part.ljust(3, "0")) / 1000
