"""Where the application's own files are: in a checkout at the root, in a wheel under ``ascertain/_app``."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_PACKED = _HERE / "_app"

APP_ROOT = _PACKED if _PACKED.is_dir() else _HERE.parent
"""The folder that holds agents/, tasks/, tools/, crews/ and config/."""

CONFIG_DIR = APP_ROOT / "config"
"""Prompts, policy, starter taxonomy, job profiles, demonstration company."""
