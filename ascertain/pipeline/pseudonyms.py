"""Pseudonyms and masking: before any brain sees a text, everybody in it becomes "[person]".

Masking fails closed: a text that still holds a known name or an address afterwards raises
:class:`~ascertain.errors.PseudonymError`, and the run stops before a brain is asked.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from ascertain.domain.people import Learner
from ascertain.errors import PseudonymError

PERSON = "[person]"
ADDRESS = "[address]"
NUMBER = "[number]"

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MENTION = re.compile(r"(?<!\w)@[A-Za-z][\w.-]+")
_NATIONAL_ID = re.compile(r"\b\d{3}-\d{2}-\d{4}\b")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{4}\b")
_DIGIT = re.compile(r"\d")
_ID = re.compile(r"\b[A-Za-z]{0,12}[-_]?\d[\w-]*\b")
_PHONE = re.compile(r"(?<![\w.])\+?\d[\d ()/.-]{7,}\d(?!\w)")

_COMMON = frozenset(
    [
        "an",
        "art",
        "august",
        "bill",
        "brook",
        "chase",
        "dawn",
        "dean",
        "do",
        "drew",
        "faith",
        "frank",
        "grace",
        "grant",
        "guy",
        "hope",
        "hunt",
        "in",
        "ivy",
        "jack",
        "jasmine",
        "joy",
        "june",
        "king",
        "lane",
        "law",
        "long",
        "mark",
        "mason",
        "may",
        "miles",
        "pat",
        "rich",
        "rob",
        "rose",
        "ruby",
        "so",
        "sky",
        "summer",
        "sunny",
        "van",
        "victor",
        "ward",
        "wells",
        "west",
        "will",
        "young",
    ]
)
"""Names that are everyday words or skills: masked alone only beside another name, so that "will" and "Ruby" survive."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Whose names are known: casefolded name parts, pairs of neighbouring parts, ids, and every word of these names."""

    parts: frozenset[str]
    wholes: frozenset[str]
    ids: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, learners: Iterable[Learner]) -> Directory:
        """Build from learners; name parts of one letter are left out."""
        parts: set[str] = set()
        wholes: set[str] = set()
        ids: set[str] = set()
        every: set[str] = set()
        for learner in learners:
            words = [w.casefold() for w in _WORD.findall(learner.name)]
            every.update(words)
            parts.update(w for w in words if len(w) > 1)
            wholes.update(" ".join(pair) for pair in pairwise(words))
            if len(words) > 2:
                wholes.add(f"{words[0]} {words[-1]}")
            ids.add(learner.id.casefold())
        return cls(frozenset(parts), frozenset(wholes), frozenset(ids), frozenset(every))


class KeyedPseudonymiser:
    """HMAC-SHA256 pseudonyms under the installation's key, and masking against a directory of names.

    Implements :class:`ascertain.domain.ports.Pseudonymiser`.
    """

    def __init__(self, key: bytes, directory: Directory | None = None) -> None:
        self._key = key
        self._directory = directory or Directory.of(())

    def with_directory(self, directory: Directory) -> KeyedPseudonymiser:
        """The same key, other names."""
        return KeyedPseudonymiser(self._key, directory)

    def pseudonym(self, learner_id: str) -> str:
        """Like ``P-7QK2M4XN5R3A``: the same person always gets the same one under one key."""
        mac = hmac.digest(self._key, learner_id.encode(), "sha256")
        return "P-" + base64.b32encode(mac[:8]).decode().rstrip("=")

    def mask(self, text: str) -> str:
        """Replace people, addresses, phone numbers and ids.

        Raises:
            PseudonymError: when something known is still there afterwards.
        """
        if "@" in text:
            text = _EMAIL.sub(ADDRESS, text)
            text = _MENTION.sub(PERSON, text)
        if _DIGIT.search(text):
            text = _NATIONAL_ID.sub(NUMBER, text)
            text = _PHONE.sub(_mask_phone, text)
        text = self._mask_names(text)
        if _DIGIT.search(text):
            text = _ID.sub(self._mask_id, text)
        self._prove_clean(text)
        return text

    def _mask_names(self, text: str) -> str:
        if not self._may_name(text):
            return text
        words = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(text)]
        hit = [self._is_name(w) for _, _, w in words]
        sure = [h and w.casefold() not in _COMMON for h, (_, _, w) in zip(hit, words, strict=True)]
        folded = [_fold(w) for _, _, w in words]
        whole = {
            j
            for i, pair in enumerate(pairwise(folded))
            if " ".join(pair) in self._directory.wholes and _touch(text, words[i][1], words[i + 1][0])
            for j in (i, i + 1)
        }
        masked: list[tuple[int, int]] = []
        for i, (start, end, _) in enumerate(words):
            beside = (i > 0 and hit[i - 1] and _touch(text, words[i - 1][1], start)) or (
                i + 1 < len(words) and hit[i + 1] and _touch(text, end, words[i + 1][0])
            )
            if sure[i] or (hit[i] and beside) or i in whole:
                if masked and _touch(text, masked[-1][1], start):
                    masked[-1] = (masked[-1][0], end)
                else:
                    masked.append((start, end))
        for start, end in reversed(masked):
            text = text[:start] + PERSON + text[end:]
        return text

    def _may_name(self, text: str) -> bool:
        """False for a text without any word of a name: most texts, and quick to see."""
        return not self._directory.words.isdisjoint(map(_fold, _WORD.findall(text)))

    def _is_name(self, word: str) -> bool:
        return word[0].isupper() and _fold(word) in self._directory.parts

    def _mask_id(self, match: re.Match[str]) -> str:
        return NUMBER if match.group().casefold() in self._directory.ids else match.group()

    def _prove_clean(self, text: str) -> None:
        if ("@" in text and _EMAIL.search(text)) or _NATIONAL_ID.search(text):
            raise PseudonymError("an address or a national id survived masking")
        words = list(_WORD.finditer(text)) if self._may_name(text) else []
        for left, right in pairwise(words):
            pair = f"{_fold(left.group())} {_fold(right.group())}"
            if pair in self._directory.wholes and _touch(text, left.end(), right.start()):
                raise PseudonymError(
                    "a person's name survived masking",
                    remedy="withhold that evidence, or correct the name in the directory",
                )


def _fold(word: str) -> str:
    return word.casefold().removesuffix("'s").removesuffix("’s")


def _touch(text: str, end: int, start: int) -> bool:
    return start - end <= 2 and text[end:start].isspace()


def _mask_phone(match: re.Match[str]) -> str:
    """Dates and short figures stay: only what has at least nine digits and no date in it is a phone number."""
    found = match.group()
    return found if _DATE.search(found) or sum(c.isdigit() for c in found) < 9 else NUMBER
