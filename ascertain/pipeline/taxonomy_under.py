"""Opening a taxonomy under other changes than those in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ascertain.domain.overlays import Overlay
from ascertain.domain.ports import Mapper, Taxonomy


class Bundle(Protocol):
    """An open taxonomy with its mapper."""

    @property
    def taxonomy(self) -> Taxonomy: ...
    @property
    def mapper(self) -> Mapper: ...


Under = Callable[[Overlay | None], Bundle]
