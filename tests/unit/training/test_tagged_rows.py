"""Rows of words and tags: R1 has every word, translations have R2, and no word of a long sentence is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiny import SENTENCES, TOKENIZERS
from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.compose import Compose
from xtune.augment.noise import GaussianNoise
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.augment.translation import Translate, TranslateTo
from xtune.data import Dictionaries, write_examples
from xtune.data.store import write_translations
from xtune.schema import Augmentation, Example, Pooling, Text
from xtune.tasks.tagging import Tagging
from xtune.tasks.task import UNLABELLED
from xtune.training.rows import StageRows
from xtune.training.sampler import Key
from xtune.views.collate import Collator, Row
from xtune.views.encode import SPECIAL, Encoder

TAGS = ("A", "B", "C")
LANGUAGES = ("en", "de", "ar", "hi", "th", "zh", "ja", "ko")


def sentences() -> list[Example]:
    """Some in each of several scripts, words as white space has them; all said to be English, so as to be switched."""
    lines = [line.split() for language in LANGUAGES for line in SENTENCES[language][:3]]
    lines.append(["a", "\u200b", "New York", "b"])
    return [
        Example(str(n), "en", (Text.from_words(words),), tuple(TAGS[place % 3] for place in range(len(words))))
        for n, words in enumerate(lines)
    ]


def augmentation(name: str, family: str) -> Augmentation:
    dictionaries = Dictionaries()
    dictionaries.add(
        "de", {word.strip(".").lower(): ["ein langes Wort"] for line in SENTENCES["en"] for word in line.split()}
    )
    found: dict[str, Augmentation] = {
        "ss": SubwordSampling(sampler_for(TOKENIZERS[family](), alpha=0.1, dropout=0.5), 1.0),
        "cs": CodeSwitch(dictionaries, 1.0),
        "gn": GaussianNoise("normal", 0.1),
    }
    return Compose(tuple(found[part] for part in name.split("+")))


def stage_rows(family: str, pooling: Pooling = "first", max_length: int = 256, **options: Any) -> StageRows:
    encoder = Encoder(TOKENIZERS[family](), max_length)
    given = {"examples": sentences(), "task": Tagging("tagging", TAGS, pooling=pooling), **options}
    return StageRows(encoder=encoder, **given)


def words_of(row: Row, sites: Any, view: Any) -> list[set[int]]:
    """The words whose tokens each site reads."""
    return [{view.words[token] for token in site} for site in sites]


@pytest.mark.parametrize("family", ["unigram", "wordpiece", "bpe", "deberta"])
@pytest.mark.parametrize("name", ["ss", "cs", "gn", "cs+ss"])
@pytest.mark.parametrize("pooling", ["first", "sum"])
def test_r1_compares_every_word_with_itself(family: str, name: str, pooling: Pooling) -> None:
    """Changed or not: nothing is left out, as in the published code, and word i is compared with word i."""
    made = augmentation(name, family)
    rows = stage_rows(family, pooling, copies=(made,), partner=made, guided="augmented")
    changed = 0
    for index in range(len(rows)):
        row, example = rows[Key(1, index)], sentences()[index % len(sentences())]
        count = len(example.texts[0].words)
        assert row.partner is not None
        assert words_of(row, row.sites, row.view) == [{word} for word in range(count)]
        assert words_of(row, row.partner_sites, row.partner) == [{word} for word in range(count)]
        assert row.labels == [TAGS.index(tag) for tag in example.target or ()]
        assert row.guided == (index >= len(sentences()))
        for sites, view in ((row.sites, row.view), (row.partner_sites, row.partner)):
            read = Counter(token for site in sites for token in site)
            own = [token for token, word in enumerate(view.words) if word != SPECIAL]
            assert set(read.values()) == {1} and (set(read) == set(own) if pooling == "sum" else set(read) <= set(own))
        changed += row.view.ids != row.partner.ids or row.view.noise != row.partner.noise
    assert changed >= 3  # of cs the English sentences alone


@pytest.mark.parametrize("family", ["unigram", "wordpiece", "bpe"])
@pytest.mark.parametrize("name", ["ss", "cs", "cs+ss"])
def test_no_word_of_a_long_sentence_is_lost(family: str, name: str) -> None:
    """Its windows answer for each word once, clean and augmented, however much longer the augmented one is."""
    words = [word for line in SENTENCES["en"] for word in line.split()]
    tags = tuple(TAGS[place % 3] for place in range(len(words)))
    examples = [
        Example("0", "en", (Text.from_words(["Go"]),), ("C",)),
        Example("1", "en", (Text.from_words(words),), tags),
    ]
    made = augmentation(name, family)
    rows = stage_rows(family, max_length=24, examples=examples, copies=(made,), partner=made)
    assert len(rows) > 8
    for first in (0, len(rows) // 2):
        seen, labels = [], []
        for index in range(first + 1, first + len(rows) // 2):
            row = rows[Key(0, index)]
            assert row.partner is not None and max(len(row.view.ids), len(row.partner.ids)) <= 24
            own = words_of(row, row.sites, row.view)
            assert own == words_of(row, row.partner_sites, row.partner)
            seen += [word for (word,) in own]
            labels += row.labels
        assert seen == list(range(len(words)))
        assert labels == [TAGS.index(tag) for tag in tags]


@pytest.fixture
def translated(tmp_path: Path) -> tuple[Any, Any]:
    """Two sentences on disk, and the German of the first, which has no tags and another number of words."""
    source = write_examples(sentences()[:2], tmp_path / "source.arrow")
    german = [Example("0", "de", (Text.from_words(["Der", "alte", "Hund"]),))]
    return source, write_translations(german, tmp_path / "translations")


def test_translations_are_not_labelled_and_never_compared_with_their_source(translated: tuple[Any, Any]) -> None:
    source, table = translated
    to_german, back = TranslateTo(table, "de"), Translate(table, source)
    rows = stage_rows("unigram", examples=source, copies=(to_german,), partner=back, guided="augmented")
    row = rows[Key(0, 2)]
    assert row.labels == [UNLABELLED] * 3 and row.guided
    assert row.partner is not None and row.partner_sites == [()] * 3
    assert rows[Key(0, 0)].partner_sites == [()] * len(source[0].texts[0].words)
    batch = Collator(TOKENIZERS["unigram"](), rows.task.reading)([row, row])
    assert batch["corresponds"].tolist() == [False] * 6
    assert batch["guided"].tolist() == [True] * 6
    assert batch["labels"].tolist() == [UNLABELLED] * 6


def test_a_translation_sampled_anew_has_its_own_words_to_compare(translated: tuple[Any, Any]) -> None:
    """As in the published code: R2 and R1(SS) on translations, and no task loss."""
    source, table = translated
    options: dict[str, Any] = {"copies": (TranslateTo(table, "de"),), "guided": "augmented"}
    rows = stage_rows("unigram", examples=source, partner=augmentation("ss", "unigram"), **options)
    batch = Collator(TOKENIZERS["unigram"](), rows.task.reading)([rows[Key(0, index)] for index in range(4)])
    own = [len(source[n].texts[0].words) for n in range(2)]
    assert batch["labels"].ne(UNLABELLED).tolist() == [True] * sum(own) + [False] * 3 + [True] * own[1]
    assert batch["guided"].tolist() == [False] * sum(own) + [True] * (3 + own[1])
    assert batch["corresponds"].all()
    assert np.asarray(batch["sites"]).shape[0] == len(batch["labels"])
