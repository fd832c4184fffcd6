from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from training.encoder.batches import Recipe, Sampler
from training.encoder.pairs import Corpus, Example
from training.encoder.sources import Concept

CONCEPTS = [
    Concept("u:sql", "SQL", ("Structured Query Language",), "", True),
    Concept("u:query", "query languages", ("structured query language",), "", True),
    Concept("u:law", "labour law", (), "", True),
    Concept("sql", "Querying with SQL", ("SQL joins",), "", True, same_as="u:sql"),
    Concept("baking", "baking", ("bake bread",), "", True),
]
NEAR = np.array([[1, 4], [0, 4], [4, -1], [4, -1], [2, -1]])
RECIPE = Recipe(batch=8, hard=0)


def _sampler(examples: list[Example], recipe: Recipe = RECIPE) -> Sampler:
    return Sampler(Corpus(CONCEPTS, 3, examples), NEAR, recipe)


def _one(*concepts: int, text: str = "text") -> Example:
    return Example(text, concepts, "test")


def test_right_answers_of_other_texts_are_left_out_of_the_sum() -> None:
    batch = [_one(2), _one(3), _one(0), _one(4, 2)]
    _, _, mask = _sampler(batch).draw(batch)
    wanted = np.zeros((4, 4), bool)
    wanted[1, 2] = wanted[2, 1] = True  # the same skill in two taxonomies
    wanted[3, 0] = True  # the fourth text shows labour law too
    assert np.array_equal(mask, wanted)


def test_a_name_that_two_concepts_share_is_right_for_both() -> None:
    batch = [_one(0), _one(1)]
    masks = set()
    for seed in range(40):
        _, names, mask = _sampler(batch, replace(RECIPE, seed=seed)).draw(batch)
        assert mask[0, 1] == (names[1] == "structured query language")
        assert mask[1, 0] == (names[0] == "Structured Query Language")
        masks.add(bool(mask.any()))
    assert masks == {True, False}


def test_no_concept_twice_and_never_the_text_as_its_own_name() -> None:
    batch = [_one(4, text="bake bread"), _one(4), _one(0, 4), _one(0)]
    for seed in range(20):
        texts, names, mask = _sampler(batch, replace(RECIPE, seed=seed)).draw(batch)
        assert (texts, len(names), mask.shape) == (["bake bread", "text"], 2, (2, 2))
        assert names[0] == "baking"


def test_neighbours_join_as_further_wrong_answers() -> None:
    batch = [_one(0)]
    texts, names, mask = _sampler(batch, replace(RECIPE, hard=30)).draw(batch)
    assert len(texts) == 1
    assert len(names) == 3
    assert mask.shape == (1, 3)
    assert {n.lower() for n in names[1:]} <= {"query languages", "structured query language", "baking", "bake bread"}


@pytest.mark.parametrize("count", [1000, 37])
def test_a_pass_holds_each_text_once_by_length(count: int) -> None:
    rng = random.Random(5)
    examples = [_one(0, text=f"{n:04}" + "x" * rng.randrange(300)) for n in range(count)]
    sampler = _sampler(examples)
    batches = sampler.passes()
    texts = [e.text for b in batches for e in b]
    assert len(set(texts)) == len(texts)
    assert count - RECIPE.batch // 2 * (1 + count // (40 * RECIPE.batch)) < len(texts) <= count
    spread = [max(len(e.text) for e in b) - min(len(e.text) for e in b) for b in batches]
    assert np.mean(spread) < (20 if count == 1000 else 120)
    assert sampler.passes() != batches
    assert _sampler(examples).passes() == batches
