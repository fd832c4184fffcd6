"""What CrewAI itself costs: five agents, five tools, ten calls of a deterministic LLM, CrewAI's defaults.

Runs in a process of its own, so that nothing the product does to CrewAI speeds this up or slows it down. Spoken to
over pipes: each line in is one kickoff, each line out its CPU seconds (``time.process_time`` of the whole process).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROLES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Evidence collector", "collect_evidence", {"items": ["course:python", "cert:aws"]}),
    ("Taxonomy mapper", "map_taxonomy", {"skills": {"python": 3, "aws": 2}}),
    ("Gap analyst", "find_gaps", {"gaps": ["kubernetes"]}),
    ("Learning-path curator", "curate_path", {"courses": ["K8S-101"]}),
    ("Reviewer", "review_plan", {"approved": True, "notes": "ok"}),
)
SILENT = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
}


class BareCrew:
    """The process that runs bare kickoffs; a context manager."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="bare-crewai-")
        environment = os.environ | SILENT | {"CREWAI_STORAGE_DIR": self._folder.name, "HOME": self._folder.name}
        environment.pop("REDIS_URL", None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bare_crew"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[1],
        )
        return self

    def kickoff(self) -> float:
        """CPU seconds of one kickoff.

        Raises:
            RuntimeError: when the process has died; what it said is on standard error.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("kickoff\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the bare crew's process has died")
        return float(json.loads(line)["cpu"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=60)
        if self._process.stdout:
            self._process.stdout.close()
        self._folder.cleanup()


def _serve() -> None:
    """One kickoff a line of standard input. Only the figures go to standard output."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever CrewAI prints must not mix with them
    build = _builder()
    for _ in sys.stdin:
        before = time.process_time()
        crew, brains = build()
        output = crew.kickoff(inputs={"employee": "EMP-1"})
        cpu = time.process_time() - before
        calls = sum(b.calls for b in brains)
        if calls != 2 * len(ROLES) or "approved" not in str(output):
            raise RuntimeError(f"the bare crew made {calls} calls and answered {output!s:.80}")
        answers.write(json.dumps({"cpu": cpu}) + "\n")


def _builder() -> Any:
    from crewai import Agent, Crew, Process, Task
    from crewai.agents.agent_builder.base_agent import BaseAgent
    from crewai.events.types.llm_events import LLMCallType
    from crewai.llms.base_llm import BaseLLM, llm_call_context
    from crewai.tools import BaseTool
    from pydantic import BaseModel, PrivateAttr

    class Arguments(BaseModel):
        payload: str

    class Fixed(BaseTool):
        args_schema: type[BaseModel] = Arguments
        answer: str

        def _run(self, payload: str) -> str:
            return self.answer

    class Brain(BaseLLM):
        """Calls the tool once, then answers with what it said."""

        llm_type: str = "bare"
        _calls: int = PrivateAttr(default=0)

        @property
        def calls(self) -> int:
            return self._calls

        def supports_function_calling(self) -> bool:
            return True

        def supports_stop_words(self) -> bool:
            return False

        def get_context_window_size(self) -> int:
            return 1_000_000

        def get_input_tokens_count(self, messages: Any, tools: Any = None, response_model: Any = None) -> int:
            return sum(len(str(m.get("content") or "")) for m in messages) // 4

        def call(
            self,
            messages: Any,
            tools: Any = None,
            callbacks: Any = None,
            available_functions: Any = None,
            from_task: Any = None,
            from_agent: Any = None,
            response_model: Any = None,
        ) -> Any:
            self._calls += 1
            with llm_call_context():
                self._emit_call_started_event(
                    messages=messages,
                    tools=tools,
                    callbacks=callbacks,
                    available_functions=available_functions,
                    from_task=from_task,
                    from_agent=from_agent,
                )
                results = [m["content"] for m in messages if m.get("role") == "tool"]
                answer: Any = results[-1] if results else self._use(tools)
                kind = LLMCallType.TOOL_CALL if isinstance(answer, list) else LLMCallType.LLM_CALL
                used = self.get_input_tokens_count(messages)
                usage = {"prompt_tokens": used, "completion_tokens": 20, "total_tokens": used + 20}
                self._track_token_usage_internal(usage)
                self._emit_call_completed_event(
                    response=answer,
                    call_type=kind,
                    messages=messages,
                    from_task=from_task,
                    from_agent=from_agent,
                    usage=usage,
                )
                return answer

        async def acall(self, *args: Any, **kwargs: Any) -> Any:
            return self.call(*args, **kwargs)

        @staticmethod
        def _use(tools: Any) -> list[dict[str, Any]]:
            function = {"name": tools[0]["function"]["name"], "arguments": json.dumps({"payload": "what came before"})}
            return [{"id": "call_1", "type": "function", "function": function}]

    shapes = [
        type(f"Answer{i}", (BaseModel,), {"__annotations__": {k: type(v) for k, v in answer.items()}})
        for i, (_, _, answer) in enumerate(ROLES)
    ]

    def build() -> tuple[Any, list[Brain]]:
        brains: list[Brain] = []
        agents: list[BaseAgent] = []
        tasks: list[Task] = []
        for (role, tool, answer), shape in zip(ROLES, shapes, strict=True):
            brains.append(Brain(model="bare/deterministic"))
            instrument = Fixed(name=tool, description=f"{role}'s instrument.", answer=json.dumps(answer))
            agents.append(
                Agent(role=role, goal=f"{role} goal", backstory=f"{role} story", llm=brains[-1], tools=[instrument])
            )
            tasks.append(
                Task(
                    name=tool,
                    description="Work on the skills of {employee}.",
                    expected_output=f"JSON of {shape.__name__}",
                    agent=agents[-1],
                    output_pydantic=shape,
                    context=list[Task](tasks[-1:]),
                )
            )
        return Crew(agents=agents, tasks=tasks, process=Process.sequential), brains

    return build


if __name__ == "__main__":
    _serve()
