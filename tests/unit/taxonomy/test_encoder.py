"""The encoder with the weights that ship."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.errors import ConfigError
from ascertain.taxonomy.encoder import MODEL, TOKENIZER, WEIGHTS, WIDTH, Encoder

TEXTS = (
    "Write joins and window functions against our order database and check the results by hand.",
    "negotiating contracts",
    "She led the weekly retrospective and settled two conflicts in the team.",
    "k8s",
    "",
    "Deploying containers to a cluster, and finding out why pods do not start.",
    "First aid refresher for warehouse staff",
    "Pivot tables",
    "Budget forecast for the next quarter",
    "  \n",
    "Prüfung bestanden ✔",
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def test_one_unit_vector_a_text_and_zeros_for_blank_ones(encoder: Encoder) -> None:
    found = encoder.encode(TEXTS)
    assert found.shape == (len(TEXTS), WIDTH)
    assert found.dtype == np.float32
    blank = [not t.strip() for t in TEXTS]
    assert np.allclose(np.linalg.norm(found, axis=1), [0 if b else 1 for b in blank], atol=1e-5)


def test_nothing_to_encode(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, WIDTH)


def test_company_threads_and_order_change_no_bit(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    assert all(np.array_equal(encoder.encode([t])[0], v) for t, v in zip(TEXTS, together, strict=True))
    assert np.array_equal(Encoder(threads=3).encode(TEXTS[::-1])[::-1], together)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), max_size=300))
def test_any_text_has_a_vector(text: str) -> None:
    vector = _SHARED.encode([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1 if text.strip() else 0, abs=1e-4)


_SHARED = Encoder()


def test_half_a_surrogate_pair_is_read_like_a_question_mark(encoder: Encoder) -> None:
    assert np.array_equal(*encoder.encode(["pivot \ud83d tables", "pivot ? tables"]))


def test_a_long_text_counts_up_to_its_sixty_fourth_token(encoder: Encoder) -> None:
    long = "stock counting " * 200
    assert np.array_equal(*encoder.encode([long, long + "Kubernetes"]))


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (TEXTS[0], "SQL", "contract law"),
        (TEXTS[5], "Kubernetes", "first aid"),
        (TEXTS[2], "conflict management", "accounting"),
        (TEXTS[6], "provide first aid", "manage warehouse inventory"),
        ("Her quarterly forecast was within two percent of the actual spend.", "budgeting", "graphic design"),
        ("Calmed down an angry caller and found a solution together.", "handle customer complaints", "JavaScript"),
    ],
)
def test_meaning_decides(encoder: Encoder, text: str, right: str, wrong: str) -> None:
    said, good, bad = encoder.encode([text, right, wrong])
    assert said @ good > said @ bad + 0.1


def test_version_follows_content(tmp_path: Path, encoder: Encoder) -> None:
    for name in (MODEL, TOKENIZER):
        shutil.copyfile(WEIGHTS / name, tmp_path / name)
    assert Encoder(tmp_path).version == encoder.version
    (tmp_path / TOKENIZER).write_text("{}", encoding="utf-8")
    assert Encoder(tmp_path).version != encoder.version


def test_the_model_card_speaks_of_these_weights(encoder: Encoder) -> None:
    assert encoder.version in (WEIGHTS / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_a_missing_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"{MODEL} is not there[\s\S]*remedy: install"):
        Encoder(tmp_path)


@pytest.mark.parametrize("broken", [MODEL, TOKENIZER])
def test_a_broken_file_is_named(tmp_path: Path, broken: str) -> None:
    for name in (MODEL, TOKENIZER):
        shutil.copyfile(WEIGHTS / name, tmp_path / name)
    (tmp_path / broken).write_bytes(b"not what it was")
    with pytest.raises(ConfigError, match=rf"{broken} cannot be read"):
        Encoder(tmp_path).encode(["pivot tables"])


def test_no_thread_is_no_way_to_encode() -> None:
    with pytest.raises(ValueError, match="threads is 0"):
        Encoder(threads=0)


LAZY = """
import sys
from ascertain.taxonomy.encoder import Encoder
encoder = Encoder()
encoder.version
late = {"onnxruntime", "tokenizers"}
assert not late & set(sys.modules), late & set(sys.modules)
encoder.encode(["pivot tables"])
assert late <= set(sys.modules)
assert "torch" not in sys.modules
"""

FORK = """
import os, sys
import numpy as np
from ascertain.taxonomy.encoder import Encoder
texts = [f"ticket number {n} about invoices" for n in range(20)]
encoder = Encoder()
before = encoder.encode(texts)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(encoder.encode(texts), before) else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert np.array_equal(encoder.encode(texts), before)
"""


@pytest.mark.parametrize("script", [LAZY, FORK], ids=["imports late", "works after a fork"])
def test_in_a_process_of_its_own(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_runtime_keeps_and_reports_nothing_of_its_own(tmp_path: Path) -> None:
    """onnxruntime writes a device id and a queue of reports into HOME on import, unless it is told not to before."""
    script = "from ascertain.taxonomy.encoder import Encoder; assert Encoder().encode(['SQL']).any()"
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    env.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", script], env=env, check=True, cwd=Path(__file__).parents[3], timeout=120)
    assert list(tmp_path.iterdir()) == []
