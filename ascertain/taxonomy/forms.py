"""Surface forms: the ways a taxonomy writes a skill, as terms that can be compared with a text's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass

from ascertain.domain.skills import Skill
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.text import Token, tokens

_PARENTHESIS = re.compile(r"\s*\([^()]*\)")
BOUND = "="
"""Prefix of a term that counts only in this case: ``=IT``, ``=Go``, ``=R``."""
GAP = " "
"""Between the terms of a phrase."""

_SHOUTED = frozenset({"it", "us", "who", "go", "act", "make", "less", "rest", "word", "access"})
"""Everyday words that mean nothing in a sentence written in capitals throughout."""
_SMALL_WORDS = frozenset({"the", "a", "an", "to", "at", "in", "on", "your", "our", "with", "from", "into"})
"""After one of these a capitalised first word is a verb rather than a name."""

_TITLE_WORDS = frozenset({"at", "with"})
"""In a title's capitals ("Excel at Work") these do not make the word before them a verb."""
_TITLE_LENGTH = 12
_COMMON = 8
"""A word in the labels of so many skills is a subject of its own, and no name of yet another skill."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a skill: ``skill`` is its row, ``terms`` its stems (or one case-bound term)."""

    skill: int
    is_label: bool
    terms: tuple[str, ...]


def title_case(words: Sequence[Token]) -> bool:
    """Whether a few words are written as a title: every word of four letters and more capitalised, two at least."""
    long = [w.surface for w in words if len(w.surface) > 3]
    return len(long) > 1 and len(words) <= _TITLE_LENGTH and all(w[0].isupper() or not w[0].isalpha() for w in long)


def is_bound(surface: str, lexicon: Lexicon) -> bool:
    """Whether a name made of this one word collides with everyday words and so counts in its own case only.

    True for the lexicon's everyday words and for one- and two-letter names, where written with a capital.
    """
    if not any(c.isupper() for c in surface):
        return False
    return surface.lower() in lexicon.everyday or (len(surface) <= 2 and surface.isalpha())


def form_terms(text: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Terms of a label or synonym."""
    words = tokens(text, language=lexicon.language)
    if len(words) == 1 and is_bound(words[0].surface, lexicon):
        return (BOUND + words[0].surface,)
    return tuple(w.stem for w in words)


def forms(skills: Sequence[Skill], lexicon: Lexicon) -> list[Form]:
    """All distinct forms, grouped by skill in its order, the label's first. A label's parenthesis is also left off.

    Synonyms that mislead are left out (see ``_without_misleading``).
    """
    found: list[Form] = []
    for row, skill in enumerate(skills):
        seen: set[tuple[str, ...]] = set()
        bare = _PARENTHESIS.sub("", skill.label).strip()
        written = [(form_terms(text, lexicon), True) for text in (skill.label, bare)]
        written += [(_without_verb(terms, lexicon), False) for terms, _ in written]
        written += [(form_terms(text, lexicon), False) for text in skill.synonyms]
        for terms, is_label in written:
            if terms and terms not in seen:
                seen.add(terms)
                found.append(Form(row, is_label, terms))
    return _without_misleading(found, lexicon)


def _without_verb(terms: tuple[str, ...], lexicon: Lexicon) -> tuple[str, ...]:
    """A label's terms after a verb that says no more than that one does it; none where there is no such verb."""
    return terms[1:] if len(terms) > 2 and terms[0] in lexicon.plain_verb_stems else ()


def _without_misleading(found: Sequence[Form], lexicon: Lexicon) -> list[Form]:
    """Without the synonyms that rather name something else.

    Large taxonomies have many. Three kinds are told by their form: what is another skill's label (ESCO's "project
    commissioning" is also called "project management"), one word that many skills are about ("securities": "security";
    "packaging engineering": "engineering"), and a company in place of what it makes ("search engines": "Google").
    """
    label_of: dict[tuple[str, ...], set[int]] = {}
    own: dict[int, set[str]] = {}
    for f in found:
        if f.is_label:
            label_of.setdefault(f.terms, set()).add(f.skill)
            if bare := _without_verb(f.terms, lexicon):
                label_of.setdefault(bare, set()).add(f.skill)
            own.setdefault(f.skill, set()).update(f.terms)
    common = Counter(term for terms in own.values() for term in terms)

    def misleads(form: Form) -> bool:
        if form.skill not in label_of.get(form.terms, {form.skill}):
            return True
        words = [t for t in form.terms if t not in lexicon.stop_stems]
        if len(words) != 1:
            return False
        return common[words[0]] >= _COMMON or (words[0] in lexicon.company_stems and words[0] not in own[form.skill])

    return [f for f in found if f.is_label or not misleads(f)]


def bound_terms(words: Sequence[Token], lexicon: Lexicon, known: Container[str]) -> dict[int, str]:
    """Position → case-bound term, for the words of a sentence that are written like a name in ``known``."""
    shouting = len(words) > 3 and not any(c.islower() for w in words for c in w.surface)
    title = title_case(words)
    result: dict[int, str] = {}
    for i, w in enumerate(words):
        term, low = BOUND + w.surface, w.surface.lower()
        if term not in known:
            continue
        after = words[i + 1] if i + 1 < len(words) else None
        following = after.surface.lower() if after and after.start - w.end <= 1 else ""
        if low in lexicon.everyday and not (title and following in _TITLE_WORDS):
            # A sentence's first word is capitalised anyway; a verb would be followed by a small word.
            verb = i == 0 and w.surface.istitle() and len(low) > 1 and following in _SMALL_WORDS
            if verb or following in lexicon.everyday[low] or (shouting and low in _SHOUTED):
                continue
        result[i] = term
    return result
