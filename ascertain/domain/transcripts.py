"""What is said in learning content: passages of a transcript, each with the moment or the page where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ascertain.domain.canonical import digest

LONGEST = 400
"""Characters after which speech without full stops (automatic captions) is cut into passages anyway."""
PAUSE = 3.0
"""Seconds of silence that end a passage."""
_END = re.compile(r"[.!?…][\"'”’)\]]*$")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or a few of them, verbatim. ``second`` counts from the beginning of the recording, ``page`` from 1;
    a text without either has neither."""

    text: str
    second: float | None = None
    page: int | None = None

    @property
    def where(self) -> str:
        """``at 03:12``, ``on page 4``, or an empty text."""
        if self.second is not None:
            return f"at {clock_time(self.second)}"
        return f"on page {self.page}" if self.page is not None else ""


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption as a file has it: seconds from the beginning, and its words."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was read out of one file about one piece of content. ``sha`` is of its words: the tags depend on it.

    Attributes:
        name: of the file.
        kind: ``vtt``, ``srt``, ``pdf``, ``txt`` …
        left_out: pages, or characters, over the limits.
        unread: captions that the file has and that could not be read.
    """

    content_id: str
    name: str
    kind: str
    sha: str
    passages: tuple[Passage, ...]
    left_out: int
    unread: int
    added_by: str
    added_at: datetime

    @property
    def characters(self) -> int:
        """Of all passages."""
        return sum(len(p.text) for p in self.passages)

    @property
    def seconds(self) -> float | None:
        """Where the last passage begins; ``None`` where the file has no times."""
        return max((p.second for p in self.passages if p.second is not None), default=None)


def words_sha(passages: Iterable[Passage]) -> str:
    """Names the words of a transcript; the times may shift without another tag."""
    return digest([p.text for p in passages], length=32)


def clock_time(second: float) -> str:
    """``03:12``, or ``1:03:12`` from an hour on.

    >>> clock_time(192.4), clock_time(3792)
    ('03:12', '1:03:12')
    """
    whole = int(second)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def spoken(cues: Iterable[Cue]) -> tuple[Passage, ...]:
    """Captions as passages: a caption ends where the screen is full, a passage where the sentence does, after a pause,
    or after ``LONGEST`` characters. A caption that repeats the end of the one before (rolling captions) is taken once.
    """
    made: list[Passage] = []
    begin, words, until = 0.0, "", 0.0
    for cue in cues:
        text = _BLANKS.sub(" ", cue.text).strip()
        if not text:
            continue
        if words and (cue.start - until > PAUSE or len(words) + len(text) > LONGEST):
            made.append(Passage(words, begin))
            words = ""
        if not words:
            begin = cue.start
        shown = words or (made[-1].text if made and cue.start - until <= PAUSE else "")
        text = _fresh(shown, text)
        words = f"{words} {text}".strip() if text else words
        until = cue.end
        if words and _END.search(words):
            made.append(Passage(words, begin))
            words = ""
    if words:
        made.append(Passage(words, begin))
    return tuple(made)


def _fresh(before: str, text: str) -> str:
    """What of a caption was not said by the words before it already: rolling captions show each line twice."""
    if before.endswith(text):
        return ""
    lines = text.split(" ")
    for n in range(len(lines) - 1, 2, -1):  # of three words and more: shorter echoes are speech
        if before.endswith(" ".join(lines[:n])):
            return " ".join(lines[n:])
    return text


def some(passages: Sequence[Passage], most: int) -> tuple[Passage, ...]:
    """At most that many, spread evenly from the first to the last."""
    if len(passages) <= most:
        return tuple(passages)
    return tuple(passages[i * (len(passages) - 1) // (most - 1)] for i in range(most))


def place_of(passages: Iterable[Passage], quote: str) -> str:
    """Where a quote stands: ``at 03:12``; an empty text where it stands nowhere, or without time and page."""
    if not quote:
        return ""
    return next((p.where for p in passages if quote in p.text), "")


class Transcripts(Protocol):
    """``ascertain.store.transcripts``."""

    def of(self, content_ids: Sequence[str]) -> Mapping[str, Transcript]:
        """Those that there are, by content id."""

    def put(self, transcript: Transcript) -> bool:
        """Keep it in place of the one before; whether its words are others than before. The content's tags are looked
        for anew then."""

    def remove(self, content_id: str) -> bool:
        """Whether there was one."""

    def sizes(self) -> dict[str, tuple[str, str, int, float | None]]:
        """Content id → file name, kind, characters, seconds."""
