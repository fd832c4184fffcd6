"""What ``taxonomy adapt`` found for one taxonomy, kept beside it as ``<version>.adapted-<hash>.json``.

The hash is of the file's bytes and stands in the mapper's version. The file says for which coefficients, word lists
and encoder it was made; with others it is passed over, and the shipped coefficients count.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ascertain.errors import ConfigError, IntegrityError
from ascertain.taxonomy.artefacts import write_once
from ascertain.taxonomy.features import FEATURES
from ascertain.taxonomy.model import MappingModel

FORMAT = 1
GROUPS = ("other", "named")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adapted:
    """Coefficients for one taxonomy: ``weights`` (2, features) and ``intercepts`` (2,) as in ``MappingModel``.

    ``definition_share`` of a skill's vector is its definition's, the rest its names'; ``hash`` names the file.
    """

    hash: str
    weights: npt.NDArray[np.float64]
    intercepts: npt.NDArray[np.float64]
    definition_share: float

    def applied(self, model: MappingModel) -> MappingModel:
        """The shipped ``model`` with these coefficients, saying so in its version."""
        version = f"{model.version}.adapted-{self.hash}"
        return replace(model, version=version, weights=self.weights, intercepts=self.intercepts)


def made_for(model: MappingModel, lexicon: str, encoder: str | None) -> dict[str, str | None]:
    """What coefficients depend on."""
    return {"model": model.version, "lexicon": lexicon, "encoder": encoder}


def write_adapted(
    folder: Path, taxonomy: str, basis: Mapping[str, str | None], model: MappingModel, share: float, told: Any
) -> str:
    """Keep it in place of what was there, with what ``told`` says on how it came about; gives its hash.

    Raises:
        ConfigError: when the folder cannot be written.
    """
    doc = {
        "format": FORMAT,
        "taxonomy": taxonomy,
        "made_for": dict(basis),
        "definition_share": share,
        "coefficients": {
            g: {
                "intercept": float(model.intercepts[i]),
                "weights": {f: float(w) for f, w in zip(FEATURES, model.weights[i], strict=True) if w},
            }
            for i, g in enumerate(GROUPS)
        },
        "measured": told,
    }
    raw = json.dumps(doc, indent=2, sort_keys=True).encode()
    hashed = hashlib.sha256(raw).hexdigest()[:12]
    old = _files(folder, taxonomy)
    try:
        write_once(folder / f"{taxonomy}.adapted-{hashed}.json", raw)
        for file in old:
            if file.name != f"{taxonomy}.adapted-{hashed}.json":
                file.unlink()
    except OSError as e:
        raise ConfigError(
            f"cannot write to {folder}: {e.strerror}", remedy="point ASCERTAIN_HOME at a folder this user may write"
        ) from None
    return hashed


def read_adapted(folder: Path, taxonomy: str, basis: Mapping[str, str | None]) -> Adapted | None:
    """What was adapted for that version of a taxonomy, if it was made for the same mapper.

    Raises:
        IntegrityError: when the file is not what its name says.
    """
    for file in _files(folder, taxonomy):
        raw = file.read_bytes()
        hashed = hashlib.sha256(raw).hexdigest()[:12]
        name = taxonomy.partition("-")[0]
        if file.name != f"{taxonomy}.adapted-{hashed}.json":
            raise IntegrityError(
                f"{file.name} is not what its name says", remedy=f"ascertain taxonomy adapt {name} --reset"
            )
        doc = json.loads(raw)
        if doc["format"] != FORMAT or doc["made_for"] != dict(basis):
            _log.warning(
                "%s was made for another version of the mapper and is not used: ascertain taxonomy adapt %s",
                file.name,
                name,
            )
            continue
        parts = [doc["coefficients"][g] for g in GROUPS]
        return Adapted(
            hashed,
            np.array([[float(p["weights"].get(f, 0.0)) for f in FEATURES] for p in parts]),
            np.array([float(p["intercept"]) for p in parts]),
            float(doc["definition_share"]),
        )
    return None


def reset_adapted(folder: Path, taxonomy: str) -> int:
    """Remove what was adapted for that version of a taxonomy; how many files went."""
    files = _files(folder, taxonomy)
    for file in files:
        file.unlink()
    return len(files)


def _files(folder: Path, taxonomy: str) -> list[Path]:
    """Newest first."""
    found = [f for f in folder.glob("*.adapted-*.json") if f.name.startswith(f"{taxonomy}.adapted-")]
    return sorted(found, key=lambda f: (-f.stat().st_mtime_ns, f.name))
