"""Atlassian Document Format to text: one line a paragraph, list item or table row; code blocks kept as they are."""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.domain.text import clean_plain

_MAX_DEPTH = 50
_INLINE = frozenset(("text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard"))
_LINES = frozenset(("paragraph", "heading", "codeBlock", "listItem", "tableRow", "rule", "taskItem", "decisionItem"))


def flatten(document: object) -> str:
    """The readable text of an ADF tree; a plain string (API version 2) passes through. Unknown nodes are walked."""
    if isinstance(document, str):
        return clean_plain(document)
    parts: list[str] = []
    _walk(document, parts, 0)
    return clean_plain("".join(parts))


def _walk(node: object, parts: list[str], depth: int) -> None:
    if depth > _MAX_DEPTH or not isinstance(node, Mapping):
        return
    kind = node.get("type")
    attributes = node.get("attrs")
    if kind == "text":
        parts.append(str(node.get("text", "")))
    elif kind == "hardBreak":
        parts.append("\n")
    elif kind in _INLINE:
        # A mention names a person and an emoji says nothing: only what carries words of its own is kept.
        if kind == "status" and isinstance(attributes, Mapping):
            parts.append(str(attributes.get("text", "")))
        return
    children = node.get("content")
    for child in children if isinstance(children, list) else []:
        _walk(child, parts, depth + 1)
        if isinstance(child, Mapping) and child.get("type") in ("tableCell", "tableHeader"):
            parts.append(" ")
    if kind in _LINES:
        parts.append("\n")
