"""Content tagger: picks, among offered skills, those that a piece of learning content teaches."""

from __future__ import annotations

from collections.abc import Sequence

from crewai import Agent
from crewai.llms.base_llm import BaseLLM
from crewai.tools import BaseTool

from agents.factory import make
from ascertain.prompts import Prompts

NAME = "content_tagger"


def build(llm: BaseLLM, tools: Sequence[BaseTool], prompts: Prompts) -> Agent:
    """The agent, with a brain and tools of its own."""
    return make(NAME, llm, tools, prompts)
