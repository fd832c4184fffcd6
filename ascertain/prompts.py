"""Reads ``config/agents.yaml`` and ``config/tasks.yaml`` strictly. Prompts are constants: no text from outside is
ever put into one (untrusted text reaches an agent only as a tool result)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR

T = TypeVar("T")
_PLACEHOLDER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")


class AgentPrompt(BaseModel):
    """Who an agent is."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    role: str
    goal: str
    backstory: str


class TaskPrompt(BaseModel):
    """What an agent is asked; ``agent`` names an entry of agents.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    agent: str
    description: str
    expected_output: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts with a hash over their files: part of every result's versions."""

    agents: Mapping[str, AgentPrompt]
    tasks: Mapping[str, TaskPrompt]
    version: str


def read_prompts(folder: Path | None = None) -> Prompts:
    """Load both files.

    Raises:
        ConfigError: when one is missing, malformed, names an unknown agent, or holds a ``{placeholder}``
            (CrewAI would substitute it, also inside text that came from outside).
    """
    base = folder or CONFIG_DIR
    agents = _load(base / "agents.yaml", TypeAdapter(dict[str, AgentPrompt]))
    tasks = _load(base / "tasks.yaml", TypeAdapter(dict[str, TaskPrompt]))
    for name, task in tasks.items():
        if task.agent not in agents:
            raise ConfigError(f"tasks.yaml: {name}.agent: there is no agent {task.agent!r} in agents.yaml")
    hasher = hashlib.sha256()
    for file in ("agents.yaml", "tasks.yaml"):
        text = (base / file).read_text(encoding="utf-8")
        if found := _PLACEHOLDER.search(text):
            raise ConfigError(
                f"{file}: placeholder {found.group()} is not allowed in a prompt",
                remedy="hand data to the agent through a tool, and write literal braces with a space inside",
            )
        hasher.update(text.encode())
    return Prompts(agents, tasks, hasher.hexdigest()[:12])


def _load(path: Path, shape: TypeAdapter[T]) -> T:
    try:
        return shape.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as e:
        raise ConfigError(f"cannot read {path.name}: {e.strerror}", remedy="restore the shipped file") from None
    except UnicodeDecodeError as e:
        raise ConfigError(f"{path.name} is not UTF-8 text: {e}", remedy="save it as UTF-8") from None
    except ValidationError as e:
        first = e.errors()[0]
        raise ConfigError(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except yaml.YAMLError as e:
        raise ConfigError(f"{path.name} is not valid YAML: {e}") from None
