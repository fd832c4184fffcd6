"""Nothing in the product unpickles. That no worker starts that could: ``tests/integration/test_worker.py``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from ascertain.paths import APP_ROOT

ROOMS = ("ascertain", "agents", "tasks", "tools", "crews")
PICKLERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"}
WITH_SERIALIZER = {"Queue", "LeasedQueue", "Worker", "fetch", "fetch_many"}
UNSAFE_YAML = {"load", "load_all", "unsafe_load", "unsafe_load_all", "full_load", "full_load_all"}


def modules() -> dict[str, str]:
    files = [f for room in ROOMS for f in sorted((APP_ROOT / room).rglob("*.py"))]
    return {f.relative_to(APP_ROOT).as_posix(): f.read_text("utf-8") for f in [*files, APP_ROOT / "main.py"]}


def unsafe(source: str) -> Iterator[str]:
    """What in a module could unpickle."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (f"imports {n.name}" for n in names if n.name.split(".")[0] in PICKLERS)
            case ast.ImportFrom(module=str(module)):
                if module.split(".")[0] in PICKLERS:
                    yield f"imports {module}"
                yield from (
                    f"names {n.name}" for n in node.names if n.name in ("PickleSerializer", "DefaultSerializer")
                )
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name), args=args, keywords=given):
                options = {k.arg: k.value for k in given}
                safe = isinstance(options.get("allow_pickle"), ast.Constant) and not options["allow_pickle"].value  # type: ignore[attr-defined]
                if owner in ("np", "numpy") and name == "load" and not safe:
                    yield "numpy.load without allow_pickle=False"
                if owner == "torch" and name == "load":
                    yield "torch.load"
                if owner == "yaml" and name in UNSAFE_YAML and "Loader" not in options and len(args) < 2:
                    yield f"yaml.{name}"
                if owner == "Job" and name in WITH_SERIALIZER and "serializer" not in options:
                    yield f"Job.{name} with the serializer that RQ takes by default, which is pickle"
            case ast.Call(func=ast.Name(id=name), keywords=given) if name in WITH_SERIALIZER:
                if "serializer" not in {k.arg for k in given}:
                    yield f"{name} with the serializer that RQ takes by default, which is pickle"
            case _:
                pass


def test_nothing_in_the_product_unpickles() -> None:
    found = {name: list(unsafe(text)) for name, text in modules().items()}
    assert len(found) > 200
    assert {n: f for n, f in found.items() if f} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import cloudpickle.fast as c",
        "from rq.serializers import PickleSerializer",
        "np.load(f)",
        "np.load(f, allow_pickle=True)",
        "torch.load(f)",
        "yaml.load(f)",
        "Job.fetch(i, connection=c)",
        "Queue('q', connection=c)",
        "LeasedQueue(name, connection=c)",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert list(unsafe(source))
