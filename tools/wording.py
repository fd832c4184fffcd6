"""How sentences are taken apart: pieces that can be quoted verbatim, words that deny, text that gives orders."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_QUOTE = 300
"""Characters of the longest quote: enough for a sentence, too little to copy a document."""

_BLANKS = re.compile(r"\s+")
_END_OF_SENTENCE = re.compile(
    r"(?<![\s.]e\.g\.)(?<![\s.]i\.e\.)(?<!\betc\.)(?<!\bvs\.)(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9À-Þ])|\s*\n+\s*|\s*[•▪●]\s*"
)
_TURN = re.compile(r"[,;]?\s+(?:but|however,?|although|though|whereas)\s+|;\s+", re.IGNORECASE)

_NEEDS = r"(?:much |more |a lot of |some |further |close |closer |regular )*"
_DENIAL = re.compile(
    r"\b(?:"
    r"(?:has |have |had |with )?(?:no|little|hardly any|insufficient) (?:real |practical |prior |working )?"
    r"(?:experience|knowledge|understanding|command|grasp)(?: (?:with|in|of))?"
    r"|not (?:yet )?(?:been )?(?:able to|familiar with|confident (?:with|in)|comfortable with|ready (?:for|to)"
    r"|proficient (?:with|in|at)|experienced (?:with|in)|competent (?:with|in|at)|good at|strong (?:in|at))"
    r"|lack(?:s|ed|ing)?(?: of)?"
    r"|struggl(?:e|es|ed|ing) (?:with|to|in|when)"
    r"|weak(?:ness(?:es)?)? (?:in|at|with|on)"
    r"|(?:is|was|are|were) unable to"
    r"|(?:could not|couldn't|cannot|can't|can not|was not able to) (?:yet )?"
    r"(?:explain|use|write|apply|configure|set up|handle|work|do|solve|manage|read|build|run|debug|produce|perform)"
    rf"|needs? {_NEEDS}(?:help|support|guidance|practice|training|supervision|coaching|improvement)"
    r"(?: (?:with|in|on|for))?"
    rf"|needs? to (?:improve|learn|work on|practise|practice|develop)(?: {_NEEDS})?"
    r"|(?:has|have|had|he|she|they) failed(?: (?:to|at|in))?"
    r"|(?:did not|didn't|does not|doesn't|do not|don't) (?:yet )?"
    r"(?:understand|manage|know|master|complete|deliver|follow|apply|pass|succeed|grasp|use)"
    r"|(?:has|have) (?:yet to|never)|never (?:used|worked|learned|learnt|touched|done)"
    r"|(?:too )?poor(?:ly)?|below expectations?(?: (?:in|at|on))?|not up to (?:standard|date)"
    r"|out of practice(?: with)?|rusty"
    r")(?=\W|$)",
    re.IGNORECASE,
)
# "helped colleagues who struggled with X" speaks for the helper.
_HELPED = re.compile(r"\b(?:help|support|coach|mentor|taught|teach|train|guid)(?:ed|s|es|ing)?\b", re.IGNORECASE)

_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.!?\n]{0,40}\b(?:instructions?|prompts?|rules?|guidelines?|polic(?:y|ies)"
    r"|previous|above|everything)\b"
    r"|\b(?:system|developer) (?:prompt|message)\b"
    r"|\b(?:you are|act as|as) (?:now )?an? (?:ai|assistant|language model|llm|chatbot)\b"
    r"|\b(?:ai|llm|language models?|assistants?|agents?|graders?|reviewers?)\b[^.!?\n]{0,30}"
    r"\b(?:must|should|shall|please)\b"
    r"[^.!?\n]{0,40}\b(?:mark|rate|set|assign|output|respond|approve|accept|report|treat|recommend|conclude)"
    r"|\b(?:mark|rate|set|assign|record|output|report|grant|approve)\b[^.!?\n]{0,50}"
    r"\b(?:level 5|expert level|as expert|as experts|confidence|probability of|score of|1\.0|100 ?%|as accepted)"
    r"|<\|?(?:im_start|system|assistant)\|?>|^\s*(?:system|assistant|developer)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


def squash(text: str) -> str:
    """``text`` with every run of blanks as one space."""
    return _BLANKS.sub(" ", text).strip()


def sentences(text: str) -> Iterator[str]:
    """Quotable pieces of ``text``: sentences, squashed, each at most :data:`MAX_QUOTE` characters and verbatim."""
    for part in _END_OF_SENTENCE.split(text):
        piece = squash(part)
        while len(piece) > MAX_QUOTE:
            cut = max(piece.rfind(", ", 40, MAX_QUOTE), piece.rfind("; ", 40, MAX_QUOTE))
            if cut < 0:
                cut = piece.rfind(" ", 40, MAX_QUOTE)
            if cut < 0:
                cut = MAX_QUOTE
            yield piece[:cut]
            piece = piece[cut:].lstrip(",; ")
        if any(c.isalnum() for c in piece):
            yield piece


def statements(text: str) -> Iterator[str]:
    """Like :func:`sentences`, but a sentence that turns ("strong in A but weak in B") is given in its parts."""
    for sentence in sentences(text):
        parts = [p for p in (squash(p) for p in _TURN.split(sentence)) if any(c.isalnum() for c in p)]
        if len(parts) > 1 and len({denies(p) for p in parts}) > 1:
            yield from parts
        else:
            yield sentence


def denies(text: str) -> bool:
    """True when the words say that somebody lacks what they are about."""
    found = _DENIAL.search(text)
    return found is not None and not _HELPED.search(text[: found.start()])


def affirmative(text: str) -> str:
    """``text`` without the words that deny: what it is about, whichever way it points."""
    return squash(_DENIAL.sub(" ", text)) if denies(text) else text


def gives_orders(text: str) -> bool:
    """True when the text addresses a machine and wants something of it. Used to flag, never relied on to protect:
    the protection is that no answer of an agent can do harm."""
    return _ORDERS.search(text) is not None
