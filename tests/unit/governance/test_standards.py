"""The maps to NIST's framework and to ISO/IEC 42001 leave nothing out and claim no more than they show."""

from __future__ import annotations

import re

from tests.e2e.harness import ROOT
from tests.unit.governance.pages import references, rows

RMF = ROOT / "docs" / "governance" / "rmf.md"
ISO = ROOT / "docs" / "governance" / "iso-42001.md"

# How many subcategories each category has (NIST AI 100-1, tables 1 to 4): 72 in all.
CATEGORIES = {
    "GOVERN": (7, 3, 2, 3, 2, 2),
    "MAP": (6, 3, 5, 2, 2),
    "MEASURE": (3, 13, 3, 3),
    "MANAGE": (4, 4, 2, 3),
}
# ISO/IEC 42001:2023, Annex A: 38 controls.
CONTROLS = {
    *(f"A.2.{n}" for n in (2, 3, 4)),
    *(f"A.3.{n}" for n in (2, 3)),
    *(f"A.4.{n}" for n in range(2, 7)),
    *(f"A.5.{n}" for n in range(2, 6)),
    *(f"A.6.1.{n}" for n in (2, 3)),
    *(f"A.6.2.{n}" for n in range(2, 9)),
    *(f"A.7.{n}" for n in range(2, 7)),
    *(f"A.8.{n}" for n in range(2, 6)),
    *(f"A.9.{n}" for n in (2, 3, 4)),
    *(f"A.10.{n}" for n in (2, 3, 4)),
}


def _all() -> set[str]:
    return {
        f"{function} {category}.{n}"
        for function, sizes in CATEGORIES.items()
        for category, size in enumerate(sizes, start=1)
        for n in range(1, size + 1)
    }


def _left_out() -> set[str]:
    """The list under the last heading: "GOVERN 1.3, 2.2; MAP 1.2 to 1.5"."""
    text = RMF.read_text(encoding="utf-8").partition("## Not supported by the product")[2].partition(":")[0]
    found = set()
    for part in text.split(";"):
        function = re.findall(r"[A-Z]{3,}", part)[0]
        for category, first, last in re.findall(r"(\d)\.(\d+)(?: to \d\.(\d+))?", part):
            found |= {f"{function} {category}.{n}" for n in range(int(first), int(last or first) + 1)}
    return found


def test_each_subcategory_is_claimed_or_left_to_the_organisation() -> None:
    claimed = [r["Subcategory"] for r in rows(RMF)]
    assert len(_all()) == 72
    assert len(set(claimed)) == len(claimed)
    assert not set(claimed) & _left_out()
    assert set(claimed) | _left_out() == _all()


def test_each_control_of_annex_a_has_its_row() -> None:
    told = [r["Control"] for r in rows(ISO)]
    assert len(CONTROLS) == 38
    assert sorted(told) == sorted(CONTROLS)


def test_what_a_control_is_given_can_be_seen() -> None:
    for row in rows(ISO):
        assert row["Applies"] in {"gives", "yours", "not for us"}, row
        assert row["Applies"] != "gives" or references(row["Behind it"]), row


def test_no_certification_is_claimed() -> None:
    text = " ".join(ISO.read_text(encoding="utf-8").split())
    assert "claims no certification" in text
