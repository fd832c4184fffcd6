"""The calibrated model: logistic regression over a candidate's features, its coefficients kept as data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ascertain.errors import ConfigError
from ascertain.taxonomy.features import FEATURES, IS_NAMED, OTHER
from ascertain.taxonomy.fusion import DENSE
from ascertain.taxonomy.named import NAMED
from ascertain.taxonomy.presence import PRESENCE, bounded, presence_features

LEXICAL, HYBRID = "lexical", "hybrid"
MODEL_FILES = {LEXICAL: "lexical-2.json", HYBRID: "hybrid-1.json"}
"""Coefficients of the engine by words alone, and of that by words and meaning."""
_SHARED = ("bm25_definition", "rank_definition")
Groups = Mapping[str, tuple[str, ...]]
_BY_NAME = (*NAMED[1:], *_SHARED)


def feature_groups(engine: str, kind: str) -> Groups:
    """Features of each of the two regressions of an engine's ``small`` or ``large`` model.

    Among 500 skills a name is a name; among 14,000 there are so many names that meaning has a say in them too.
    """
    if engine == LEXICAL:
        return {"other": OTHER, "named": _BY_NAME}
    near = ("dense", "dense_behind") if kind == "large" else ()
    return {"other": (*OTHER, *DENSE), "named": (*_BY_NAME, *near)}


_FIT = "python -m training.fit_reranker"
_FITTED_BY = {LEXICAL: f"{_FIT} --engine lexical", HYBRID: _FIT}
COLUMNS = {f: i for i, f in enumerate(FEATURES)}


@dataclass(frozen=True, slots=True)
class Presence:
    """P(any) = 1/(1 + e^−(w·f + b)) that a sentence shows any skill; w (``PRESENCE``,)."""

    weights: npt.NDArray[np.float64]
    intercept: float

    def probability(self, x: npt.NDArray[np.float64], p: npt.NDArray[np.float64]) -> float:
        """From a sentence's candidates: features (K, features) and probabilities (K,)."""
        z = float(self.weights @ presence_features(x, p, COLUMNS)) + self.intercept
        return float(1 / (1 + np.exp(-np.clip(z, -40, 40))))


@dataclass(frozen=True, slots=True)
class MappingModel:
    """p = 1/(1 + e^−(w·x + b)), for taxonomies of one size class; w and b of their own for skills named word for word.

    Attributes:
        version: of the coefficients file, with its hash.
        weights: (2, features) in the order of ``FEATURES``, on unscaled features: of the others, of the named ones.
        intercepts: (2,) likewise.
        floor: probability below which a candidate is not given: "none fits".
        presence: the sentence's own say, where it was fitted.
        damping: how much each further sentence of one text adds (0 = the best sentence alone, 1 = noisy-or).
    """

    version: str
    weights: npt.NDArray[np.float64]
    intercepts: npt.NDArray[np.float64]
    floor: float
    damping: float
    presence: Presence | None = None

    def probabilities(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(K, features) of one sentence's candidates → (K,)."""
        p = self.separate(x)
        return bounded(p, self.presence.probability(x, p)) if self.presence and len(p) else p

    def separate(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(K, features) → (K,), each candidate by itself, whatever sentence it belongs to."""
        z = np.where(
            x[:, IS_NAMED] > 0, x @ self.weights[1] + self.intercepts[1], x @ self.weights[0] + self.intercepts[0]
        )
        p: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(z, -40, 40)))
        return p


def read_model(config_dir: Path, skills: int, engine: str = LEXICAL) -> MappingModel:
    """An engine's model for a taxonomy of that many skills.

    Raises:
        ConfigError: when the coefficients do not fit the features of this release.
    """
    name = MODEL_FILES[engine]
    file = config_dir / "mapper" / name
    try:
        raw = file.read_bytes()
        doc = json.loads(raw)
        kind = "small" if skills <= int(doc["small_up_to"]) else "large"
        part: dict[str, Any] = doc["models"][kind]
        rows = []
        for group, features in feature_groups(engine, kind).items():
            weights: dict[str, float] = part[group]["weights"]
            if set(weights) != set(features):
                odd = sorted(set(weights) ^ set(features))
                raise ConfigError(
                    f"mapper/{name}: models.{kind}.{group}.weights does not fit the features: {', '.join(odd)}",
                    remedy=f"fit the model again: {_FITTED_BY[engine]}",
                )
            rows.append([float(weights.get(f, 0.0)) for f in FEATURES])
        return MappingModel(
            version=f"{doc['version']}+{hashlib.sha256(raw).hexdigest()[:12]}",
            weights=np.array(rows),
            intercepts=np.array([float(part[group]["intercept"]) for group in feature_groups(engine, kind)]),
            floor=float(part["floor"]),
            damping=float(part["damping"]),
            presence=_presence(part.get("presence")),
        )
    except OSError as e:
        raise ConfigError(f"cannot read mapper/{name}: {e.strerror}", remedy="restore the shipped file") from None
    except (KeyError, TypeError, ValueError) as e:
        raise ConfigError(
            f"mapper/{name} is not a valid model: {e!r}", remedy="restore it, or fit the model again"
        ) from None


def _presence(part: dict[str, Any] | None) -> Presence | None:
    if part is None:
        return None
    if set(part["weights"]) != set(PRESENCE):
        raise ValueError("presence.weights does not fit the features")
    return Presence(np.array([float(part["weights"][f]) for f in PRESENCE]), float(part["intercept"]))
