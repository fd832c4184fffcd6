"""Pseudonyms and masking: before any brain sees a text, everybody in it becomes "[person]".

Masking fails closed: a text that still holds a known name or an address afterwards raises
:class:`~ascertain.errors.PseudonymError`, and the run stops before a brain is asked. What is looked for is described
in ``docs/pseudonymisation.md``.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable

from ascertain.domain.text import clean_text
from ascertain.errors import PseudonymError
from ascertain.pipeline.name_forms import Directory, Span, close_names, id_spans, name_spans

__all__ = ["ADDRESS", "NUMBER", "PERSON", "Directory", "KeyedPseudonymiser"]

PERSON = "[person]"
ADDRESS = "[address]"
NUMBER = "[number]"

_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_SPELT_AT = r"(?:[ ]?[\[({<][ ]?(?:at|@|ät)[ ]?[\])}>][ ]?|[ ]@[ ]|[ ](?:AT|at)[ ])"
_SPELT_DOT = r"(?:[ ]?[\[({<][ ]?(?:dot|punkt|\.)[ ]?[\])}>][ ]?|[ ](?:DOT|dot)[ ])"
_SPELT_EMAIL = re.compile(
    rf"[\w.+-]+(?:{_SPELT_DOT}[\w-]+)*?"
    rf"(?:[ ]?[\[({{<][ ]?(?:at|@|ät)[ ]?[\])}}>][ ]?[\w-]+(?:(?:\.|{_SPELT_DOT})[\w-]+)*"
    rf"|{_SPELT_AT}[\w-]+(?:\.[\w-]+)*(?:{_SPELT_DOT}[\w-]+)+"
    rf"|[ ]@[ ][\w-]+(?:\.[\w-]+)+)"
    rf"|[\w.+-]+@[\w-]+(?:{_SPELT_DOT}[\w-]+)+",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<![\w@])@[^\W\d_][\w.-]*\w|(?<![\w@])@[^\W\d_]")
_NATIONAL_ID = re.compile(
    r"\b\d{3}-\d{2}-\d{4}\b"  # United States
    r"|\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"  # Brazil
    r"|\b[A-CEGHJ-PR-TW-Z]{2}[ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-D]\b"  # United Kingdom
    r"|\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b"  # Italy
    r"|\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b"  # account numbers (ISO 13616)
)
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{4}\b")
_DIGIT = re.compile(r"\d")
_PHONE = re.compile(r"(?<![\w.])(?:\+|\(\+?)?\d[\d ()/.‐‑–-]{5,}\d(?!\w)")
_CALL = re.compile(r"(?:\b(?:tel|phone|mobile|cell|call|fax|telefon|handy|mob|ext)\b|☎|📞)[\s.:#-]*$", re.IGNORECASE)
_ROUNDS = 4


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

    def derived(self, purpose: str) -> bytes:
        """A key for something else (32 bytes), which tells nothing of this one and is the same in all processes."""
        return hmac.digest(self._key, f"derived key: {purpose}".encode(), "sha256")

    def mask(self, text: str) -> str:
        """Replace people, addresses, phone numbers and ids. The text is cleaned first (``clean_text``), so that what a
        reader sees is what is searched.

        Raises:
            PseudonymError: when something known is still there afterwards.
        """
        masked = clean_text(text)
        for _ in range(_ROUNDS):  # what stood on both sides of a masked word may belong together now
            before, masked = masked, self._masked(masked)
            if masked == before:
                break
        self._prove_clean(masked)
        return masked

    def _masked(self, text: str) -> str:
        text = _SPELT_EMAIL.sub(ADDRESS, _EMAIL.sub(ADDRESS, text))
        if "@" in text:
            text = _MENTION.sub(PERSON, text)
        if _DIGIT.search(text):
            text = _NATIONAL_ID.sub(NUMBER, text)
            text = _PHONE.sub(_mask_phone, text)
        text = _replaced(text, id_spans(text, self._directory), _id_stands_for)
        return self._mask_names(text)

    def _mask_names(self, text: str) -> str:
        return _replaced(text, name_spans(text, self._directory), lambda _: PERSON)

    def _prove_clean(self, text: str) -> None:
        if ("@" in text and _EMAIL.search(text)) or _NATIONAL_ID.search(text):
            raise PseudonymError("an address or a national id survived masking")
        if close_names(text, self._directory) or id_spans(text, self._directory):
            raise PseudonymError(
                "a person's name survived masking",
                remedy="withhold that evidence, or correct the name in the directory",
            )


def _replaced(text: str, spans: list[Span], by: Callable[[str], str]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + by(text[start:end]) + text[end:]
    return text


def _id_stands_for(found: str) -> str:
    return NUMBER if _DIGIT.search(found) else PERSON


def _mask_phone(match: re.Match[str]) -> str:
    """Dates and short figures stay: a phone number has no date in it, and nine digits; seven after a "+", six after a
    word like "phone"."""
    found = match.group()
    digits = sum(c.isdigit() for c in found)
    called = bool(_CALL.search(match.string, max(0, match.start() - 16), match.start()))
    needed = 6 if called else 7 if found.lstrip("(").startswith("+") else 9
    return found if _DATE.search(found) or digits < needed else NUMBER
