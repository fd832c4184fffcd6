"""Which records a full pull has brought: eight bytes each, because a pull may bring millions."""

from __future__ import annotations

import hashlib
from array import array

import numpy as np
import numpy.typing as npt


class Pulled:
    """References, kept as 64-bit digests: add all, then ask.

    Two of ten million share a digest with a probability of three in a million; then a record that is gone stays.
    """

    def __init__(self) -> None:
        self._marks = array("Q")
        self._sorted: npt.NDArray[np.uint64] | None = None

    def add(self, ref: str) -> None:
        """Note one."""
        self._sorted = None
        self._marks.append(_mark(ref))

    def __contains__(self, ref: object) -> bool:
        if self._sorted is None:
            self._sorted = np.sort(np.frombuffer(self._marks.tobytes(), dtype=np.uint64))
        mark = np.uint64(_mark(str(ref)))
        place = int(np.searchsorted(self._sorted, mark))
        return place < len(self._sorted) and bool(self._sorted[place] == mark)

    def __len__(self) -> int:
        return len(self._marks)


def _mark(ref: str) -> int:
    return int.from_bytes(hashlib.blake2b(ref.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
