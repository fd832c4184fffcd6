"""The benchmarks' own arithmetic, table and command line; what they measure is run by hand."""

from __future__ import annotations

import json

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.table import as_json, as_text, compared


def test_a_ratio_is_that_of_the_medians() -> None:
    result = compared("x", "x against y", [1.0, 100.0, 3.0], [2.0, 1.0, 50.0], unit="s", aim=2.0)
    assert (result.ours, result.base, result.ratio, result.samples) == (3.0, 2.0, 1.5, 3)


def test_quartiles_are_given_from_four_samples_on() -> None:
    assert compared("x", "x", [1.0] * 3, [1.0], unit="s").detail == {}
    detail = compared("x", "x", [1.0, 2.0, 3.0, 4.0], [1.0], unit="s", detail={"rows": 7}).detail
    assert detail == {"rows": 7, "quartile 1 (s)": 1.25, "quartile 3 (s)": 3.75}


def test_the_table_is_markdown_and_the_json_complete() -> None:
    results = [
        compared("x", "x against y", [3.0], [2.0], unit="ms", aim=1.3, detail={"rows": 7}),
        compared("longer", "a longer one", [0.5], [2.0], unit="s"),
    ]
    head, rule, first, second, *rest = as_text(results).splitlines()
    assert [c.strip() for c in head.strip("|").split("|")] == [
        "benchmark",
        "ours",
        "compared with",
        "ratio",
        "aim",
        "n",
    ]
    assert set(rule) <= set("|-")
    assert [c.strip() for c in first.strip("|").split("|")] == ["x against y", "3 ms", "2 ms", "1.5", "≤ 1.3", "1"]
    assert [c.strip() for c in second.strip("|").split("|")] == ["a longer one", "0.5 s", "2 s", "0.25", "", "1"]
    assert len({len(line) for line in (head, rule, first, second)}) == 1
    assert rest == ["", "x: rows 7"]
    assert [r["ratio"] for r in json.loads(as_json(results))] == [1.5, 0.25]


def test_an_unknown_name_is_refused_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as e:
        main(["spped"])
    assert e.value.code == 2
    assert "there is no benchmark 'spped'; there are assess, ingest, sweep, exchange" in capsys.readouterr().err


@pytest.mark.parametrize("how", [["--json"], []])
def test_named_benchmarks_run_and_print(
    how: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[bool] = []

    def fake(*, quick: bool) -> list[object]:
        asked.append(quick)
        return [compared("ingest", "this against that", [2.0], [1.0], unit="s")]

    monkeypatch.setitem(BENCHMARKS, "ingest", fake)
    assert main(["ingest", "--quick", *how]) == 0
    assert asked == [True]
    out = capsys.readouterr().out
    assert json.loads(out)[0]["ratio"] == 2.0 if how else out.startswith("| benchmark")
