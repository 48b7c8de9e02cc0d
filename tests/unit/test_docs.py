from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import xtune
from xtune.config.load import load_recipe, to_dict

SCRIPT = Path(__file__).parents[2] / "docs" / "generate_reference.py"

CONTRACT = [  # names that others build on; the page each stands on
    ("xtune.runs", "xtune.runs.fit.fit"),
    ("xtune.training", "xtune.training.trainer.XTuneTrainer"),
    ("xtune.augment", "xtune.augment.segmentation.sampler_for"),
    ("xtune.consistency", "xtune.consistency.divergence.kl_divergence"),
    ("xtune.consistency", "xtune.consistency.divergence.symmetric_kl"),
    ("xtune.consistency", "xtune.consistency.divergence.span_symmetric_kl"),
    ("xtune", "xtune.schema.Example"),
    ("xtune", "xtune.schema.View"),
    ("xtune", "xtune.schema.Text"),
    ("xtune", "xtune.errors.InputError"),
]

SOURCE = '''"""Things to count. And more."""

from __future__ import annotations

Row = tuple[int, ...]
"""Whole numbers."""

_HIDDEN = 1
"""Nobody's business."""


class Counter(Base):
    """Counts."""

    start: int = 0

    def add(self, /, row: Row, *more: Row, twice=False, scale: float = 1.0, **rest: int) -> int:
        """Add a row.

        Args:
            row: What to
                add.
            *more: Others.

        Returns:
            The sum so far.

        >>> Counter().add((1, 2))
        3
        """


def _private() -> None:
    """Nobody's business."""
'''


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference")
    generator.write_reference(folder)
    return folder


@pytest.mark.parametrize(("page", "name"), CONTRACT, ids=[name for _, name in CONTRACT])
def test_the_reference_has_every_name_of_the_contract_and_it_can_be_imported(
    reference: Path, page: str, name: str
) -> None:
    assert f"\n### `{name}`\n" in (reference / f"{page}.md").read_text(encoding="utf-8")
    module, _, attribute = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), attribute))


def test_a_page_shows_signatures_sections_and_doctests_and_hides_what_is_private(
    generator: ModuleType, tmp_path: Path
) -> None:
    package = tmp_path / "package" / "inner"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text('"""A package."""\n', encoding="utf-8")
    (package / "things.py").write_text(SOURCE, encoding="utf-8")
    (package / "_secret.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "package.gone.md").write_text("from an earlier run", encoding="utf-8")
    (tmp_path / "out" / "mine.md").write_text("not ours", encoding="utf-8")

    generator.write_reference(tmp_path / "out", sources=package.parent)

    assert {path.name for path in (tmp_path / "out").iterdir()} == {"index.md", "mine.md", "package.inner.md"}
    assert "| [`package.inner`](package.inner.md) | A package. |" in (tmp_path / "out" / "index.md").read_text("utf-8")
    page = (tmp_path / "out" / "package.inner.md").read_text("utf-8")
    assert "### `package.inner.things.Row`\n\n```python\nRow = tuple[int, ...]\n```\n\nWhole numbers.\n" in page
    assert "```python\nclass Counter(Base):\n    start: int = 0\n```\n\nCounts.\n" in page
    assert (
        "#### `package.inner.things.Counter.add`\n\n"
        "```python\n"
        "def add(self, /, row: Row, *more: Row, twice=False, scale: float = 1.0, **rest: int) -> int\n"
        "```\n\n"
        "Add a row.\n\n"
        "**Args**\n\n- `row`: What to add.\n- `*more`: Others.\n\n"
        "**Returns**\n\nThe sum so far.\n\n"
        "```python\n>>> Counter().add((1, 2))\n3\n```\n"
    ) in page
    assert "Nobody" not in page
    assert "_secret" not in page


def test_two_runs_write_the_same(generator: ModuleType, tmp_path: Path) -> None:
    sources = shutil.copytree(generator.SOURCES, tmp_path / "xtune")
    first, second = (generator.write_reference(tmp_path / run, sources) for run in ("first", "second"))
    assert len(first) > 5
    assert [page.name for page in first] == [page.name for page in second]
    assert [page.read_bytes() for page in first] == [page.read_bytes() for page in second]


def test_every_relative_link_of_the_documents_leads_somewhere() -> None:
    root = SCRIPT.parents[1]
    documents = [*root.glob("*.md"), *(path for path in root.glob("docs/**/*.md") if "reference" not in path.parts)]
    assert len(documents) > 5
    broken = [
        f"{document.relative_to(root)}: {target}"
        for document in documents
        for target in links(document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert broken == []


def links(text: str) -> list[str]:
    targets = [part.partition(")")[0].partition("#")[0] for part in text.split("](")[1:]]
    return [target for target in targets if target and "://" not in target and not target.startswith("mailto:")]


@pytest.mark.parametrize("name", xtune.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(xtune, name) is not None
    assert name in dir(xtune)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        xtune.fitt  # noqa: B018


def test_importing_xtune_is_light() -> None:
    heavy = "torch transformers numpy yaml pydantic datasets pyarrow typer rich"
    code = f"import sys, xtune; print([name for name in '{heavy}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def index_values() -> list[tuple[str, str, str]]:
    """(recipe, dotted key, value as the paper index states it) of each row with a value for transfer or translate."""
    text = (SCRIPT.parent / "paper_index.md").read_text(encoding="utf-8")
    values = []
    for dataset, title in (("xnli", "XNLI"), ("pawsx", "PAWS-X")):
        section = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        for row in re.findall(r"^\| `([\w.]+)`[^|]*\|([^|]*)\|([^|]*)\|", section, re.MULTILINE):
            for setting, cell in zip(("transfer", "translate"), row[1:], strict=True):
                base, _, large = cell.strip().replace("`", "").partition(" (large ")
                values += [(f"{dataset}-{setting}-base", row[0], base)] if base else []
                values += [(f"{dataset}-{setting}-large", row[0], large.rstrip(")"))] if large else []
    return values


def test_the_recipes_have_the_values_of_the_paper_index() -> None:
    stated = index_values()
    assert len(stated) > 40
    for recipe, key, value in stated:
        found: object = to_dict(load_recipe(recipe))
        for part in key.split("."):
            assert isinstance(found, dict)
            found = found[part]
        said = value.split() if isinstance(found, list) else type(found)(value)
        assert found == said, f"{recipe}: {key} is {found}, and the paper index says {value}"
