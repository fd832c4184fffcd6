"""Text from outside made fit to quote: no markup, no hidden characters, one way to write each letter.

LMS descriptions, reviews and tickets are untrusted. What a human does not see must not reach a brain either: the
Unicode tag block, zero-width characters, bidirectional controls and variation selectors are the usual hiding places
(Boucher et al., *Bad Characters*, IEEE S&P 2022; Unicode Technical Report 36).
"""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from typing import Any


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BLOCKS = _names(
    "address article aside blockquote br caption dd details dialog div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
_SILENT = _names("script style template noscript iframe object svg head title")
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
# Only what looks like a tag is taken for one: "a < b" and "x <- 3" are prose.
_MARKUP = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--|![a-zA-Z][^<>]*)>|&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);", re.DOTALL)
# html.parser takes any "<" followed by a letter, "!" or "?" for markup and would swallow the rest of the text.
_NOT_MARKUP = re.compile(r"<(?!/?[a-zA-Z][^<>]*>|!--.*?-->|![a-zA-Z][^<>]*>)", re.DOTALL)
_ROUNDS = 12
_NO_MARKUP = {ord(c): " " for c in "<>&"}
_STYLE_HIDES = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0", re.IGNORECASE)

_HIDDEN_RANGES = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors and vowel separator
    (0x200B, 0x200F),  # zero width, directional marks
    (0x202A, 0x202E),  # bidirectional embedding and override
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
    (0xFFF9, 0xFFFB),  # interlinear annotation
    (0xE0000, 0xE0FFF),  # tags, variation selectors supplement
)
_HIDDEN_CLASS = "".join(f"{chr(a)}-{chr(b)}" for a, b in _HIDDEN_RANGES)
_HIDDEN = re.compile(f"[{_HIDDEN_CLASS}]")
# What a terminal obeys instead of showing it (ECMA-48): C0 but tab and line feed, DEL, C1. Of a command for colour or
# cursor the parameters go too, since they would be left as letters.
_UNSEEN = re.compile(f"\\x1b\\[[0-?]*[ -/]*[@-~]|[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f{_HIDDEN_CLASS}]")
_BANNED_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")


def clean_text(raw: str) -> str:
    """HTML or plain text as plain text.

    Markup and what it hides go away, entities are resolved, letters are NFKC, invisible and control characters are
    removed, blanks collapse. Block elements become line breaks, so sentences stay apart. ``clean_text`` of a clean
    text is that text.

    >>> clean_text("<p>Learn&nbsp;SQL.</p><ul><li>joins</li></ul>")
    'Learn SQL.\\njoins'
    """
    text = raw
    # Entities may hide markup (&lt;b&gt;), and NFKC may make some (＜b＞): until nothing changes any more.
    for _ in range(_ROUNDS):
        following = _tidy(_strip_markup(text))
        if following == text:
            return text
        text = following
    # Nobody nests that deep by accident, and each further layer would cost another pass.
    return _tidy(_tidy(text).translate(_NO_MARKUP))


def clean_plain(raw: str) -> str:
    """Like ``clean_text`` for a source without markup, where ``List<String>`` is what somebody wrote."""
    return _tidy(raw)


def visible(text: str) -> str:
    """For display: without invisible and bidirectional characters and without what a terminal would obey, however they
    came into what is shown. Line feeds and tabs stay.

    The joiners between letters (U+200C, U+200D) go as well. They would keep Persian and Indic letters apart or an emoji
    of several whole; without them such text reads a little less well, and with them a name can be split unseen.
    """
    return _UNSEEN.sub("", text)


def shown(value: Any) -> Any:
    """What a page shows of a value: text without hidden characters, also where a template forgets to clean it; of the
    same kind as before, so that markup stays markup. All else as it is."""
    return type(value)(visible(value)) if isinstance(value, str) and visible(value) != value else value


def is_hidden(character: str) -> bool:
    """True for a character that ``clean_text`` never lets through: invisible, control, unassigned, private."""
    if character == "\n":
        return False
    return bool(_HIDDEN.match(character)) or unicodedata.category(character) in _BANNED_CATEGORIES


def _tidy(text: str) -> str:
    if text.isascii() and text.isprintable() and "  " not in text:  # nearly every field of a row: nothing to tidy
        return text.strip(" ")
    normal = unicodedata.normalize("NFKC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    normal = normal.replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", "\n")
    if not normal.isascii() or not normal.replace("\n", "").isprintable():
        normal = "".join(c for c in normal if not is_hidden(c))
        # What stood on both sides of a removed character may combine now.
        normal = unicodedata.normalize("NFKC", normal)
    return _LINES.sub("\n", _SPACES.sub(" ", normal)).strip()


def _strip_markup(text: str) -> str:
    if not _MARKUP.search(text):
        return text
    reader = _Reader()
    reader.feed(_NOT_MARKUP.sub("&lt;", text))
    reader.close()
    return "".join(reader.parts)


class _Reader(HTMLParser):
    """Collects what a reader of the rendered page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        hides = tag in _SILENT or "hidden" in values or bool(_STYLE_HIDES.search(values.get("style") or ""))
        if tag not in _VOID and (hides or self._silent):
            self._silent.append(tag)
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent and self._silent.pop() != tag:
                continue
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
