"""Onboarding reviewer: reads the drafted plan and says what the manager should look at twice."""

from __future__ import annotations

from collections.abc import Sequence

from crewai import Agent
from crewai.llms.base_llm import BaseLLM
from crewai.tools import BaseTool

from agents.factory import make
from ascertain.prompts import Prompts

NAME = "onboarding_reviewer"


def build(llm: BaseLLM, tools: Sequence[BaseTool], prompts: Prompts) -> Agent:
    """The agent, with a brain and tools of its own."""
    return make(NAME, llm, tools, prompts)
