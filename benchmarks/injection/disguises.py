"""Ways to write a text so that a filter, or a human, does not read it. Each takes the text and gives its disguise."""

from __future__ import annotations

import base64
import codecs
import html
from collections.abc import Callable, Mapping
from urllib.parse import quote

_LOOK_ALIKE = str.maketrans("aceopxyAEKMHOPCTX", "асеорхуАЕКМНОРСТХ")
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_MORSE_CODE = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
)
_MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz", _MORSE_CODE.split(), strict=True))


def _shifted(text: str, lower: int, upper: int) -> str:
    """Latin letters moved to alphabets that begin at these code points."""
    return "".join(
        chr(lower + ord(c) - ord("a")) if "a" <= c <= "z" else chr(upper + ord(c) - ord("A")) if "A" <= c <= "Z" else c
        for c in text
    )


def _bits(text: str) -> str:
    return "".join(f"{b:08b}" for b in text.encode())


DISGUISES: Mapping[str, Callable[[str], str]] = {
    "": str,
    "base64": lambda t: base64.b64encode(t.encode()).decode(),
    "base32": lambda t: base64.b32encode(t.encode()).decode(),
    "hexadecimal": lambda t: t.encode().hex(),
    "binary": lambda t: " ".join(f"{b:08b}" for b in t.encode()),
    "rot13": lambda t: codecs.encode(t, "rot13"),
    "backwards": lambda t: t[::-1],
    "leet": lambda t: t.translate(_LEET),
    "spaced": lambda t: " ".join(t),
    "dotted": lambda t: ".".join(t),
    "morse": lambda t: " ".join(_MORSE.get(c, "/") for c in t.casefold()),
    "percent": lambda t: quote(t, safe=""),
    "entities": lambda t: "".join(f"&#{ord(c)};" for c in t),
    "double_entities": lambda t: "".join(f"&amp;#x{ord(c):x};" for c in t),
    "escapes": lambda t: "".join(f"\\u{ord(c):04x}" for c in t),
    "full_width": lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
    "mathematical": lambda t: _shifted(t, 0x1D41A, 0x1D400),
    "circled": lambda t: _shifted(t, 0x24D0, 0x24B6),
    "regional": lambda t: _shifted(t.upper(), 0x1F1E6, 0x1F1E6),
    "homoglyphs": lambda t: t.translate(_LOOK_ALIKE),
    "combining": lambda t: "".join(c + "\u0336" if c.isalpha() else c for c in t),
    "tag_block": lambda t: "".join(chr(0xE0000 + ord(c)) for c in t),
    "zero_width_binary": lambda t: "".join("\u200b" if b == "0" else "\u200c" for b in _bits(t)),
    "zero_width": lambda t: "\u200b".join(t),
    "soft_hyphens": lambda t: "\u00ad".join(t),
    "variation_bytes": lambda t: "".join(chr(0xE0100 + b - 16) if b >= 16 else chr(0xFE00 + b) for b in t.encode()),
    "bidi": lambda t: f"\u202e{t[::-1]}\u202c",
    "word_joiner": lambda t: "\u2060".join(t),
    "hangul_filler": lambda t: "\u3164".join(t),
    "html_comment": lambda t: f"<!-- {t} -->",
    "html_none": lambda t: f'<span style="display:none">{t}</span>',
    "html_tiny": lambda t: f'<font style="font-size:0;color:#fff">{t}</font>',
    "html_title": lambda t: f"<title>{t}</title>",
    "html_script": lambda t: f"<script type='text/plain'>{t}</script>",
    "html_template": lambda t: f"<template>{t}</template>",
    "html_attribute": lambda t: f'<img alt="{html.escape(t)}" src="x">',
    "markdown_comment": lambda t: f"[//]: # ({t})",
    "far_below": lambda t: "\n" * 400 + t,
    "control": lambda t: "\x08".join(t),
    "ansi": lambda t: f"\x1b[8m{t}\x1b[0m",
    "padded": lambda t: f"{'The meeting was held as planned. ' * 60}{t}",
}
