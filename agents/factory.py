"""The settings that all agents share, with their reasons."""

from __future__ import annotations

from collections.abc import Sequence

from crewai import Agent
from crewai.llms.base_llm import BaseLLM
from crewai.tools import BaseTool

from agents.executor import LeanExecutor
from ascertain.prompts import Prompts

MAX_TURNS = 6
"""Two are needed (tools, answer); the rest is for a brain that looks things up more than once."""


def make(name: str, llm: BaseLLM, tools: Sequence[BaseTool], prompts: Prompts) -> Agent:
    """An agent that can use its tools and do nothing else."""
    prompt = prompts.agents[name]
    return Agent(
        role=prompt.role,
        goal=prompt.goal,
        backstory=prompt.backstory,
        llm=llm,
        executor_class=LeanExecutor,
        tools=list(tools),
        allow_delegation=False,
        verbose=False,
        cache=False,
        max_iter=MAX_TURNS,
        # Retrying is the brain's business: one policy, in one place.
        max_retry_limit=0,
        # With these on, CrewAI would cut or summarise tool results on its own estimate of the window.
        respect_context_window=False,
        use_better_compaction=False,
    )
