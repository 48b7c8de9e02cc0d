from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from xtune.report.ablation import study_table


def cell(mean: float, gain: float | None = None, **more: Any) -> dict[str, Any]:
    values = {"mean": mean, "sd": 1.25, "interval": [mean - 1, mean + 1]}
    found: dict[str, Any] = {"languages": {"en": values, "de": values}, **dict.fromkeys(("average", "targets"), values)}
    if gain is not None:
        found["difference"] = {"targets": {"mean": gain, "interval": [gain - 2, gain + 2], "p": 0.0005}}
    return {**found, "transfer_gap": values, **more}


def study(**more: Any) -> dict[str, Any]:
    cells = {"plain": cell(60.0), "r1-cs": cell(70.04, 10.04)}
    told = {"recipe": "pocket-topic", "source_language": "en", "split": "test", "metric": "accuracy"}
    return {**told, "baseline": "plain", "seeds": [1, 2, 3, 4, 5], "cells": cells, **more}


def shown(values: dict[str, Any], width: int = 200) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(study_table(values))
    return console.export_text()


def row(text: str, name: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(name)).split()


def test_means_deviations_and_the_difference_from_the_baseline() -> None:
    text = shown(study())
    assert "accuracy on test, in percent, mean ± standard deviation over 5 seeds" in text
    assert row(text, "plain") == ["plain", *("60.0", "±", "1.2") * 4]
    assert row(text, "r1-cs")[-6:] == ["+10.0", "+8.0", "…", "+12.0", "<", "0.001"]
    assert "fewer than five" not in text


def test_few_seeds_come_with_a_warning_and_one_without_deviation() -> None:
    values = study(seeds=[7])
    for each in values["cells"].values():
        for column in (each["languages"]["en"], each["average"]):
            column["sd"] = None
    text = shown(values)
    assert "one seed" in text and "fewer than five seeds" in text
    assert row(text, "plain") == ["plain", *["60.0"] * 4]


def test_a_sweep_is_in_the_order_that_it_selects_by() -> None:
    selection = {"by": "source-dev", "scores": {"plain": 80.0, "r1-cs": 90.0}}
    lines = shown(study(selection=selection, best="r1-cs")).splitlines()
    names = [line.split()[:2] for line in lines if line.startswith(("plain", "r1-cs"))]
    assert names == [["r1-cs", "90.0"], ["plain", "80.0"]]
    assert any("selected by" in line for line in lines) and any("lucky" in line for line in lines)


def test_a_narrow_terminal_loses_columns_and_never_names_or_differences() -> None:
    values = study()
    values["cells"]["data-augmentation-ss"] = values["cells"].pop("r1-cs")
    text = shown(values, 80)
    assert row(text, "data-augmentation-ss")[-6:] == ["+10.0", "+8.0", "…", "+12.0", "<", "0.001"]
    assert "targets" in text and "average" not in text and "gap" not in text
    assert max(map(len, text.splitlines()[2:6])) <= 80
    assert "gap" in shown(values, 100)
