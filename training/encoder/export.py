"""Checkpoint → int8 ONNX as the product reads it: ``encoder.onnx`` and ``tokenizer.json``.

Mean pooling and normalisation are part of the graph: token ids and attention mask in, vectors of length one out.
Weights are int8 (per channel, seven bits of range, so that processors without VNNI instructions give the same
sums), activations are quantised while running.

    python -m training.encoder.export CHECKPOINT --out FOLDER
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from transformers import AutoModel

from training.encoder.network import base_folder, read_tokenizer

MODEL, TOKENIZER = "encoder.onnx", "tokenizer.json"
OPSET = 17


class _Pooled(torch.nn.Module):
    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.body = AutoModel.from_pretrained(weights, attn_implementation="eager").eval()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
        return mean / mean.norm(dim=1, keepdim=True).clamp(min=1e-9)


def export(checkpoint: Path, out: Path) -> tuple[Path, Path]:
    """Writes ``out/int8`` and, for comparison, ``out/float32``, each as the product's ``Encoder`` reads it.

    Gives both folders.
    """
    int8, float32 = out / "int8", out / "float32"
    for folder in (int8, float32):
        folder.mkdir(parents=True, exist_ok=True)
        _tokenizer(folder / TOKENIZER)
    exact = float32 / MODEL
    ids = torch.ones(2, 8, dtype=torch.long)
    axes = {name: {0: "texts", 1: "tokens"} for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        torch.onnx.export(
            _Pooled(checkpoint),
            (ids, torch.ones_like(ids)),
            str(exact),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector"],
            dynamic_axes={**axes, "vector": {0: "texts"}},
            opset_version=OPSET,
            dynamo=False,
        )
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(exact, prepared, skip_symbolic_shape=True)
        quantize_dynamic(prepared, int8 / MODEL, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    onnx.checker.check_model(str(int8 / MODEL))
    return int8, float32


def _tokenizer(path: Path) -> None:
    """The base model's tokenizer, cutting at ``MAX_TOKENS`` and without padding."""
    tokenizer = read_tokenizer(base_folder())
    tokenizer.save(str(path), pretty=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Exports a checkpoint as int8 ONNX.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    export(args.checkpoint, args.out)


if __name__ == "__main__":
    main()
