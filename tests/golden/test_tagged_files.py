"""XTREME's UD-POS and PAN-X: as many sentences as the files are known to have, and no line lost. Run where they are."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from xtune.data import languages_of, load_split
from xtune.tasks.datasets import dataset

DATA = Path(os.environ.get("XTUNE_DATA", ""))

SENTENCES = {
    "udpos/train": "en 21787",
    "udpos/dev": (
        "af 194 ar 909 bg 1115 de 799 el 403 en 3974 es 3054 eu 1798 fi 3239 fr 2905 hi 1659 hu 441 it 2278 ja 501 "
        "mr 46 nl 1394 pt 1770 ru 8108 te 131 tr 1967 ur 552 vi 800 zh 1000"
    ),
    "udpos/test": (
        "af 425 ar 1680 bg 1116 de 1977 el 456 en 5440 es 3147 eu 1799 fi 6544 fr 5013 hi 2684 hu 449 it 3518 ja "
        "2365 kk 1047 mr 47 nl 1471 pt 2680 ru 8973 te 146 th 1000 tl 222 tr 5842 ur 535 vi 800 yo 318 zh 3455"
    ),
    "panx/train": (
        "ar 2000 de 2000 en 20000 es 2000 fr 2000 hi 2000 it 2000 ja 2000 pt 2000 ru 2000 sw 835 tr 2000 vi 2000 "
        "zh 2000"
    ),
    "panx/dev": (
        "ar 2000 de 2000 en 2000 es 2000 fr 2000 hi 309 it 2000 ja 2000 pt 2000 ru 2000 sw 308 tr 2000 vi 2000 zh 2000"
    ),
    "panx/test": (
        "ar 2000 de 2000 en 2000 es 2000 fr 2000 hi 310 it 2000 ja 2000 pt 2000 ru 2000 sw 309 tr 2000 vi 2000 zh 2000"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("place", SENTENCES)
def test_every_sentence_and_every_word_is_read(place: str) -> None:
    task, _, split = place.partition("/")
    if "XTUNE_DATA" not in os.environ or not (DATA / task).is_dir():
        pytest.skip(f"XTUNE_DATA names no folder with {task}/")
    fields = SENTENCES[place].split()
    expected = dict(zip(fields[::2], map(int, fields[1::2]), strict=True))
    source = dataset(task).locate(folder=DATA)
    assert languages_of(source, split) == sorted(expected)
    for language, count in expected.items():
        examples = list(load_split(source, split, language, labelled=True))
        assert len(examples) == count
        text = gzip.decompress((DATA / task / f"{split}-{language}.tsv.gz").read_bytes()).decode("utf-8")
        lines = [line for line in text.split("\n") if line]
        words = [
            f"{example.texts[0].word(place)}\t{tag}"
            for example in examples
            for place, tag in enumerate(example.target or ())
        ]
        assert words == lines
