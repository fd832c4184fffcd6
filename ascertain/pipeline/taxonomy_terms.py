"""Terms that no skill fits, put together by meaning: those that agents proposed, and words that come back in quotes of
several people for which no skill was picked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ascertain.domain.orders import gives_orders
from ascertain.domain.stewardship import Seen
from ascertain.pipeline.taxonomy_reading import Read, people_of, stems

Encode = Callable[[Sequence[str]], Any]
"""Texts to an array (texts, width) of vectors of length one."""
LONGEST_TERM = 4
"""Words of a term that is found in quotes."""
MOST_TERMS = 400
"""Terms that are put together by meaning, those of the most people first."""
_TOKEN = re.compile(r"[\[\]]|[^\W_](?:[\w+#./&'-]*[\w+#])?|[.,;:!?()\"“”]")
_WORD = re.compile(r"[^\W_]")
_NUMBER = re.compile(r"[\d.,/-]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SMALL_WORDS = _set(
    "a about across after again all also an and any are as at be been before being between both but by can could did "
    "do does done during each every for from had has have he her his how i if in into is it its just made make me more "
    "most much my new no not now of off on one or other our out over own per she should so some such than that the "
    "their them then there these they this those through to two under until up very was we well were what when where "
    "which while who will with within without would you your "
    # What one says of having done something.
    "attended began build building built closed complete completed created did finished fixed gave handled help helped "
    "helping improved introduced joined keeps learned learning led moved passed planned presented ran run running "
    "reworked set shared showed started supported taught trained tried tuned use used uses using work worked working "
    "works write writes writing wrote"
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Terms that mean the same, the one of the most people first, and the quotes that hold any of them."""

    names: tuple[str, ...]
    seen: tuple[Seen, ...]

    @property
    def people(self) -> int:
        """Different ones."""
        return people_of(self.seen)


def clusters(
    read: Read, taken: Mapping[str, str], least_people: int, similarity: float, encode: Encode | None
) -> list[Cluster]:
    """Terms together, those of the most people first; none of fewer than ``least_people``.

    Two terms are together when they have the same words, or when all of a group are on average nearer than
    ``similarity`` (cosine, average linkage).

    Args:
        taken: names of skills in small letters; such a term is none that the taxonomy lacks.
        encode: without it, words alone decide.
    """
    seen, spelled = _terms(read, least_people)
    for key in [k for k in seen if k in taken or gives_orders(k)]:
        del seen[key]
    keys = sorted(seen, key=lambda k: (-people_of(seen[k]), -len(seen[k]), len(k), k))[:MOST_TERMS]
    made = []
    for group in _together(keys, similarity, encode):
        rows = tuple(dict.fromkeys(s for k in group for s in seen[k]))
        if people_of(rows) >= least_people:
            # A spelling of one person alone could point to them: it is counted, and not shown.
            names = [spelled[k] for k in group if people_of(seen[k]) >= least_people]
            names = names or _shared({spelled[k]: seen[k] for k in group}, taken, least_people)
            if names:
                made.append(Cluster(tuple(names), rows))
    return sorted(made, key=lambda c: (-c.people, -len(c.seen), c.names))


def _terms(read: Read, least_people: int) -> tuple[dict[str, list[Seen]], dict[str, str]]:
    seen, spelled = {k: list(rows) for k, rows in read.terms.items()}, dict(read.spelled)
    found: dict[str, list[Seen]] = {}
    written: dict[str, Counter[str]] = {}
    for quote, row in read.unfit:
        for phrase in phrases(quote):
            key = phrase.casefold()
            found.setdefault(key, []).append(row)
            written.setdefault(key, Counter())[phrase] += 1
    for key, rows in _longest({k: r for k, r in found.items() if people_of(r) >= least_people}).items():
        if not any(_within(key, t) or _within(t, key) for t in read.terms):  # an agent's own term says it already
            seen[key] = rows
            spelled[key] = min(written[key], key=lambda p: (-written[key][p], p))
    return seen, spelled


def phrases(text: str) -> Iterator[str]:
    """What could be the name of something in a text, once each: up to four words that neither begin nor end with a
    small word; a single word only where it is written like a name. What was masked is passed over."""
    known: set[str] = set()
    for run in _runs(text):
        for size in range(1, LONGEST_TERM + 1):
            for at in range(len(run) - size + 1):
                words = run[at : at + size]
                if words[0].casefold() in _SMALL_WORDS or words[-1].casefold() in _SMALL_WORDS:
                    continue
                if any(_NUMBER.fullmatch(w) for w in words) or (size == 1 and not _like_a_name(words[0], at)):
                    continue
                phrase = " ".join(words)
                if phrase.casefold() not in known:
                    known.add(phrase.casefold())
                    yield phrase


def _runs(text: str) -> Iterator[list[str]]:
    """Words between marks; none of a masked piece, which stands in square brackets."""
    run: list[str] = []
    masked = False
    for token in _TOKEN.findall(text):
        if token in "[]":
            masked = token == "["
            yield run
            run = []
        elif masked:
            continue
        elif _WORD.match(token):
            run.append(token)
        else:
            yield run
            run = []
    yield run


def _like_a_name(word: str, at: int) -> bool:
    """A capital that is not a sentence's first letter, or a sign that names of techniques have."""
    return len(word) > 1 and (
        any(c.isupper() for c in word[1:]) or any(c in "+#" for c in word) or (at > 0 and word[0].isupper())
    )


def _shared(spelled: Mapping[str, Sequence[Seen]], taken: Mapping[str, str], least_people: int) -> list[str]:
    """The longest words that spellings of enough people have in common, where no spelling itself is of enough."""
    users: dict[str, set[str]] = {}
    written: dict[str, str] = {}
    for spelling, rows in spelled.items():
        for words in _runs(spelling):
            for size in range(1, LONGEST_TERM + 1):
                for at in range(len(words) - size + 1):
                    part = words[at : at + size]
                    if not {part[0].casefold(), part[-1].casefold()} & _SMALL_WORDS:
                        written.setdefault(" ".join(part).casefold(), " ".join(part))
                        users.setdefault(" ".join(part).casefold(), set()).update(s.learner_id for s in rows)
    enough = [k for k, who in users.items() if len(who) >= least_people and k not in taken]
    best = min(enough, key=lambda k: (-len(k.split()), -len(users[k]), k), default=None)
    return [written[best]] if best else []


def _longest(found: Mapping[str, list[Seen]]) -> dict[str, list[Seen]]:
    """Without what stands only within longer phrases of as many people: the longer one is the term."""
    kept: dict[str, list[Seen]] = {}
    for key in sorted(found, key=lambda k: (-len(k.split()), k)):
        if not any(_within(key, k) and people_of(kept[k]) >= people_of(found[key]) for k in kept):
            kept[key] = found[key]
    return kept


def _within(one: str, other: str) -> bool:
    return f" {one} " in f" {other} "


def _together(keys: Sequence[str], similarity: float, encode: Encode | None) -> list[list[str]]:
    """Groups, each in the order of ``keys``."""
    by_words: dict[frozenset[str] | str, list[str]] = {}
    for k in keys:
        by_words.setdefault(stems(k) or k, []).append(k)
    groups = list(by_words.values())
    if encode is None or len(groups) < 2:
        return groups
    from scipy.cluster.hierarchy import fcluster, linkage  # costs a second to import

    vectors = encode([g[0] for g in groups])
    marks = fcluster(linkage(vectors, "average", metric="cosine"), 1 - similarity, "distance")
    joined: dict[int, list[str]] = {}
    for mark, group in zip(marks.tolist(), groups, strict=True):
        joined.setdefault(mark, []).extend(group)
    order = {k: i for i, k in enumerate(keys)}
    return [sorted(g, key=order.__getitem__) for g in joined.values()]
