"""Files that are whole whenever they exist: written under a temporary name, then renamed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name, then rename: a file that exists is whole."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def json_lines(values: Iterable[Mapping[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def write_json(path: Path, value: Any) -> None:
    """Write JSON to a file that is whole whenever it exists."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")
