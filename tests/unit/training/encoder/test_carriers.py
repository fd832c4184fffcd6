from __future__ import annotations

import random

import pytest

from training.encoder.carriers import LISTS, NOUN, VERB, carry, gerund, mix, past, verbs
from training.encoder.sources import Concept

STAFF = Concept("u:1", "manage staff", ("staff supervision", "supervise staff"), "", knowledge=False)
STATISTICS = Concept("u:2", "statistics", (), "", knowledge=True)
ICT = Concept("u:3", "ICT project management", (), "", knowledge=False)


@pytest.mark.parametrize(
    ("infinitive", "ing", "ed"),
    [
        ("manage staff", "managing staff", "managed staff"),
        ("plan events", "planning events", "planned events"),
        ("apply glazes", "applying glazes", "applied glazes"),
        ("oversee work", "overseeing work", "oversaw work"),
        ("lie still", "lying still", "lied still"),
        ("dye wool", "dyeing wool", "dyed wool"),
        ("employ people", "employing people", "employed people"),
        ("be patient", "being patient", "was patient"),
        ("write", "writing", "wrote"),
    ],
)
def test_inflection(infinitive: str, ing: str, ed: str) -> None:
    assert (gerund(infinitive), past(infinitive)) == (ing, ed)


@pytest.mark.parametrize("manner", sorted(NOUN))
def test_infinitives_and_noun_phrases_get_sentences_of_their_own(manner: str) -> None:
    known = verbs([STAFF, STATISTICS, ICT])
    assert known == {"manage"}
    rng = random.Random(0)
    verbal = {t.format(v="manage staff", g="managing staff", p="managed staff").lower() for t in VERB[manner]}
    nominal = {t.format(n="staff supervision").lower() for t in NOUN[manner]}
    for _ in range(50):
        assert carry(rng, STAFF, "manage staff", manner, known).lower() in verbal
        assert carry(rng, STAFF, "staff supervision", manner, known).lower() in nominal


def test_every_form_holds_what_it_carries() -> None:
    assert all("{n}" in t for forms in NOUN.values() for t in forms)
    assert all(any(x in t for x in ("{v}", "{g}", "{p}")) for forms in VERB.values() for t in forms)
    rng = random.Random(1)
    found = [mix(rng, ("one", "two", "three")) for _ in range(20 * len(LISTS))]
    assert {n for _, n in found} == {2, 3}
    for text, count in found:
        assert [w in text for w in ("one", "two", "three")] == [True, True, count == 3]
