"""How a cell of a heat map is coloured, in the report and on the pages: ``templates/heatmap.html`` draws both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.domain.gaps import GapStatus

HEAT = {
    GapStatus.UNKNOWN: "unknown",
    GapStatus.NOT_SHOWN: "notshown",
    GapStatus.MET: "met",
    GapStatus.LIKELY_MET: "likely",
    GapStatus.UNSURE: "unsure",
    GapStatus.BELOW: "below",
    GapStatus.CONTESTED: "contested",
}
"""Style class of a cell, by the status that the domain gave it."""


def heat(cell: Mapping[str, Any]) -> str:
    """Style class of a cell."""
    return HEAT[cell["status"]]
