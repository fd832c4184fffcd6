"""Text to vectors: the tuned sentence encoder that ships with the product (``weights/``, see its model card).

Runs on onnxruntime and tokenizers; both are imported when the first text is encoded, never before.

Texts go through the network one by one, several at a time on threads of their own. A batch would be some 1.7 times as
fast, but activations are quantised over the whole input of a run: in a batch a text's vector would depend on its
neighbours (cosine down to 0.98 to its own vector alone), and no stored result could be reproduced.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ascertain.errors import ConfigError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

WEIGHTS = Path(__file__).resolve().parent / "weights"
MODEL, TOKENIZER = "encoder.onnx", "tokenizer.json"
WIDTH = 384
"""Numbers in a vector."""
LONGEST = 4000
"""Characters read of a text; the tokenizer keeps the first 64 tokens anyway."""

Vectors = npt.NDArray[np.float32]
_FEW = 8
"""Up to so many texts are not worth a thread."""
_log = logging.getLogger(__name__)


class Encoder:
    """Sentences to vectors of length one; similar meaning, large dot product.

    Equal texts give equal vectors, bit for bit on one kind of processor, whatever else is in the call and on however
    many threads. Safe to share between threads, and to use after a fork.
    """

    def __init__(self, folder: Path = WEIGHTS, *, threads: int = 2) -> None:
        """``folder`` holds ``encoder.onnx`` and ``tokenizer.json``; ``threads`` texts are encoded at once.

        Raises:
            ConfigError: when a file is not there.
        """
        if threads < 1:
            raise ValueError(f"threads is {threads}, but at least one is needed")
        self._model, self._words = folder / MODEL, folder / TOKENIZER
        self._threads = threads
        for file in (self._model, self._words):
            if not file.is_file():
                raise ConfigError(
                    f"the encoder's file {file} is not there",
                    remedy="install the package again; `python -m training.encoder.run` makes the files anew",
                )

    @cached_property
    def version(self) -> str:
        """``minilm-l6-`` and the first 12 hex digits of the SHA-256 of model and tokenizer."""
        hashed = hashlib.sha256()
        for file in (self._model, self._words):
            hashed.update(hashlib.sha256(file.read_bytes()).digest())
        return f"minilm-l6-{hashed.hexdigest()[:12]}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(texts, :data:`WIDTH`) float32 in the order given. A text without a word gives zeros: like nothing.

        Only the first 64 tokens (some 45 words) of a text count: cut documents into sentences before.

        Raises:
            ConfigError: when the weights cannot be read.
        """
        out = np.zeros((len(texts), WIDTH), np.float32)
        rows = [i for i, t in enumerate(texts) if t and not t.isspace()]
        if not rows:
            return out
        session, tokenizer = self._session, self._tokenizer

        def work(part: Sequence[int]) -> None:
            for i in part:
                # One text a call: the tokenizer's own thread pool would not survive a fork.
                ids = np.array([tokenizer.encode(_clean(texts[i])).ids], np.int64)
                out[i] = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]

        threads = min(self._threads, len(rows)) if len(rows) > _FEW else 1
        if threads == 1:
            work(rows)
        else:
            with ThreadPoolExecutor(threads, thread_name_prefix="encoder") as pool:
                for done in [pool.submit(work, rows[k::threads]) for k in range(threads)]:
                    done.result()
        return out

    @cached_property
    def _session(self) -> InferenceSession:
        # Before the import: from then on onnxruntime would keep a device id in HOME and report to its maker.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # No thread pool inside: threads come from `encode`, so that a forked child is not left without them.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(os.fspath(self._model), options, providers=["CPUExecutionProvider"])
        except Exception as e:  # onnxruntime's exceptions share no base class of their own
            raise ConfigError(f"the encoder {self._model} cannot be read: {e}", remedy="install it again") from e

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        try:
            return Tokenizer.from_file(os.fspath(self._words))
        except Exception as e:  # tokenizers raises bare Exception
            raise ConfigError(f"the tokenizer {self._words} cannot be read: {e}", remedy="install it again") from e


def _clean(text: str) -> str:
    """Lone surrogates, which no tokenizer takes, become question marks."""
    return text[:LONGEST].encode("utf-8", "replace").decode("utf-8")
