"""Which language a text is in: naive Bayes over byte n-grams (py3langid; Lui & Baldwin 2012, *langid.py*).

Detection takes some 0.05 ms a text; the model is read when first needed (0.4 s, 90 MB). A text with two of English's
own function words is English without it. Texts of fewer than three words carry too little to say: product names look
like any language.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from importlib.metadata import version as installed
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

KNOWN = (
    *("ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "is", "it", "lt", "lv"),
    *("mt", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sv", "uk"),
)
"""The languages of ESCO, told apart from each other; no other is ever reported."""
SURE = 0.75
"""Under this probability nothing is said. Of 2,164 English sentences and work notes none reaches 0.7 for another
language."""
SURE_AMONG = 0.8
"""The same between a taxonomy's own languages."""
FEWEST_WORDS = 3
LONGEST = 2000
"""Characters read of a text."""
NO_LANGUAGE = "zxx"
"""What the model calls numbers and identifiers."""
# Norwegian texts are one of two written standards in the model.
_ALIASES = {"nb": "no", "nn": "no"}
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "and been from has have his our should that the their them there these they this those were which with would "
        "you your",
    )
)
"""Function words that hardly any other of the languages writes so: two different ones must stand there."""


def detect(text: str) -> str | None:
    """ISO 639-1 code of the text's language, one of ``KNOWN``; None where it is too short or too unsure to say."""
    words = _words(text)
    if len(words) < FEWEST_WORDS:
        return None
    if len(_ENGLISH.intersection(words)) > 1:
        return "en"
    best, probability = _ranked(text)[0]
    return best if probability >= SURE and best != NO_LANGUAGE else None


def detect_among(text: str, languages: Collection[str]) -> str | None:
    """As ``detect``; where that says nothing, the likeliest of ``languages`` if it clearly is. For a taxonomy that has
    names in all of them, so that a single word finds them too."""
    found = detect(text)
    words = _words(text)
    if found or len(languages) < 2 or not words:
        return found
    ranked = [(code, p) for code, p in _ranked(text) if code in languages]
    mass = sum(p for _, p in ranked)
    return ranked[0][0] if ranked and mass > 0 and ranked[0][1] >= SURE_AMONG * mass else None


def detector_version() -> str:
    """Changes when the answers may."""
    return f"langid-{installed('py3langid')}"


def _words(text: str) -> list[str]:
    return [w.lower() for w in _WORD.findall(text[:LONGEST])]


def _ranked(text: str) -> list[tuple[str, float]]:
    """Languages by probability, best first."""
    # Digits and signs say nothing of the language, but cost probability.
    told: dict[str, float] = {}
    for code, p in _identifier().rank(" ".join(_WORD.findall(text[:LONGEST])) if _has_signs(text) else text[:LONGEST]):
        told[_ALIASES.get(code, code)] = told.get(_ALIASES.get(code, code), 0.0) + p
    return sorted(told.items(), key=lambda cp: (-cp[1], cp[0]))


def _has_signs(text: str) -> bool:
    return any(c.isdigit() or c in "<>{}[]|/\\_=#@" for c in text[:LONGEST])


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted({*KNOWN, *_ALIASES, NO_LANGUAGE} & set(identifier.labels)))
    return identifier
