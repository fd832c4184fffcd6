"""The forms in which people are written: what to look for, and where it stands in a text."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from ascertain.domain.people import Learner

PLACEHOLDERS = frozenset({"person", "address", "number"})
"""Words of what stands for somebody: never looked for."""

_WORDS = (
    "an art august bill brook chase dawn dean do drew faith frank grace grant guy hope hunt in ivy jack jasmine joy "
    "june king lane law long mark mason may miles pat rich rob rose ruby so sky summer sunny van victor ward wells "
    "west will young"
)
COMMON = frozenset(_WORDS.split())
"""Names that are everyday words or skills: masked alone only beside another name, so that "will" and "Ruby" survive."""

_SPELT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe"}
)
_TWINS = str.maketrans(
    {
        **dict(zip("аеорсухіјѕһԁԛԝвкмнт", "aeopcyxijshdqwbkmht", strict=True)),  # Cyrillic
        **dict(zip("αβεικνορτυχω", "abeiknoptyxw", strict=True)),  # Greek
        **dict(zip("łøđðħıŀɡɑ", "lodohilga", strict=True)),
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
    }
)
"""Letters of other scripts that look alike (Unicode Technical Standard 39), and letters that do not decompose."""


def _marks() -> str:
    found = [chr(i) for i in range(0x300, min(sys.maxunicode, 0xFFFF)) if unicodedata.category(chr(i))[0] == "M"]
    return re.escape("".join(found))


_WORD = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_marks()}])*")
_JOINT = re.compile(r"[\s.,;:'’`\"_\-‐‑–—/+*|\\&~·•=]{0,4}")
_POSSESSIVE = re.compile(r"['’`]s\b", re.IGNORECASE)
_INITIAL_BEFORE = re.compile(r"(?:(?<=\W)|(?<=^)|(?<=_))(?:[^\W\d_a-zß-ÿ]\.[ ]?){1,3}$")
_INITIAL_AFTER = re.compile(r",?[ ]?(?:[^\W\d_a-zß-ÿ]\.[ ]?)*[^\W\d_a-zß-ÿ]\.")
_TOKEN = re.compile(r"[^\s<>()\[\]{}\"'`,;|\\/?&=#!*]+")
_PIECE = re.compile(r"[\w-]+")
_ALNUM = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[^.:@+~]+")
_MOST_PARTS = 8


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """A word for comparison: no case, no accents, letters that look alike as one."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
    return bare.translate(_TWINS)


def name_words(name: str) -> list[str]:
    """The letter runs of a name, folded: "O'Neill-Smith" is three."""
    return [fold(m.group()) for m in _WORD.finditer(unicodedata.normalize("NFKC", name))]


@dataclass(frozen=True, slots=True)
class Directory:
    """Whose names are known, all folded.

    Attributes:
        parts: parts of names of two letters and more.
        wholes: pairs of neighbouring parts in either order, also of initials and parts.
        joined: first and last names written as one word.
        ids: ids, addresses, user names and account ids.
        words: every word that may belong to a name: a text without any is not looked at closely.
        ambiguous: parts that are masked alone only beside another name.
        ordinary: words that are no name when they are written small.
    """

    parts: frozenset[str]
    wholes: frozenset[str]
    joined: frozenset[str]
    ids: frozenset[str]
    words: frozenset[str]
    ambiguous: frozenset[str] = COMMON
    ordinary: frozenset[str] = COMMON

    @classmethod
    def of(
        cls,
        learners: Iterable[Learner],
        *,
        accounts: Iterable[str] = (),
        skills: Iterable[str] = (),
        prose: Iterable[str] = (),
    ) -> Directory:
        """Build from learners.

        Args:
            accounts: ids of people in other systems.
            skills: labels of skills: a name that is one ("Ruby") is masked only beside another.
            prose: trusted texts, whose small words are no names (the taxonomy's own).
        """
        forms = Forms()
        ids: set[str] = set()
        for learner in learners:
            forms.add(learner.name)
            ids |= {fold(learner.id), *_addresses(learner.email)}
        parts, wholes, joined = forms.parts, forms.wholes, forms.joined
        ids |= {fold(a) for a in accounts if _distinct(a)}
        ids -= PLACEHOLDERS | parts | {""}
        plain = {w for text in prose for w in _small(text)} | COMMON
        single = {fold(s) for s in skills if _WORD.fullmatch(s.strip())}
        return cls(
            frozenset(parts - PLACEHOLDERS),
            frozenset(wholes),
            frozenset(j for j in joined if len(j) > 4 and j not in plain),
            frozenset(i for i in ids if not i.isalpha() or i not in plain),
            frozenset(parts | joined | {w for pair in wholes for w in pair.split(" ")}),
            COMMON | single,
            frozenset(plain),
        )

    def without(self, names: Iterable[str]) -> Directory:
        """Only the forms that no one of ``names`` has."""
        parts, wholes, joined = set(self.parts), set(self.wholes), set(self.joined)
        for name in names:
            if not (parts or wholes or joined):
                break
            forms = Forms()
            forms.add(name)
            parts -= forms.parts
            wholes -= forms.wholes
            joined -= forms.joined
        words = frozenset(parts | joined | {w for pair in wholes for w in pair.split(" ")})
        return replace(self, parts=frozenset(parts), wholes=frozenset(wholes), joined=frozenset(joined), words=words)

    def mentioned(self, text: str) -> bool:
        """Whether knowing these names besides others may change what is masked of a (cleaned) text. It may say so
        where it does not; never the other way round."""
        words = [m.group() for m in _WORD.finditer(text)]
        folded = [fold(w) for w in words]
        if not self.words.isdisjoint(folded):
            if any(self._alone(w, f) for w, f in zip(words, folded, strict=True)):
                return True
            if any(f"{a} {b}" in self.wholes for a, b in pairwise(folded)):
                return True
        return bool(self.ids) and bool(id_spans(text, self))

    def _alone(self, word: str, folded: str) -> bool:
        if folded in self.joined:
            return True
        return folded in self.parts and (word[0].isupper() or folded not in self.ordinary)


@dataclass(slots=True)
class Forms:
    """The forms of names, as :class:`Directory` has them."""

    parts: set[str] = field(default_factory=set)
    wholes: set[str] = field(default_factory=set)
    joined: set[str] = field(default_factory=set)

    def add(self, name: str) -> None:
        """With all the ways to write one person's name."""
        for spelt in {name, name.translate(_SPELT)}:
            words = name_words(spelt)
            self.parts.update(w for w in words if len(w) > 1)
            for a, b in [*pairwise(words), *([(words[0], words[-1])] if len(words) > 2 else [])]:
                self.wholes |= {f"{a} {b}", f"{b} {a}"}
                self.joined |= {a + b, b + a} if min(len(a), len(b)) > 1 else set()
            if len(words) > 1:
                first, last = words[0], words[-1]
                if len(last) > 1:
                    self.wholes |= {f"{first[0]} {last}", f"{last} {first[0]}"}
                if len(first) > 1:
                    self.wholes |= {f"{first} {last[0]}"}
                self.joined |= {first + last, last + first, "".join(words)}


def _small(text: str) -> Iterator[str]:
    return (fold(m.group()) for m in _WORD.finditer(text) if m.group()[0].islower())


def _addresses(email: str) -> Iterator[str]:
    address = fold(email.strip())
    local = address.partition("@")[0]
    yield address
    if len(local) > 3:
        yield local


def _distinct(account: str) -> bool:
    """Whether an account's id is somebody's wherever it stands: "7" and "4711" are not, "U02AB" and "jdoe" are."""
    account = account.strip()
    return len(account) > 4 or (len(account) > 3 and not account.isdigit())


Span = tuple[int, int]


def name_spans(text: str, known: Directory) -> list[Span]:
    """Where people's names stand, in order, neighbours as one."""
    words = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(text) if not _is_placeholder(text, m)]
    folded = [fold(w) for _, _, w in words]
    if known.words.isdisjoint(folded):
        return []
    hit = [f in known.parts and w[0].isupper() for f, (_, _, w) in zip(folded, words, strict=True)]
    chosen: set[int] = set()
    for i, (_, end, word) in enumerate(words):
        if _alone(word, folded[i], known):
            chosen.add(i)
        if i + 1 < len(words) and _JOINT.fullmatch(text, end, words[i + 1][0]):
            pair = f"{folded[i]} {folded[i + 1]}"
            near = text[end : words[i + 1][0]].isspace() and words[i + 1][0] - end <= 2
            if (pair in known.wholes and _looks_paired(word, words[i + 1][2])) or (near and hit[i] and hit[i + 1]):
                chosen |= {i, i + 1}
    return _joined([_stretched(text, words[i][0], words[i][1]) for i in sorted(chosen)], text)


def _alone(word: str, folded: str, known: Directory) -> bool:
    if folded in known.joined:
        return True
    if folded not in known.parts or folded in known.ambiguous:
        return False
    return word[0].isupper() or (len(folded) > 2 and folded not in known.ordinary)


def _looks_paired(left: str, right: str) -> bool:
    """An initial is a capital: "a report" is no A. Report."""
    return all(len(w) > 1 or w.isupper() or not w.isascii() for w in (left, right))


def _stretched(text: str, start: int, end: int) -> Span:
    """With the possessive and the initials that go with a name."""
    if found := _POSSESSIVE.match(text, end):
        end = found.end()
    if found := _INITIAL_BEFORE.search(text, max(0, start - 9), start):
        start = found.start()
    if found := _INITIAL_AFTER.match(text, end):
        end = found.end()
    return start, end


def _joined(spans: Iterable[Span], text: str) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if (
            merged
            and (start <= merged[-1][1] or _JOINT.fullmatch(text, merged[-1][1], start))
            and "\n" not in text[merged[-1][1] : start]
        ):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_placeholder(text: str, found: re.Match[str]) -> bool:
    return (
        text[found.start() - 1 : found.start()] == "["
        and text[found.end() : found.end() + 1] == "]"
        and (found.group() in PLACEHOLDERS)
    )


def id_spans(text: str, known: Directory) -> list[Span]:
    """Where ids, addresses and user names stand, the longest form first."""
    found: list[Span] = []
    for token in _TOKEN.finditer(text):
        inner = _longest(token, known) or next(
            (spans for pattern in (_PIECE, _ALNUM) if (spans := _within(token, pattern, known))), []
        )
        found += inner
    return found


def _longest(token: re.Match[str], known: Directory) -> list[Span]:
    """The longest id within a token, between the signs that addresses and references are joined with."""
    parts = [m.span() for m in _BETWEEN.finditer(token.string, *token.span())][:_MOST_PARTS]
    wide = sorted(((a[0], b[1]) for i, a in enumerate(parts) for b in parts[i:]), key=lambda s: (s[0] - s[1], s[0]))
    return [s for s in wide if fold(token.string[slice(*s)]) in known.ids][:1]


def _within(token: re.Match[str], pattern: re.Pattern[str], known: Directory) -> list[Span]:
    return [m.span() for m in pattern.finditer(token.string, *token.span()) if fold(m.group()) in known.ids]


def close_names(text: str, known: Directory) -> bool:
    """Whether two parts of one name still stand near each other, whatever is between: the proof after masking."""
    words = [m for m in _WORD.finditer(text) if not _is_placeholder(text, m)]
    if any(fold(m.group()) in known.joined for m in words):
        return True
    return any(
        f"{fold(a.group())} {fold(b.group())}" in known.wholes
        and b.start() - a.end() <= 2
        and len(a.group()) > 1
        and len(b.group()) > 1
        for a, b in pairwise(words)
    )
