"""Text that addresses a machine: orders to an assistant, pretended tool results. Used to flag and to leave out, never
relied on to protect: the protection is that no answer of an agent can do harm."""

from __future__ import annotations

import re
from functools import lru_cache

_MACHINE = r"(?:ai|llm|language models?|(?:ai |assessment )?assistants?|agents?|graders?|bots?|models?)"
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,40}\b(?:instructions?|prompts?|rules?|rubrics?|criteria"
    r"|guidelines?|polic(?:y|ies)|previous|above|everything)\b"
    r"|\bignorier\w*[^.!?\n]{0,40}(?:anweisung|vorgabe|regel)"
    r"|\b(?:system|developer) (?:prompt|message|note|override)\b"
    rf"|\b(?:note|message|notice|instructions?|attention|memo)\b[^.!?\n]{{0,20}}\b(?:to|for)\b[^.!?\n]{{0,25}}\b{_MACHINE}\b"
    r"|\b(?:you are|act as|as) (?:now )?an? (?:ai|assistant|language model|llm|chatbot)\b"
    rf"|\b(?:{_MACHINE}|reviewers?)\b[^.!?\n]{{0,30}}\b(?:must|should|shall|please)\b"
    r"[^.!?\n]{0,40}\b(?:mark|rate|set|assign|output|respond|approve|accept|report|treat|recommend|conclude)"
    r"|\b(?:mark|rate|set|assign|record|output|report|grant|approve)\b[^.!?\n]{0,50}"
    r"\b(?:level 5|expert level|as expert|as experts|confidence|probability of|score of|1\.0|100 ?%|as accepted)"
    r"|\b(?:this|the) (?:employee|learner|person|candidate|user)\b[^.!?\n]{0,20}"
    r"\b(?:verified|rated|marked|treated|classified|considered) as\b"
    r"|\bdo not (?:send|route|queue|flag|forward|escalate)\b[^.!?\n]{0,40}\b(?:human|review)"
    r"|<\|?(?:im_start|system|assistant)\|?>|^\s*(?:system|assistant|developer)\s*:"
    r"|[{,]\s*\"\w{1,40}\"\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_PIECE = re.compile(r"(?<=[.!?])\s+|\n+")


@lru_cache(maxsize=4096)
def gives_orders(text: str) -> bool:
    """True when the text addresses a machine and wants something of it, or looks like a machine's own answer."""
    return _ORDERS.search(text) is not None


def without_orders(text: str) -> str:
    """``text`` less the sentences and lines that :func:`gives_orders` finds; the others stay as they are."""
    if not gives_orders(text):
        return text
    return "\n".join(piece for piece in _PIECE.split(text) if piece and not gives_orders(piece))
