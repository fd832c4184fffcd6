"""Masking: nobody who is known survives it, and what is not a person does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.people import Learner
from ascertain.errors import PseudonymError
from ascertain.pipeline.pseudonyms import Directory, KeyedPseudonymiser

PEOPLE = [
    Learner("E1001", "Jane van Doe", "jane@example.org"),
    Learner("E1002", "Ruby Will", "ruby@example.org"),
    Learner("E1003", "Zoë O'Neill-Smith", "zoe@example.org"),
    Learner("E1004", "Tomasz Nowak", "tomasz@example.org"),
]
MASKER = KeyedPseudonymiser(b"k" * 32, Directory.of(PEOPLE))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Jane did well.", "[person] did well."),
        ("Thanks to Tomasz Nowak's patience", "Thanks to [person] patience"),
        ("She will use Ruby for it.", "She will use Ruby for it."),
        ("Ruby Will wrote it in Ruby.", "[person] wrote it in Ruby."),
        ("tomasz nowak wrote this", "[person] wrote this"),
        ("Ask zoe@example.org or +49 170 1234567.", "Ask [address] or [number]."),
        ("Badge E1003, national id 123-45-6789", "Badge [number], national id [number]"),
        ("@tomasz please look", "[person] please look"),
        ("On 2024-10-12 10:00 she passed ISO 9001.", "On 2024-10-12 10:00 she passed ISO 9001."),
    ],
)
def test_masks_people_and_keeps_the_rest(text: str, masked: str) -> None:
    assert MASKER.mask(text) == masked


@given(
    st.sampled_from(PEOPLE),
    st.text(alphabet="abc .,;:!?\n-", max_size=30),
    st.text(alphabet="abc .,;:!?\n-", max_size=30),
    st.sampled_from(["{name}", "{name}'s", "({email})", "{upper}", "{lower}"]),
)
def test_no_planted_identity_survives(person: Learner, before: str, after: str, form: str) -> None:
    planted = form.format(name=person.name, email=person.email, upper=person.name.upper(), lower=person.name.lower())
    out = MASKER.mask(f"{before} {planted} {after}").casefold()
    assert person.name.casefold() not in out
    assert person.email not in out


@given(st.text(max_size=80))
def test_masking_is_idempotent_or_fails_closed(text: str) -> None:
    try:
        once = MASKER.mask(text)
    except PseudonymError:
        return
    assert MASKER.mask(once) == once


def test_pseudonyms_are_stable_and_keyed() -> None:
    other = KeyedPseudonymiser(b"x" * 32)
    assert MASKER.pseudonym("E1001") == MASKER.pseudonym("E1001")
    assert MASKER.pseudonym("E1001") != MASKER.pseudonym("E1002")
    assert MASKER.pseudonym("E1001") != other.pseudonym("E1001")
    assert "E1001" not in MASKER.pseudonym("E1001")


def test_what_cannot_be_masked_stops_the_run() -> None:
    class Leaky(KeyedPseudonymiser):
        def _mask_names(self, text: str) -> str:
            return text

    with pytest.raises(PseudonymError) as caught:
        Leaky(b"k" * 32, Directory.of(PEOPLE)).mask("Tomasz Nowak was here")
    assert caught.value.state == "blocked_unmasked"
