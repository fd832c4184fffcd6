"""What `deploy/` and the Dockerfile say, by the linters of each, and against what the product takes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from typer.testing import CliRunner

from ascertain.cli import app
from ascertain.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OF_OTHERS = {"Kustomization", "ScaledObject"}
"""Kinds that Kubernetes itself does not know."""
UNITS = sorted((DEPLOY / "systemd").iterdir())


def documents() -> list[dict[str, Any]]:
    return [d for f in MANIFESTS for d in yaml.safe_load_all(f.read_text()) if d]


def compose() -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert isinstance(found, dict)
    return found


def containers() -> dict[str, dict[str, Any]]:
    made = [d for d in documents() if d["kind"] == "Deployment"]
    return {d["metadata"]["name"]: d["spec"]["template"]["spec"] for d in made}


def test_the_dockerfile_passes_its_linter() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_what_the_image_is_built_of_is_there_and_nothing_else_goes_in() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    for name in (line[1:] for line in lines if line.startswith("!")):
        assert (ROOT / name).exists(), name
    wheel = re.search(r"only-include = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert wheel
    assert {f"!{n}" for n in re.findall(r'"(\w+)"', wheel[1])} <= set(lines)


def test_what_the_image_leaves_out_is_imported_by_nobody_of_ours() -> None:
    left_out = re.search(r"pip uninstall --yes (.*?) \\", (ROOT / "Dockerfile").read_text())
    assert left_out
    names = left_out[1].split()
    assert len(names) >= 3
    folders = ("ascertain", "agents", "crews", "tasks", "tools")
    ours = "\n".join(f.read_text() for n in folders for f in (ROOT / n).rglob("*.py"))
    assert not [n for n in names if re.search(rf"^\s*(import|from) {n}\b", ours, re.MULTILINE)]


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda f: f.name)
def test_manifests_are_what_kubernetes_takes(file: Path) -> None:
    for found in yaml.safe_load_all(file.read_text()):
        if found["kind"] not in OF_OTHERS:
            kubernetes_validate.validate(found, "1.31", strict=True)


def test_the_kustomization_names_what_is_there() -> None:
    (kustomization,) = [d for d in documents() if d["kind"] == "Kustomization"]
    named = set(kustomization["resources"])
    optional = {"kustomization.yaml", "autoscaling.yaml", "secrets.example.yaml"}
    assert named | optional == {f.name for f in MANIFESTS}


def test_pods_run_without_rights_on_a_read_only_root_and_stop_in_time() -> None:
    grace = int(next(d for d in documents() if d["kind"] == "ConfigMap")["data"]["ASCERTAIN_STOP_GRACE"])
    assert len(containers()) == 3
    for pod in containers().values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["terminationGracePeriodSeconds"] > grace + 10
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
        assert container["resources"]["limits"]["memory"]
        assert not container.get("env"), "secrets are files, not variables that a dump shows"


def test_containers_of_the_compose_file_have_no_rights_either() -> None:
    found = compose()
    for name in ("service", "worker", "scheduler"):
        service = found["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert int(service["stop_grace_period"].rstrip("s")) > int(service["environment"]["ASCERTAIN_STOP_GRACE"]) + 10


def test_the_compose_file_names_what_it_has() -> None:
    found = compose()
    for service in found["services"].values():
        assert set(service.get("depends_on", {})) <= set(found["services"])
        assert set(service.get("networks", [])) <= set(found["networks"])
        assert set(service.get("secrets", [])) <= set(found["secrets"])
        volumes = [str(v).partition(":")[0] for v in service.get("volumes", [])]
        assert {v for v in volumes if v.isidentifier()} <= set(found["volumes"])
        for waited in service.get("depends_on", {}):
            assert "healthcheck" in found["services"][waited]
    assert found["services"]["queue"]["command"][-1] == "noeviction", "what is evicted is a job"


def _settings_named() -> set[str]:
    text = "\n".join(f.read_text() for f in [*MANIFESTS, *UNITS, DEPLOY / "compose.yaml", ROOT / "Dockerfile"])
    return set(re.findall(r"^[\s\"-]*(?:Environment=)?(ASCERTAIN_[A-Z_]+)[:=]", text, re.MULTILINE))


def test_every_setting_is_one() -> None:
    named = _settings_named()
    assert len(named) > 6
    assert named <= {f"ASCERTAIN_{n.upper()}" for n in Settings.model_fields}


def _commands() -> list[list[str]]:
    of_pods = [c["args"] for pod in containers().values() for c in pod["containers"]]
    of_compose = [compose()["services"][n]["command"] for n in ("service", "worker", "scheduler")]
    of_units = [["serve"], ["worker"], ["schedule"]]
    return [[str(a) for a in c] for c in of_pods + of_compose + of_units]


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_every_command_takes_its_options(command: list[str]) -> None:
    name, *options = [a.partition("=")[0] for a in command]
    done = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert not [o for o in options if o.startswith("--") and o not in done.output]


def test_workers_are_scaled_by_a_figure_that_there_is() -> None:
    (scaled,) = [d for d in documents() if d["kind"] == "ScaledObject"]
    assert scaled["spec"]["scaleTargetRef"]["name"] in containers()
    figure = re.search(r"ascertain_(\w+)", scaled["spec"]["triggers"][0]["metadata"]["query"])
    assert figure
    assert f'_gauge("{figure[1]}"' in (ROOT / "ascertain/service/metrics.py").read_text()


def test_probes_ask_for_addresses_that_there_are() -> None:
    text = (ROOT / "ascertain/service/health.py").read_text()
    asked = re.findall(r"path: (/\w+)", (DEPLOY / "kubernetes/service.yaml").read_text())
    assert len(asked) == 3
    assert all(f'"{a}"' in text for a in asked)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on the PATH")
def test_units_pass_systemd(tmp_path: Path) -> None:
    program = tmp_path / "ascertain"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS:
        text = unit.read_text().replace("/opt/ascertain/bin/ascertain", str(program))
        (tmp_path / unit.name.replace("@", "@worker")).write_text(text)
    made = sorted(str(f) for f in tmp_path.iterdir() if f.suffix in (".service", ".target"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *made], capture_output=True, text=True, check=False, timeout=60
    )
    ours = [line for line in done.stderr.splitlines() if "ascertain" in line and "ascertain.env" not in line]
    assert not ours, ours
