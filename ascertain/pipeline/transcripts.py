"""Transcripts put to content: whose words they are is asked of nobody, what is said in them is read as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Protocol

from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, Content, UnitOfWork
from ascertain.domain.transcripts import Passage, Transcript, words_sha
from ascertain.errors import NotFoundError
from ascertain.pipeline.permit import demand

Json = dict[str, Any]


class Read(Protocol):
    """``ascertain.connectors.transcript_file.Reading``."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def passages(self) -> tuple[Passage, ...]: ...
    @property
    def left_out(self) -> int: ...
    @property
    def unread(self) -> int: ...
    @property
    def remarks(self) -> tuple[str, ...]: ...


class NotRead(Protocol):
    """``ascertain.connectors.transcript_file.Unread``."""

    @property
    def name(self) -> str: ...
    @property
    def reason(self) -> str: ...


@dataclass(slots=True)
class TranscriptReport:
    """What became of the files of one import. ``problems`` name the file; of those ``remarks`` the rest was taken."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def attach(uow: UnitOfWork, who: Principal, content_id: str, read: Read, clock: Clock) -> Transcript:
    """Put the words of a file to content, in place of those before. The same words again change nothing. The caller
    commits.

    Raises:
        ForbiddenError: they may not.
        NotFoundError: no such content.
    """
    demand(uow, who, Action.CATALOGUE_IMPORT)
    content = _content(uow, content_id)
    made = Transcript(
        content_id,
        PurePath(read.name).name,
        read.kind,
        words_sha(read.passages),
        read.passages,
        read.left_out,
        read.unread,
        who.name,
        clock.now(),
    )
    known = uow.transcripts.of([content_id]).get(content_id)
    if known is not None and (known.sha, known.passages) == (made.sha, made.passages):
        return known
    uow.transcripts.put(made)
    header = {
        "content": content_id,
        "kind": made.kind,
        "passages": len(made.passages),
        "characters": made.characters,
        "text": content.text_hash,
    }
    uow.audit.append("content.transcript_put", actor=who.kind, header=header, payload={"actor": who.name})
    return made


def remove(uow: UnitOfWork, who: Principal, content_id: str) -> None:
    """Take the transcript of content away. The caller commits.

    Raises:
        ForbiddenError: they may not.
        NotFoundError: no such content, or it has none.
    """
    demand(uow, who, Action.CATALOGUE_IMPORT)
    _content(uow, content_id)
    if content_id not in uow.transcripts.of([content_id]):
        raise NotFoundError(
            f"{content_id!r} has no transcript", remedy="`ascertain content transcript list` shows them"
        )
    uow.transcripts.remove(content_id)
    header = {"content": content_id}
    uow.audit.append("content.transcript_removed", actor=who.kind, header=header, payload={"actor": who.name})


def attach_all(uow: UnitOfWork, who: Principal, read: Iterable[Read | NotRead], clock: Clock) -> TranscriptReport:
    """Put each file to the content that it is named after: its id, its id in its own system, or its code. A file that
    names none, or several, is reported; the others go on. The caller commits.

    Raises:
        ForbiddenError: they may not.
    """
    demand(uow, who, Action.CATALOGUE_IMPORT)
    report, names, taken = TranscriptReport(), named_after(uow.contents.all(active_only=False)), dict[str, str]()
    for one in read:
        if hasattr(one, "reason"):
            report.problems.append(f"{one.name}: {one.reason}")
            continue
        ids = names.get(_stem(one.name), frozenset())
        if len(ids) != 1:
            why = f"fits {len(ids)} items: {', '.join(sorted(ids)[:4])}" if ids else "is named after no content"
            report.problems.append(f"{one.name}: {why} (name it after the content's id, as `ascertain content list`)")
            continue
        (ident,) = ids
        if ident in taken:
            report.problems.append(f"{one.name}: {ident} has its transcript from {taken[ident]}; the first is kept")
            continue
        taken[ident] = one.name
        before = uow.transcripts.of([ident]).get(ident)
        after = attach(uow, who, ident, one, clock)
        report.remarks += [f"{one.name}: {r}" for r in one.remarks]
        report.new += before is None
        report.unchanged += before is not None and after == before
        report.changed += before is not None and after != before
    return report


def named_after(contents: Iterable[Content]) -> Mapping[str, frozenset[str]]:
    """By what a file may be called, which content is meant. In a file's name ``:`` and ``/`` may be ``_`` or ``-``."""
    found: dict[str, set[str]] = {}
    for c in contents:
        ident = c.item.content_id
        for name in {ident, ident.partition(":")[2], c.code}:
            for spelt in {name, name.translate(_UNDERSCORED), name.translate(_DASHED)}:
                if spelt:
                    found.setdefault(spelt.casefold(), set()).add(ident)
    return {name: frozenset(ids) for name, ids in found.items()}


_UNDERSCORED, _DASHED = str.maketrans(":/", "__"), str.maketrans(":/", "--")
_LANGUAGES = 6
"""Letters that a language mark before the suffix has at most: ``course-12.en-GB.vtt``."""


def _stem(name: str) -> str:
    stem = PurePath(name).name.rpartition(".")[0]
    before, dot, mark = stem.rpartition(".")
    if dot and len(mark) <= _LANGUAGES and mark.replace("-", "").isalpha():
        stem = before
    return stem.casefold()


def _content(uow: UnitOfWork, content_id: str) -> Content:
    found = uow.contents.get(content_id)
    if found is None:
        raise NotFoundError(f"there is no content {content_id!r}", remedy="`ascertain content list` shows it")
    return found
