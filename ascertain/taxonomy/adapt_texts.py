"""Texts to adapt the mapper with: made of a taxonomy's own names, or labelled by the customer.

A made text holds a synonym in a sentence frame. It is searched in a taxonomy from which that synonym was taken out
(``asked`` says which, a few parts cover all), or it would be found by itself. A label in a frame shows what
being named word for word looks like; everyday sentences show what no skill looks like.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from ascertain.domain.skills import Skill
from ascertain.errors import InputError
from ascertain.taxonomy.forms import form_terms
from ascertain.taxonomy.lexicon import Lexicon

PARTS = 4
"""Taxonomies with synonyms taken out: more parts, fewer names missing at once, longer work."""
MOST = 600
"""Texts made at most; some 30 coefficients are no better for more."""
LABELS_AMONG = 3
"""Every so many-th made text names its skill by the label."""
FRAMES = (
    "{}",
    "Experience with {}.",
    "Completed a course on {}.",
    "Introduction to {}",
    "Took over {} for the whole department.",
    "We made good progress with {} this quarter.",
    "Her work on {} was praised by the customer.",
    "Was responsible for {} in the last project.",
    "You will learn the basics of {} and apply them in exercises.",
    "Helped two colleagues with {} when the deadline came near.",
)
NOTHING = (
    "The meeting was moved to Tuesday.",
    "Thanks to everybody who came to the summer party!",
    "Lunch is served from twelve to two.",
    "Please return the form by Friday.",
    "She joined the company in 2019 and has lived in the city since.",
    "The lift is out of order until next week.",
    "A pleasant colleague with whom everybody likes to work.",
    "This page was updated on 3 May.",
    "The office on the third floor will be painted.",
    "See you all in the new year.",
    "Attendance is recorded at the door.",
    "He was on parental leave from March to June.",
    "The event takes place in room 4.",
    "Parking spaces are limited.",
    "It went better than last time.",
    "Certificates are sent by post within two weeks.",
    "No comments were made by the second reviewer.",
    "The next date will be announced.",
    "Wishes for next year: a window seat.",
    "The course is full, and there is a waiting list.",
)
_LINE = {
    "type": "object",
    "required": ["text", "skills"],
    "properties": {
        "text": {"type": "string", "minLength": 1},
        "skills": {"type": "array", "items": {"type": "string"}},
    },
}
_REMEDY = 'write {"text": "…", "skills": ["skill-id", …]}'


@dataclass(frozen=True, slots=True)
class Asked:
    """A text and the rows of the skills that it shows.

    ``part`` is the number of the taxonomy to search in, ``None`` for the whole one; ``held`` is the name taken out.
    """

    text: str
    gold: frozenset[int]
    part: int | None = None
    held: str | None = None


def made_texts(skills: Sequence[Skill], lexicon: Lexicon, *, english: bool = True, most: int = MOST) -> list[Asked]:
    """Texts made of names, in a fixed order; none where no skill has a synonym of its own.

    Names that several skills share are left out, and synonyms that are written like the label.
    """
    owners = Counter(t for s in skills for t in {form_terms(n, lexicon) for n in (s.label, *s.synonyms)})
    names: list[tuple[int, str]] = []
    for row, skill in enumerate(skills):
        label = form_terms(skill.label, lexicon)
        for name in dict.fromkeys(skill.synonyms):
            terms = form_terms(name, lexicon)
            if terms and terms != label and owners[terms] == 1:
                names.append((row, name))
    if not names:
        return []
    names.sort(key=lambda rn: _number(rn[1], "order"))
    chosen: list[tuple[int, str]] = []
    taken: set[tuple[int, int]] = set()
    for row, name in names:
        if len(chosen) >= most:
            break
        # One name of a skill a part: the others stay, as they will when the mapper is used.
        if (row, part := _number(name, "part") % PARTS) not in taken:
            taken.add((row, part))
            chosen.append((row, name))
    frames = FRAMES if english else FRAMES[:1]
    found = []
    for n, (row, name) in enumerate(chosen):
        frame, part = frames[_number(name, "frame") % len(frames)], _number(name, "part") % PARTS
        gold = frozenset([row])
        if n % LABELS_AMONG == LABELS_AMONG - 1 and owners[form_terms(skills[row].label, lexicon)] == 1:
            found.append(Asked(frame.format(skills[row].label), gold, part))
        found.append(Asked(frame.format(name), gold, part, name))
    if english:
        some = NOTHING[: max(1, len(found) // 10)]
        found += [Asked(t, frozenset(), i % PARTS) for i, t in enumerate(some)]
    return found


def without_asked(skills: Sequence[Skill], texts: Sequence[Asked], part: int) -> list[Skill]:
    """The taxonomy as it would be without the names that are asked for in ``part``."""
    held: dict[int, set[str]] = {}
    for t in texts:
        if t.part == part and t.held is not None:
            held.setdefault(next(iter(t.gold)), set()).add(t.held)
    return [
        replace(s, synonyms=tuple(n for n in s.synonyms if n not in held[i])) if i in held else s
        for i, s in enumerate(skills)
    ]


def read_labelled(file: Path, skills: Sequence[Skill]) -> list[Asked]:
    """JSON lines ``{"text", "skills": [id, …]}``; no ids where a text shows none. A text met again adds its skills.

    Raises:
        InputError: naming file and line of the first line that cannot be used.
    """
    row = {s.id: i for i, s in enumerate(skills)}
    try:
        raw = file.read_bytes()
    except OSError as e:
        raise InputError(f"cannot read it: {e.strerror}", where=str(file), remedy="check the path") from None
    validator = Draft202012Validator(_LINE)
    found: dict[str, frozenset[int]] = {}
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        item = _json(line, where)
        error = next(validator.iter_errors(item), None)
        if error is not None:
            field = ".".join(str(p) for p in error.absolute_path) or None
            raise InputError(error.message, where=where, field=field, remedy=_REMEDY)
        if unknown := [s for s in item["skills"] if s not in row]:
            raise InputError(
                f"the taxonomy has no skill {unknown[0]!r}", where=where, field="skills", remedy="use its ids"
            )
        found[item["text"]] = found.get(item["text"], frozenset()) | {row[s] for s in item["skills"]}
    if not found:
        raise InputError("holds no text", where=str(file), remedy=_REMEDY)
    return [Asked(t, g) for t, g in found.items()]


def _json(line: bytes, where: str) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as e:
        raise InputError(f"not UTF-8 at byte {e.start}", where=where, remedy="save the file as UTF-8") from None
    except (ValueError, RecursionError) as e:
        told = e.msg if isinstance(e, json.JSONDecodeError) else str(e)
        raise InputError(f"not JSON: {told}", where=where, remedy=_REMEDY) from None


def _number(name: str, what: str) -> int:
    """The same for the same name on every machine."""
    return int.from_bytes(hashlib.blake2b(f"{what}:{name}".encode("utf-8", "replace"), digest_size=8).digest(), "big")


def fold_of(asked: Asked, folds: int) -> int:
    """Made texts of one skill share a fold; a labelled text is by itself."""
    if asked.part is not None and asked.gold:
        return _number(str(sorted(asked.gold)), "fold") % folds
    return _number(asked.text, "fold") % folds
