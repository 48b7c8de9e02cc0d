"""Label in one language, ship in all: consistency regularization for cross-lingual fine-tuning.

The public names below are imported when first used, so that `import xtune`, and with it every command that only reads
files, does not wait for torch.

>>> import xtune
>>> xtune.Text.from_string("Two dogs").words
((0, 3), (4, 8))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xtune.errors import InputError
    from xtune.runs.fit import fit
    from xtune.schema import Example, Text, View
    from xtune.training.trainer import XTuneTrainer

    __version__: str

__all__ = ["Example", "InputError", "Text", "View", "XTuneTrainer", "__version__", "fit"]

_HOMES = {
    "Example": "xtune.schema",
    "InputError": "xtune.errors",
    "Text": "xtune.schema",
    "View": "xtune.schema",
    "XTuneTrainer": "xtune.training.trainer",
    "fit": "xtune.runs.fit",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home, once."""
    value: object
    if name == "__version__":
        from importlib.metadata import version  # as slow to import as the rest of this module together

        value = version("xtune")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'xtune' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
