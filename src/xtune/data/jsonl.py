r"""Files of one JSON object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from xtune.data.columns import Record
from xtune.data.files import open_text
from xtune.errors import InputError

_HALF = re.compile("[\ud800-\udfff]")


def read_json_lines(path: Path) -> Iterator[Record]:
    r"""The objects of a JSONL file; blank lines are passed over.

    Raises:
        InputError: For a line that is no JSON object or escapes half a character (`\ud83d` alone), or a file
            without any object.
    """
    objects = 0
    for line, text in enumerate(open_text(path), start=1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as failure:
            remedy = "write one JSON object a line and nothing else"
            raise InputError(f"this is not JSON: {failure}", file=path, line=line, remedy=remedy) from None
        if not isinstance(value, dict):
            problem = f"this is a JSON {type(value).__name__}, not an object"
            raise InputError(problem, file=path, line=line, remedy='write {"text": …, "label": …}')
        check_characters(value, text, file=path, line=line)
        objects += 1
        yield Record(line, value)
    if not objects:
        raise InputError("the file is empty", file=path, remedy='write one object a line: {"text": …, "label": …}')


def check_characters(value: object, text: str, *, file: Path, line: int) -> None:
    r"""Refuse half a character, which `\ud83d` alone escapes and which no file and no tokenizer takes.

    Args:
        value: What was read.
        text: What it was read from.
        file: For the error, as `line`.
        line: The value's.

    Raises:
        InputError: There is one in a string of `value`, or it is nested too deeply to say.
    """
    if "\\u" not in text:
        return
    try:
        if not _HALF.search(json.dumps(value, ensure_ascii=False)):
            return
    except RecursionError:
        problem, remedy = "this is nested too deeply", "write a text where lists are in lists"
        raise InputError(problem, file=file, line=line, remedy=remedy) from None
    problem = "an escape such as \\ud83d is half a character"
    raise InputError(problem, file=file, line=line, remedy="write the character itself, in UTF-8")
