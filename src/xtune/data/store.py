"""Examples on disk: an Arrow IPC file, memory-mapped, so that memory does not grow with the training set.

A worker process gets a table by its path, and the operating system shares the pages that they read. An example is
rebuilt from its row on every access, in about 15 µs for a pair of sentences.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice, starmap
from pathlib import Path
from typing import Any, overload

import pyarrow as pa
import pyarrow.compute as pc

from xtune.atomic import replacing
from xtune.data.index import KeyIndex, hash_key
from xtune.schema import Answer, Example, Span, Target, Text

_ROWS = 2048  # rows of a record batch; every batch but the last is full, so that a row's place is a division
_SPAN = struct.Struct("<ii")
_SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "language": pa.string(),
        "texts": pa.list_(pa.string()),
        "words": pa.list_(pa.binary()),  # (start, end) of every word of a text, as little-endian 32-bit integers
        "pretokenized": pa.list_(pa.bool_()),
        "label": pa.string(),
        "tags": pa.list_(pa.string()),
        "answer": pa.struct({"text": pa.string(), "start": pa.int32(), "alternatives": pa.list_(pa.string())}),
    }
)
_PLACE = {name: place for place, name in enumerate(_SCHEMA.names)}


def write_examples(examples: Iterable[Example], path: Path) -> ExampleTable:
    """Write examples as they come and open them.

    Written under a temporary name and renamed when complete: after an error, the reader's included, nothing is left.

    Args:
        examples: Any number of them; at most one record batch is held in memory.
        path: Where to; a table that is there is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = iter(examples)
    with (
        replacing(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, _SCHEMA) as writer,
    ):
        while batch := list(islice(rows, _ROWS)):
            writer.write_batch(pa.RecordBatch.from_pylist([_to_row(item) for item in batch], schema=_SCHEMA))
    return ExampleTable(path)


class ExampleTable(Sequence[Example]):
    """The examples that `write_examples` wrote, in their order. Pickled as its path.

    Args:
        path: The Arrow file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        self._batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
        self._columns = [batch.columns for batch in self._batches]
        self._length: int = sum(batch.num_rows for batch in self._batches)
        self._ids: KeyIndex | None = None  # made by the first `find`

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> list[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | list[Example]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(f"row {index} of {self._length}")
        batch, row = divmod(index % self._length, _ROWS)
        return _from_row(*(column[row].as_py() for column in self._columns[batch]))

    def __iter__(self) -> Iterator[Example]:
        for columns in self._columns:
            for values in zip(*columns, strict=True):
                yield _from_row(*(value.as_py() for value in values))

    def __reduce__(self) -> tuple[type[ExampleTable], tuple[Path]]:
        return ExampleTable, (self.path,)

    def find(self, id: str) -> Example | None:
        """The example with an id; None if there is none. The first call indexes the table: 16 bytes a row."""
        self._ids = self._ids or KeyIndex.of(self.values("id"))
        return next((self[row] for row in self._ids.rows(id) if self.value("id", row) == id), None)

    @property
    def annotated(self) -> bool:
        """Whether any example is."""
        return any(value is not None for name in ("label", "tags", "answer") for value in self.values(name))

    def column(self, name: str) -> list[Any]:
        """One field of all examples, `id`, `language` or `label`, without rebuilding them."""
        return list(self.values(name))

    def values(self, name: str) -> Iterator[Any]:
        """The same, one after another, with one record batch in memory."""
        return (value for batch in self._batches for value in batch.column(name).to_pylist())

    def value(self, name: str, row: int) -> Any:
        """One field of one example, `id`, `language`, `texts` (without their words) or `label`."""
        batch, place = divmod(row, _ROWS)
        return self._columns[batch][_PLACE[name]][place].as_py()

    def distinct(self, name: str) -> list[str]:
        """The values that one field takes, sorted."""
        return sorted({value for batch in self._batches for value in pc.unique(batch.column(name)).to_pylist()})


def write_translations(examples: Iterable[Example], path: Path) -> TranslationTable:
    """Write translations, each with the id of the example it translates, and open them.

    Args:
        examples: At most one for an id and a language; of several the first counts.
        path: The folder to write; one that is there is replaced. After an error nothing is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    hashes = array("Q")

    def hashed() -> Iterator[Example]:
        for example in examples:
            hashes.append(hash_key(example.id))
            yield example

    with replacing(path) as temporary:
        write_examples(hashed(), temporary / "examples.arrow")
        KeyIndex(hashes).save(temporary / "ids.npy")
    return TranslationTable(path)


class TranslationTable:
    """Translations by the id of their source and the language. Pickled as its path.

    Args:
        path: The folder that `write_translations` wrote.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._examples = ExampleTable(path / "examples.arrow")
        self._ids = KeyIndex.open(path / "ids.npy")
        self.languages: tuple[str, ...] = tuple(self._examples.distinct("language"))

    def __len__(self) -> int:
        return len(self._examples)

    def __reduce__(self) -> tuple[type[TranslationTable], tuple[Path]]:
        return TranslationTable, (self.path,)

    def get(self, id: str, language: str) -> Example | None:
        """The translation of example `id` into `language`; None where there is none."""
        row = self._rows(id).get(language)
        return None if row is None else self._examples[row]

    def of(self, id: str) -> tuple[str, ...]:
        """The languages that example `id` is translated into, in the order they were written."""
        return tuple(self._rows(id))

    def _rows(self, id: str) -> dict[str, int]:
        rows: dict[str, int] = {}
        for row in self._ids.rows(id):
            if self._examples.value("id", row) == id:
                rows.setdefault(self._examples.value("language", row), row)
        return rows


def _to_row(example: Example) -> dict[str, Any]:
    target = example.target
    return {
        "id": example.id,
        "language": example.language,
        "texts": [text.text for text in example.texts],
        "words": [b"".join(starmap(_SPAN.pack, text.words)) for text in example.texts],
        "pretokenized": [text.pretokenized for text in example.texts],
        "label": target if isinstance(target, str) else None,
        "tags": target if isinstance(target, tuple) else None,
        "answer": asdict(target) if isinstance(target, Answer) else None,
    }


def _from_row(
    id: str,
    language: str,
    texts: list[str],
    words: list[bytes],
    pretokenized: list[bool],
    label: str | None,
    tags: list[str] | None,
    answer: dict[str, Any] | None,
) -> Example:
    target: Target | None = label
    if tags is not None:
        target = tuple(tags)
    elif answer is not None:
        target = Answer(answer["text"], answer["start"], tuple(answer["alternatives"]))
    built = tuple(Text(text, _spans(spans), pre) for text, spans, pre in zip(texts, words, pretokenized, strict=True))
    return Example(id, language, built, target)


def _spans(words: bytes) -> tuple[Span, ...]:
    return tuple(_SPAN.iter_unpack(words))
