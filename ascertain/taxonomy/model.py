"""The calibrated model: logistic regression over a candidate's features, its coefficients kept as data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ascertain.errors import ConfigError
from ascertain.taxonomy.features import FEATURES, IS_NAMED, OTHER
from ascertain.taxonomy.named import NAMED

MODEL_FILE = "lexical-2.json"
_SHARED = ("bm25_definition", "rank_definition")
GROUPS = {"other": OTHER, "named": (*NAMED[1:], *_SHARED)}
"""Features of each of the two regressions."""


@dataclass(frozen=True, slots=True)
class LexicalModel:
    """p = 1/(1 + e^−(w·x + b)), for taxonomies of one size class; w and b of their own for skills named word for word.

    Attributes:
        version: of the coefficients file, with its hash.
        weights: (2, features) in the order of ``FEATURES``, on unscaled features: of the others, of the named ones.
        intercepts: (2,) likewise.
        floor: probability below which a candidate is not given: "none fits".
        damping: how much each further sentence of one text adds (0 = the best sentence alone, 1 = noisy-or).
    """

    version: str
    weights: npt.NDArray[np.float64]
    intercepts: npt.NDArray[np.float64]
    floor: float
    damping: float

    def probabilities(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(K, features) → (K,)."""
        z = np.where(
            x[:, IS_NAMED] > 0, x @ self.weights[1] + self.intercepts[1], x @ self.weights[0] + self.intercepts[0]
        )
        p: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(z, -40, 40)))
        return p


def read_model(config_dir: Path, skills: int) -> LexicalModel:
    """The model for a taxonomy of that many skills.

    Raises:
        ConfigError: when the coefficients do not fit the features of this release.
    """
    file = config_dir / "mapper" / MODEL_FILE
    try:
        raw = file.read_bytes()
        doc = json.loads(raw)
        kind = "small" if skills <= int(doc["small_up_to"]) else "large"
        part: dict[str, Any] = doc["models"][kind]
        rows = []
        for name, features in GROUPS.items():
            weights: dict[str, float] = part[name]["weights"]
            if set(weights) != set(features):
                odd = sorted(set(weights) ^ set(features))
                raise ConfigError(
                    f"mapper/{MODEL_FILE}: models.{kind}.{name}.weights does not fit the features: {', '.join(odd)}",
                    remedy="fit the model again: python -m training.fit_lexical",
                )
            rows.append([float(weights.get(f, 0.0)) for f in FEATURES])
        return LexicalModel(
            version=f"{doc['version']}+{hashlib.sha256(raw).hexdigest()[:12]}",
            weights=np.array(rows),
            intercepts=np.array([float(part[name]["intercept"]) for name in GROUPS]),
            floor=float(part["floor"]),
            damping=float(part["damping"]),
        )
    except OSError as e:
        raise ConfigError(f"cannot read mapper/{MODEL_FILE}: {e.strerror}", remedy="restore the shipped file") from None
    except (KeyError, TypeError, ValueError) as e:
        raise ConfigError(
            f"mapper/{MODEL_FILE} is not a valid model: {e!r}", remedy="restore it, or fit the model again"
        ) from None
