"""The taxonomy in use: a release, and the changes that lie on it. A worker lives for days, so it looks again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from ascertain.domain.overlays import Overlay
from ascertain.domain.ports import Taxonomy, UnitOfWorkFactory
from ascertain.errors import NotFoundError

LOOK_AGAIN = 2.0
"""Seconds after which it is asked again whether a change was applied meanwhile. Whatever begins an assessment asks at
once."""
EARLIER = 4
"""Taxonomies of earlier results that stay open."""


class Opened(Protocol):
    """An open taxonomy (``ascertain.taxonomy.library.TaxonomyBundle``)."""

    @property
    def taxonomy(self) -> Taxonomy: ...


B = TypeVar("B", bound=Opened)
Opens = Callable[[str, "Overlay | None"], B]


def _now() -> datetime:
    return datetime.now(UTC)


class TaxonomyInUse(Generic[B]):
    """Opens releases with their changes, and keeps the present one and a few earlier ones."""

    def __init__(
        self, units: UnitOfWorkFactory, opens: Opens[B], setting: str, clock: Callable[[], datetime] = _now
    ) -> None:
        """``setting``: what to open, as ``name`` or ``name@release``, which no change replaces."""
        self._units = units
        self._opens = opens
        self._setting = setting
        self.name, _, self.named = setting.partition("@")
        self._clock = clock
        self._present: tuple[str, B] | None = None
        self._earlier: dict[str, Taxonomy | None] = {}
        self._tried: dict[str, B] = {}
        self._looked = 0.0

    def now(self) -> B:
        """The one in use."""
        if self._present is None or time.monotonic() - self._looked > LOOK_AGAIN:
            return self.renew()
        return self._present[1]

    def renew(self) -> B:
        """Look which one is in use."""
        overlay = self._overlay()
        key = overlay.version if overlay else ""
        self._looked = time.monotonic()
        if self._present is None or self._present[0] != key:
            self._present = key, self._opened(overlay)
        return self._present[1]

    def under(self, overlay: Overlay | None) -> B:
        """The release under other changes than those in use: to see what they would do."""
        key = overlay.version if overlay else ""
        if self._present is not None and overlay is not None and self._present[1].taxonomy.version == key:
            return self._present[1]
        if key not in self._tried:
            while len(self._tried) >= EARLIER:
                self._tried.pop(next(iter(self._tried)))
            self._tried[key] = self._opened(overlay)
        return self._tried[key]

    def _opened(self, overlay: Overlay | None) -> B:
        """The release that the overlay lies on: a release that was imported since waits until people take it up. Where
        that one is no longer there (the starter comes with the product), or the setting names one, the changes are laid
        over that.

        Raises:
            NotFoundError: the release that was taken up is not imported here.
        """
        if overlay is not None and not self.named:
            try:
                return self._opens(f"{self.name}@{overlay.base}", overlay)
            except NotFoundError as e:
                if overlay.release is not None:
                    raise NotFoundError(
                        f"{overlay.base} is in use and not imported on this machine",
                        remedy="import that release here too: ascertain taxonomy import",
                    ) from e
        return self._opens(self._setting, overlay)

    def pin(self) -> None:
        """Note which release results are made with: another one comes in use when people approve it."""
        if self._overlay() is not None or self.named:
            return
        with self._units() as uow:
            if uow.stewardship.in_use(self.name) is None:
                alone = Overlay(self.now().taxonomy.version)
                uow.stewardship.keep(alone)
                uow.stewardship.use(self.name, alone, "", self._clock())
                uow.commit()

    def changes(self) -> Overlay:
        """The changes in use, over the release that is there now; none on a release alone."""
        overlay = self._overlay()
        if overlay is None:
            return Overlay(self.now().taxonomy.version)
        return Overlay(self.now().taxonomy.version.partition("~")[0], overlay.changes)

    def keep(self) -> None:
        """Where the release was replaced under the changes in use, keep them over the new one: results made with it
        are replayed with it."""
        overlay = self._overlay()
        if overlay is None or not overlay.changes:
            return
        present = self.changes()
        if present.version != overlay.version:
            with self._units() as uow:
                uow.stewardship.keep(present)
                uow.commit()

    def of_version(self, version: str) -> Taxonomy | None:
        """The taxonomy of that version; ``None`` where its release, or its changes, are no longer there."""
        if version not in self._earlier:
            while len(self._earlier) >= EARLIER:
                self._earlier.pop(next(iter(self._earlier)))
            self._earlier[version] = self._open_version(version)
        return self._earlier[version]

    def _open_version(self, version: str) -> Taxonomy | None:
        overlay = None
        if "~" in version:
            with self._units(write=False) as uow:
                overlay = uow.stewardship.overlay(version)
            if overlay is None:
                return None
        release = version.partition("~")[0]
        try:
            return self._opens(f"{release.partition('-')[0]}@{release}", overlay).taxonomy
        except NotFoundError:
            return None

    def _overlay(self) -> Overlay | None:
        with self._units(write=False) as uow:
            return uow.stewardship.in_use(self.name)
