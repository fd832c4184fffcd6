"""Words, stems and sentences, with offsets into the text they come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import Stemmer

_WORD = re.compile(r"\.net\b|(?<![^\W_])[a-z](?:\+\+|#)|(?<![^\W_])[a-z]&[a-z]\b|[^\W_]+(?:['’][^\W_]+)*", re.I)
_TAG = re.compile(r"<[^<>\n]{0,200}>")
_BLOCK_TAG = re.compile(r"</?(?:p|br|li|ul|ol|div|h[1-6]|tr|td|th|table|section)\b[^<>]*>", re.I)
_ENTITY = re.compile(r"&#?\w{1,8};")
_BREAK = re.compile(r"[\r\n\v\f\x85\u2028\u2029]+|[•●▪◦‣]|(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[^\W_])|(?<=;)\s+")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_DOUBLE_L = re.compile(r"ll$")
_SPELLING = (
    (re.compile(r"(?<=.{3})is(e|ed|er|ers|es|ing|ation|ations|ational|able)$"), r"iz\1"),
    (re.compile(r"(?<=.{3})ys(e|ed|er|ers|es|ing)$"), r"yz\1"),
    (re.compile(r"(?<=.{3})our(s|ed|ing|al|able|ful|ism)?$"), r"or\1"),
    (re.compile(r"(?<=.{2})tre(s?)$"), r"ter\1"),
)
_VARIANTS = {
    "programme": "program",
    "programmes": "programs",
    "catalogue": "catalog",
    "catalogues": "catalogs",
    "licence": "license",
    "licences": "licenses",
    "practise": "practice",
    "practised": "practiced",
    "practising": "practicing",
    "practises": "practices",
    "defence": "defense",
    "offence": "offense",
    "judgement": "judgment",
    "ageing": "aging",
    "cheque": "check",
    "e-mail": "email",
}
"""British spellings that no rule above turns into American ones; both sides of a comparison are turned alike."""
_KEPT_APART = {
    word: own
    for own, words in {
        "accounting": "accounting",
        "authority": "authority authorities",
        "customs": "customs",
        "emergency": "emergency emergencies",
        "experiment": "experiment experiments experimentation",
        "important": "important importance",
        "initiative": "initiative initiatives",
        "integrity": "integrity",
        "internal": "internal internally",
        "marketing": "marketing",
        "mobility": "mobility",
        "objection": "objection objections",
        "objective": "objective objectives",
        "police": "police",
        "production": "production",
        "productivity": "productivity",
        "relational": "relational",
        "securities": "securities",
        "succession": "succession",
        "transformer": "transformer transformers",
        "university": "university universities",
    }.items()
    for word in words.split()
}
"""Words that Snowball gives the stem of another word of working life: *succession* is not *success*."""

MAX_WORDS = 80
"""A "sentence" longer than this is a list or a table: it is cut, so that far-apart words do not meet."""

_stemmer = Stemmer.Stemmer("english")
SNOWBALL = {
    **{
        "ar": "arabic",
        "da": "danish",
        "de": "german",
        "el": "greek",
        "en": "english",
        "es": "spanish",
        "et": "estonian",
    },
    **{"fi": "finnish", "fr": "french", "ga": "irish", "hu": "hungarian", "it": "italian", "lt": "lithuanian"},
    **{"nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "sv": "swedish"},
}
"""ISO 639-1 code → Snowball stemmer. Words of other languages are compared as written, in small letters."""
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|un|dell|all|dall|nell|sull|quest|quell)['’](?=\w)")
_ELIDING = frozenset({"fr", "it", "ca"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word as written, its stem, and where it stands."""

    surface: str
    stem: str
    start: int
    end: int


@lru_cache(maxsize=200_000)
def stem(word: str, language: str = "en") -> str:
    """Snowball stem of a word; an English one in a spelling-neutral form: *modelling*, *modeling* → *model*."""
    if language != "en":
        return _foreign_stem(word, language)
    low = word.lower().replace("’", "'").removesuffix("'s")
    low = _VARIANTS.get(low, low)
    if low in _KEPT_APART:
        return _KEPT_APART[low]
    for pattern, replacement in _SPELLING:
        low = pattern.sub(replacement, low)
    return _DOUBLE_L.sub("l", str(_stemmer.stemWord(low)))


def _foreign_stem(word: str, language: str) -> str:
    low = word.lower().replace("’", "'")
    if language in _ELIDING:
        low = _ELISION.sub("", low)
    stemmer = _stemmer_of(language)
    return str(stemmer.stemWord(low)) if stemmer else low


@cache
def _stemmer_of(language: str) -> Stemmer.Stemmer | None:
    return Stemmer.Stemmer(SNOWBALL[language]) if language in SNOWBALL else None


def tokens(text: str, offset: int = 0, language: str = "en") -> list[Token]:
    """The words of a text. Keeps ``C++``, ``C#``, ``.NET`` and ``R&D`` whole; splits at hyphens and slashes."""
    return [
        Token(m.group(), stem(m.group(), language), m.start() + offset, m.end() + offset) for m in _WORD.finditer(text)
    ]


def blank(text: str, start: int, end: int) -> str:
    """``text`` with a span replaced by as many spaces: offsets stay true."""
    return text[:start] + " " * (end - start) + text[end:]


def without_markup(text: str) -> str:
    """HTML tags and entities replaced by white space of equal length (line breaks for block tags)."""
    text = _BLOCK_TAG.sub(lambda m: "\n" * len(m.group()), text)
    text = _TAG.sub(lambda m: " " * len(m.group()), text)
    return _ENTITY.sub(lambda m: " " * len(m.group()), text)


def sentences(text: str, abbreviations: frozenset[str] = frozenset()) -> list[tuple[int, int]]:
    """(start, end) of each sentence, trimmed; none of more than ``MAX_WORDS`` words.

    Breaks at line ends, bullets, semicolons and after ``.!?`` followed by a word, unless the full stop belongs to
    one of ``abbreviations`` (lower case, without their last full stop).
    """
    clean = without_markup(text)
    spans: list[tuple[int, int]] = []
    start = 0
    for m in _BREAK.finditer(clean):
        before = clean[start : m.start()].rstrip("\"'”’)]")
        if before.endswith(".") and _ends_in_abbreviation(before, abbreviations):
            continue
        spans.extend(_trimmed(clean, start, m.start()))
        start = m.end()
    spans.extend(_trimmed(clean, start, len(clean)))
    return spans


def _ends_in_abbreviation(before: str, abbreviations: frozenset[str]) -> bool:
    last = before[-12:-1].split()[-1:] or [""]
    word = last[0].lstrip("([\"'").lower()
    return word in abbreviations or bool(_INITIALS.fullmatch(word))


def _trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    while start < end and not text[start].isalnum() and text[start] not in ".(\"'“‘[":
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start >= end:
        return []
    words = list(_WORD.finditer(text, start, end))
    if not words:
        return []
    if len(words) <= MAX_WORDS:
        return [(start, end)]
    cut = words[MAX_WORDS - 1].end()
    comma = max(text.rfind(mark, words[MAX_WORDS // 2].end(), cut) for mark in ",:–|")
    if comma > 0:
        cut = comma + 1
    return [*_trimmed(text, start, cut), *_trimmed(text, cut, end)]
