from __future__ import annotations

import numpy as np
import pytest

from ascertain.domain.skills import Skill
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.trades import Trades

SKILLS = (Skill("a", "computer science"), Skill("b", "teach computer science"), Skill("c", "sell jewellery"))


@pytest.mark.parametrize(
    ("sentence", "possible"),
    [
        ("Master of Science in Computer Science", [True, False, False]),
        ("Taught computer science to apprentices", [True, True, False]),
        ("Jewellery sales and lectures in computer science", [True, True, True]),
        ("The training data of a model", [True, False, False]),
    ],
)
def test_a_trade_is_possible_where_the_sentence_speaks_of_it(
    sentence: str, possible: list[bool], lexicon: Lexicon
) -> None:
    assert Trades(SKILLS, lexicon).possible(np.arange(3), sentence).tolist() == possible


def test_a_label_of_one_word_is_of_no_trade(lexicon: Lexicon) -> None:
    assert Trades([Skill("a", "teach")], lexicon).possible(np.arange(1), "Data").tolist() == [True]
