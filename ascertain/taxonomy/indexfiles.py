"""Search indexes as files: read if there, built and kept if not."""

from __future__ import annotations

import hashlib
import logging
import os
import zipfile
from pathlib import Path

from ascertain.taxonomy.artefacts import write_once
from ascertain.taxonomy.concepts import ConceptStore
from ascertain.taxonomy.index import FORMAT, LexicalIndex, build, from_bytes, to_bytes
from ascertain.taxonomy.lexicon import Lexicon

_log = logging.getLogger(__name__)


class IndexFiles:
    """The indexes in a folder of artefacts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, version: str, lexicon: Lexicon) -> Path:
        """Where a taxonomy's index by that lexicon is kept."""
        key = hashlib.sha256(f"{FORMAT}:{lexicon.version}".encode()).hexdigest()[:12]
        return self._folder / f"{version}.index-{key}.npz"

    def of(self, store: ConceptStore, lexicon: Lexicon, *, keep: bool) -> LexicalIndex:
        """A taxonomy's index; one that had to be built is kept if asked, and if the folder can be written."""
        version = store.version
        file = self.file(version, lexicon)
        try:
            return from_bytes(file.read_bytes())
        except FileNotFoundError:
            _log.info("no index of %s yet", version)
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as e:
            _log.warning("the index %s cannot be used and is built anew: %s", file.name, e)
        index = build(store.skills(), store.job_profiles(), lexicon)
        if keep:
            try:
                write_once(file, to_bytes(index))
            except OSError as e:
                _log.info("the index of %s is not kept: %s", version, e.strerror or os.strerror(e.errno or 0))
        return index
