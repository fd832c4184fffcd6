"""What of a text may count at all: negated clauses are blanked out, boilerplate sentences are passed over.

The scope of a negation is its clause (Chapman et al. 2001, *A simple algorithm for identifying negated findings*,
NegEx: cue phrases with a forward or backward scope, ended by punctuation or a conjunction such as "but").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.text import blank, sentences, tokens, without_markup

_CLAUSE_END = re.compile(
    r"[,;:!?()–—]|\.(?=\s|$)|\s-\s|\b(?:but|however|although|though|yet|except|so|because|whereas|while|"
    r"and (?:is|has|can|will|was|he|she|they|it|we|you)|"
    r"before|after|until|when|aber|jedoch|sondern|obwohl|mais|cependant|pero|sino|aunque)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text: its span there, and ``visible``, equally long, with what must not count blanked.

    ``foreign`` marks another language than the taxonomy's: only what is named word for word counts there.
    """

    start: int
    end: int
    visible: str
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Tongue:
    """The language of a text that is not the taxonomy's: its word lists, and whether what finds skills by meaning
    understands it. If not, only what is named word for word counts."""

    lexicon: Lexicon
    understood: bool = False


def visible_sentences(text: str, lexicon: Lexicon, *, english: bool = True, screened: bool = True) -> list[Sentence]:
    """The sentences that may express a skill, in order, repeated ones once; ``english`` marks other languages.

    All sentences with all their words where not ``screened``.
    """
    clean = without_markup(text)
    spans = sentences(text, lexicon.abbreviations)
    in_course = bool(lexicon.course_context.search(clean))
    found: list[Sentence] = []
    seen: set[str] = set()
    for start, end in spans:
        words = clean[start:end]
        key = words.casefold().strip()
        if key in seen:
            continue
        seen.add(key)
        if not screened:
            found.append(Sentence(start, end, words, english and _is_foreign(words, lexicon)))
            continue
        if lexicon.boilerplate.search(words) or lexicon.prerequisite.search(words):
            continue
        if in_course and len(spans) > 1 and lexicon.prerequisite_in_course.search(words):
            continue
        foreign = english and _is_foreign(words, lexicon)
        found.append(Sentence(start, end, without_negated(words, lexicon), foreign))
    return found


def without_negated(sentence: str, lexicon: Lexicon) -> str:
    """The sentence with negated clauses blanked; equally long."""
    exempt = [m.span() for m in lexicon.negation_exempt.finditer(sentence)]
    result = sentence
    for m in lexicon.negation_before.finditer(sentence):
        if _inside(m.start(), exempt):
            continue
        stop = _CLAUSE_END.search(sentence, m.end())
        result = blank(result, m.start(), stop.start() if stop else len(sentence))
    for m in lexicon.negation_after.finditer(sentence):
        if _inside(m.start(), exempt):
            continue
        begin = 0
        for mark in _CLAUSE_END.finditer(sentence, 0, m.start()):
            begin = mark.end()
        result = blank(result, begin, m.end())
    return result


def _is_foreign(sentence: str, lexicon: Lexicon) -> bool:
    words = [w.surface.lower() for w in tokens(sentence)]
    foreign = sum(w in lexicon.foreign for w in words)
    return foreign >= 2 and foreign > sum(w in lexicon.english for w in words)


def _inside(position: int, spans: list[tuple[int, int]]) -> bool:
    return any(a <= position < b for a, b in spans)
