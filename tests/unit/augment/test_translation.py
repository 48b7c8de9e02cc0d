from __future__ import annotations

import pickle
from collections import Counter
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from xtune.augment.translation import Translate, TranslateTo
from xtune.data import ExampleTable, TranslationTable, write_examples
from xtune.data.store import write_translations
from xtune.schema import Example, Noise, Piece, Text, View


def pair(id_: str, language: str) -> Example:
    """Its texts say which example, language and half they are."""
    texts = tuple(Text.from_string(f"{id_} {language} {half}") for half in ("first", "second"))
    return Example(id_, language, texts, f"label {id_}")


@pytest.fixture
def sources(tmp_path: Path) -> ExampleTable:
    return write_examples([pair(id_, "en") for id_ in ("a", "b", "c")], tmp_path / "sources.arrow")


@pytest.fixture
def translations(tmp_path: Path) -> TranslationTable:
    """`a` into three languages, `b` into one, `c` into none."""
    rows = [pair("a", "de"), pair("a", "fr"), pair("b", "fr"), pair("a", "zh")]
    return write_translations(rows, tmp_path / "translations")


def draw(augment: Translate | TranslateTo, start: Example, count: int = 900) -> Counter[str]:
    """The languages that an example goes to, and that each result is that language's in both its texts."""
    found: Counter[str] = Counter()
    for seed in range(count):
        after = augment(View(start), np.random.default_rng(seed)).example
        assert after == pair(start.id, after.language)  # both sentences, the id and the label
        found[after.language] += 1
    return found


def uniform(counts: Counter[str]) -> bool:
    total, share = sum(counts.values()), 1 / len(counts)
    return all(abs(n - total * share) <= 4 * sqrt(total * share * (1 - share)) for n in counts.values())


def test_a_source_goes_to_any_of_its_languages(sources: ExampleTable, translations: TranslationTable) -> None:
    found = draw(Translate(translations, sources), pair("a", "en"))
    assert set(found) == {"de", "fr", "zh"}
    assert uniform(found)


def test_a_translation_goes_to_the_others_and_to_the_source_in_place_of_its_own(
    sources: ExampleTable, translations: TranslationTable
) -> None:
    found = draw(Translate(translations, sources), pair("a", "de"))
    assert set(found) == {"en", "fr", "zh"}
    assert uniform(found)


def test_the_only_translation_goes_back(sources: ExampleTable, translations: TranslationTable) -> None:
    augment = Translate(translations, sources)
    assert set(draw(augment, pair("b", "en"), 20)) == {"fr"}
    assert set(draw(augment, pair("b", "fr"), 20)) == {"en"}


def test_an_example_without_translation_stays(sources: ExampleTable, translations: TranslationTable) -> None:
    view = View(pair("c", "en"))
    assert Translate(translations, sources)(view, np.random.default_rng(0)) is view
    assert Translate(translations, sources, ("de",))(View(pair("b", "en")), np.random.default_rng(0)).example == pair(
        "b", "en"
    )


def test_languages_may_be_few(sources: ExampleTable, translations: TranslationTable) -> None:
    found = draw(Translate(translations, sources, ("fr", "zh", "sw")), pair("a", "en"))
    assert set(found) == {"fr", "zh"}
    assert uniform(found)


def test_what_belonged_to_the_text_goes_with_it(sources: ExampleTable, translations: TranslationTable) -> None:
    view = View(pair("a", "en"), {(0, 0): (Piece("a", 0, 1),)}, Noise("normal", 0.1, 3))
    for augment in (Translate(translations, sources), TranslateTo(translations, "de")):
        after = augment(view, np.random.default_rng(0))
        assert after.segmentation == {}
        assert after.noise is None


def test_into_one_language(translations: TranslationTable) -> None:
    augment = TranslateTo(translations, "fr")
    assert set(draw(augment, pair("a", "en"), 5)) == {"fr"}
    view = View(pair("c", "en"))
    assert augment(view, np.random.default_rng(0)) is view


def test_the_generator_alone_decides_also_after_pickling(sources: ExampleTable, translations: TranslationTable) -> None:
    augment = Translate(translations, sources)
    again = pickle.loads(pickle.dumps(augment))
    views = [View(pair("a", language)) for language in ("en", "de")]
    drawn = [augment(view, np.random.default_rng(seed)).example for view in views for seed in range(30)]
    assert [again(view, np.random.default_rng(seed)).example for view in views for seed in range(30)] == drawn
    assert len({example.language for example in drawn}) == 4
