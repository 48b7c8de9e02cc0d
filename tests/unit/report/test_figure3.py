from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from xtune.errors import InputError
from xtune.report import figure3
from xtune.report.figure3 import COLOURS, LINE, MARKERS, Panel, check_drawable, draw

LABELS = ["x", "y", "x", "z"]


def panels(count: int) -> list[Panel]:
    rng = np.random.default_rng(1)
    return [Panel(f"run {number}", "note", rng.normal(size=(3, 4, 2))) for number in range(count)]


def test_every_example_is_a_point_of_its_colour_and_every_translation_a_line(tmp_path: Path) -> None:
    svg, png = draw(panels(2), ["en", "de", "fr"], LABELS, tmp_path)
    assert png.read_bytes().startswith(b"\x89PNG")
    text = svg.read_text("utf-8")
    ElementTree.fromstring(text)
    counts = [text.count(f"fill: {colour.lower()}") for colour in COLOURS[:4]]
    assert counts == [2 * 3 * 2 + 1, 2 * 3 + 1, 2 * 3 + 1, 0]  # with the legend
    assert text.count(f"stroke: {LINE.lower()}") == 2 * 2 * 4 + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure3.png", "figure3.svg"]


def test_the_same_points_give_the_same_files(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found.append([path.read_bytes() for path in draw(panels(4), ["en", "de", "fr"], LABELS, tmp_path / name)])
    assert found[0] == found[1]


def test_what_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    check_drawable(len(MARKERS), len(COLOURS))
    with pytest.raises(InputError, match="languages cannot be told apart"):
        check_drawable(len(MARKERS) + 1, 2)
    with pytest.raises(InputError, match="labels cannot be told apart"):
        check_drawable(2, len(COLOURS) + 1)
    monkeypatch.setattr(figure3, "find_spec", lambda name: None if name == "sklearn" else object())
    with pytest.raises(InputError, match=r"needs sklearn\n.*xtune\[analysis\]"):
        check_drawable(2, 2)


def test_legends_stay_within_the_figure(tmp_path: Path) -> None:
    """Nothing but white at the left and right edge of a single narrow panel with many long names."""
    from matplotlib.image import imread

    labels = [f"a long label {number}" for number in range(8)]
    rng = np.random.default_rng(1)
    codes = ["en", "de", "fr", "es", "ja", "ru", "sw", "el"]
    _, png = draw([Panel("run", "note", rng.normal(size=(8, 8, 2)))], codes, labels, tmp_path)
    picture = imread(png)
    assert (picture[:, :10, :3] == 1).all() and (picture[:, -10:, :3] == 1).all()
