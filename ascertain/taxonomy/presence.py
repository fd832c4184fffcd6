"""Whether a sentence shows any skill of the taxonomy at all: "none fits" as an outcome with a probability of its own.

The re-ranker compares candidates; how good the best is in itself it judges badly where nothing fits. A second
regression looks at the sentence as a whole, and its probability P(any) bounds every candidate:

    p′ = p · P(any) / max(P(any), 1 − Π (1 − p))

so that the probability that at least one of the first few fits is no larger than that of there being any.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
PRESENCE = (
    "best",  # logit of the best candidate's probability
    "second",  # … of the second best's
    "implied",  # ln(1 + Σ p) over the first ten
    "dense_best",
    "dense_lead",  # the largest
    "cover_form",  # the largest
    "best_raw",
    "named",  # whether any skill is named word for word
    "sentence_words",
)
_FIRST = 10
_TINY = 1e-6


def presence_features(x: Floats, p: Floats, columns: dict[str, int]) -> Floats:
    """(``PRESENCE``,) of one sentence from its candidates' features (K, features) and probabilities (K,), K > 0.

    Args:
        columns: place of each feature in ``x``.
    """
    ordered = np.sort(p)[::-1]
    second = ordered[1] if len(ordered) > 1 else 0.0
    return np.array(
        [
            _logit(ordered[0]),
            _logit(second),
            np.log1p(ordered[:_FIRST].sum()),
            *(x[:, columns[f]].max() for f in ("dense_best", "dense_lead", "cover_form", "best_raw", "named")),
            x[0, columns["sentence_words"]],
        ]
    )


def bounded(p: Floats, any_fits: float) -> Floats:
    """The candidates' probabilities under P(any) (see above), the implied one over the first few."""
    implied = 1 - float(np.prod(1 - np.sort(p)[::-1][:_FIRST]))
    return p * any_fits / max(any_fits, implied, _TINY)


def _logit(p: float) -> float:
    q = min(max(float(p), _TINY), 1 - _TINY)
    return float(np.log(q / (1 - q)))
