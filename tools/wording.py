"""How sentences are taken apart: pieces that can be quoted verbatim, words that deny, text that gives orders."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_QUOTE = 300
"""Characters of the longest quote: enough for a sentence, too little to copy a document."""

_BLANKS = re.compile(r"\s+")
_END_OF_SENTENCE = re.compile(
    r"(?<![\s.]e\.g\.)(?<![\s.]i\.e\.)(?<!\betc\.)(?<!\bvs\.)(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9À-Þ])"
    r"|\s*\n+\s*|\s*[•▪●]\s*"
)
_TURN = re.compile(r"[,;]?\s+(?:but|however,?|although|though|whereas)\s+|,\s+yet\s+|;\s+", re.IGNORECASE)
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|does|do|did|remains?|needs?)\b", re.IGNORECASE)
_BACKWARD = re.compile(r"\b(?:it|them|this|that|these|those)\b", re.IGNORECASE)

_MUCH = r"(?:much |more |a lot of |some |further |close |closer |regular |three |several )*"
_DENIAL = re.compile(
    r"\b(?:"
    r"(?:has |have |had |with )?(?:no|little|hardly any|insufficient) (?:real |practical |prior |working )?"
    r"(?:experience|knowledge|understanding|command|grasp)(?: (?:with|in|of))?"
    r"|not (?:yet )?(?:been )?(?:able to|familiar with|confident (?:with|in)|comfortable with|ready (?:for|to)"
    r"|proficient (?:with|in|at)|experienced (?:with|in)|competent (?:with|in|at)|good at|strong (?:in|at)"
    r"|at the level)"
    r"|(?:(?:is|are|was|were|feels?|still) )*(?:unsure|uncertain|insecure|inexperienced|hesitant)"
    r" (?:with|in|about|at|when)"
    r"|(?:confus(?:es|ed)|overwhelm(?:s|ed)) (?:him|her|them|me)|makes? (?:him|her|them|me) nervous"
    r"|(?:(?:is|are|was|were|still|quite|very) )*new to (?:him|her|them|me)|(?:is|are|was|were) still new"
    r"|lack(?:s|ed|ing)?(?: of)?"
    r"|(?:is|are|was|were) (?:still )?missing|what is missing is|gaps? in"
    r"|struggl(?:e|es|ed|ing) (?:with|to|in|when)"
    r"|(?:(?:is|are|was|were|remains?|his|her|their) )*(?:a )?(?:rather |quite |still )?weak(?:ness(?:es)?)?"
    r"(?: (?:sides?|points?|spots?))?(?: (?:in|at|with|on))?(?=[\s,.:;!?]|$)(?<!security weakness)"
    r"|(?:is|was|are|were) unable to"
    r"|(?:could not|couldn't|cannot|can't|can not|was not able to) (?:yet )?"
    r"(?:explain|use|write|apply|configure|set up|handle|work|do|solve|manage|read|build|run|debug|produce|perform)"
    rf"|need(?:s|ed)? {_MUCH}"
    r"(?:help|support|guidance|practice|training|supervision|coaching|improvement|reminders|work\b)"
    r"(?: (?:with|in|on|for))?"
    r"|needs? to (?:improve|learn|work on|practise|practice|develop)"
    r"|(?:has|have|had|he|she|they) failed(?: (?:to|at|in))?"
    r"|(?:did not|didn't|does not|doesn't|do not|don't) (?:yet )?"
    r"(?:understand|manage|know|master|complete|deliver|follow|apply|pass|succeed|grasp|use|show|work out)"
    r"|(?:has|have|had) (?:yet to|never (?:used|worked|learned|learnt|touched|done))"
    r"|(?:has|have|had) not (?:yet )?(?:worked|used|moved|touched|learned|learnt|mastered|dealt)(?: (?:with|to))?"
    r"|never (?:used|worked|learned|learnt|touched|done)"
    r"|leaves? (?:it |that |this )?to (?:us|others|colleagues|me)"
    r"|(?:too )?poor(?:ly)?|below expectations?(?: (?:in|at|on))?|not up to (?:standard|date)"
    r"|out of practice(?: with)?|rusty"
    r"|noch (?:sehr |etwas |recht )?(?:unsicher|unerfahren)|(?:kaum|keine|wenig) (?:Erfahrung|Kenntnisse)"
    r"|Schwächen (?:in|bei)"
    r")(?=\W|$)",
    re.IGNORECASE,
)
# "helped colleagues who struggled with X" speaks for the helper; so does a weakness that was found or closed.
_HELPED = re.compile(
    r"\b(?:help(?:ed|s|ing)|support(?:ed|s|ing)|coach(?:ed|es)|mentor(?:ed|s|ing)|taught|teach(?:es|ing)?|train(?:ed|s)"
    r"|guid(?:ed|es|ing)|found|fixed|closed|identified|discovered)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:should|ought to|would (?:like|love|benefit)|recommend|suggest|has to|have to|must|we (?:plan|agreed)"
    r"|(?:s?he|they|\[person\]) could|could (?:use|be (?:more|better)|do with)|next step|sollte|könnte|müsste)\b",
    re.IGNORECASE,
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
    """Like :func:`sentences`, but a sentence that turns ("strong in A but weak in B") is given in its parts.

    Where the part that denies only points back ("A exists, but he does not use it"), the sentence stays whole.
    """
    for sentence in sentences(text):
        parts = _parts(sentence)
        turns = len({_tone(p) for p in parts}) > 1
        points_back = any(_tone(p) == "denial" and _BACKWARD.search(p) for p in parts[1:])
        if turns and not points_back:
            yield from parts
        else:
            yield sentence


def _parts(sentence: str) -> list[str]:
    parts = [p for p in (squash(p) for p in _TURN.split(sentence)) if any(c.isalnum() for c in p)]
    if len(parts) == 1:
        halves = sentence.split(", ")
        if len(halves) == 2 and all(_VERB.search(h) for h in halves):
            return halves
    return parts


def _tone(text: str) -> str:
    return "denial" if denies(text) else "wish" if wishes(text) else "plain"


def denies(text: str) -> bool:
    """True when the words say that somebody lacks what they are about."""
    found = _DENIAL.search(text)
    return found is not None and not _HELPED.search(text[: found.start()])


def wishes(text: str) -> bool:
    """True when the words say what ought to be: neither proof of a skill nor of its lack."""
    return _WISH.search(text) is not None


def affirmative(text: str) -> str:
    """``text`` without the words that deny: what it is about, whichever way it points."""
    return squash(_DENIAL.sub(" ", text)) if denies(text) else text
