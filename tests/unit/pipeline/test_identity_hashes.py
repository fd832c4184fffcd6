"""Who a hash of an address means."""

from __future__ import annotations

import hashlib

from ascertain.domain.people import Learner
from ascertain.pipeline.identity import Identity, Problem

ADA, BOB = "ada@example.org", "bob@example.org"


def known(ident: str, email: str) -> Learner:
    return Learner(id=ident, name=ident, email=email)


def hashed(email: str) -> str:
    return "mbox_sha1sum:" + hashlib.sha1(f"mailto:{email}".encode(), usedforsecurity=False).hexdigest()


def test_a_hash_leads_to_the_one_with_that_address() -> None:
    identity = Identity([known("1", "Ada@Example.org"), known("2", BOB)], {})
    assert identity.person("lrs", hashed(ADA)) == "1"
    assert identity.person("lrs", hashed(BOB).upper().replace("MBOX_SHA1SUM", "mbox_sha1sum")) == "2"
    assert isinstance(identity.person("lrs", hashed("eve@example.org")), Problem)


def test_an_address_that_came_later_is_found_too() -> None:
    identity = Identity([known("1", ADA)], {})
    assert isinstance(identity.person("lrs", hashed(BOB)), Problem)
    identity._emails[BOB].add("2")
    identity.learners["2"] = known("2", BOB)
    assert identity.person("lrs", hashed(BOB)) == "2"


def test_an_address_of_two_is_nobodys() -> None:
    identity = Identity([known("1", ADA), known("2", ADA)], {})
    assert isinstance(identity.person("lrs", hashed(ADA)), Problem)
