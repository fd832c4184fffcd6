"""A person's copy of what is held on them: JSON for programs, HTML without scripts for people."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from ascertain.domain.text import clean_text, visible
from ascertain.errors import InputError
from ascertain.report.page_templates import page_templates
from ascertain.report.private_file import write_private


def write_dossier(data: dict[str, Any], folder: Path, made_at: datetime) -> tuple[Path, Path]:
    """Write ``person.json`` and ``person.html`` into a folder, for its owner alone.

    Raises:
        InputError: the folder cannot be made.
        ConfigError: the files cannot be written there.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as e:
        raise InputError(f"cannot make the folder {folder}: {e.strerror}", remedy="give another --out") from None
    files = folder / "person.json", folder / "person.html"
    write_private(files[0], visible(json.dumps(data, indent=2, ensure_ascii=False)), option="--out")
    write_private(files[1], render_dossier(data, made_at), option="--out")
    return files


def render_dossier(data: dict[str, Any], made_at: datetime) -> str:
    """The HTML text."""
    environment = page_templates()
    environment.filters["shown"] = _shown
    environment.filters["title_of"] = lambda name: name.replace("_", " ").capitalize()
    return environment.get_template("dossier.html").render(d=data, made_on=made_at.date().isoformat())


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    return clean_text(text)
