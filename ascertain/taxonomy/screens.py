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
_COMMA = re.compile(r"[,;|](?=\s)(?![^()]*\))")
_LONG = 12
"""So many items between commas are a list of skills, announced or not."""
_ITEM_WORDS = 6


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
    in_list = False
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
        shown = without_asides(without_negated(words, lexicon), lexicon)
        parts = list_items(shown, lexicon, goes_on=in_list)
        in_list = len(parts) > 1 and words.endswith(",")
        if len(parts) == 1:
            found.append(Sentence(start, end, shown, foreign))
            continue
        for a, b in parts:
            part = shown[a:b].strip(" ,;")
            if any(c.isalnum() for c in part):
                begin = start + a + shown[a:b].index(part)
                found.append(Sentence(begin, begin + len(part), part, foreign))
    return found


def without_asides(sentence: str, lexicon: Lexicon) -> str:
    """The sentence with phrases blanked that say nothing of its subject; equally long."""
    for m in lexicon.asides.finditer(sentence):
        sentence = blank(sentence, m.start(), m.end())
    return sentence


def list_items(sentence: str, lexicon: Lexicon, *, goes_on: bool = False) -> list[tuple[int, int]]:
    """(start, end) of the parts to read by themselves: the whole sentence, or the items of a list of skills.

    Read as one, a list's last items are beyond what the encoder reads, and each hides the others. A list of skills is
    announced as one ("skills such as …"), or ``goes_on`` from the sentence before, or has ``_LONG`` items. A shorter
    enumeration is part of what its sentence says: "regions, storage and pricing" in a course on a cloud are details,
    not skills taught.
    """
    announced = lexicon.skill_list.search(sentence)
    begin = announced.end() if announced else 0
    cuts = [m.start() for m in _COMMA.finditer(sentence, begin)]
    items = list(zip([begin, *(c + 1 for c in cuts)], [*cuts, len(sentence)], strict=True))
    short = [len(tokens(sentence[a:b])) <= _ITEM_WORDS for a, b in items]
    enough = 1 if announced or goes_on else _LONG
    first, last = _longest_run(short)
    if last - first < enough:
        return [(0, len(sentence))]
    before, after = items[first][0], items[last - 1][1]
    lead = (0, announced.start()) if announced and first == 0 else (0, before)
    return [p for p in (lead, *items[first:last], (after, len(sentence))) if p[0] < p[1]]


def _longest_run(flags: list[bool]) -> tuple[int, int]:
    """(start, end) of the first longest run of true values."""
    best = at = 0, 0
    for i, flag in enumerate(flags):
        at = (at[0], i + 1) if flag else (i + 1, i + 1)
        best = max(best, at, key=lambda r: r[1] - r[0])
    return best


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
