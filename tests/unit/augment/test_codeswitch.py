from __future__ import annotations

import pickle
from collections import Counter
from math import sqrt
from typing import Any

import numpy as np
import pytest

from xtune.augment.codeswitch import CodeSwitch, realised_rate, split_affixes
from xtune.data import Dictionaries
from xtune.errors import InputError
from xtune.schema import Example, Piece, Text, View


def dictionaries(**languages: dict[str, list[str]]) -> Dictionaries:
    made = Dictionaries()
    for language, pairs in languages.items():
        made.add(language, pairs)
    return made


GERMAN = {
    "dogs": ["Hunde"],
    "run": ["laufen"],
    "fast": ["schnell"],
    "i": ["ich"],
    "ice-cream": ["Speiseeis"],
    "computer": ["Computer"],
    "u.s": ["US"],
    "café": ["Kaffeehaus"],
}
EVERYTHING = CodeSwitch(dictionaries(de=GERMAN), ratio=1.0)


def view(*texts: str, language: str = "en") -> View:
    return View(Example("0", language, tuple(map(Text.from_string, texts))))


def switched(augment: CodeSwitch, text: str, seed: int = 0) -> str:
    return augment(view(text), np.random.default_rng(seed)).example.texts[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dogs run fast", "Hunde laufen schnell"),
        ("  dogs \t run\n", "  Hunde \t laufen\n"),  # spaces stay as they are
        ('("dogs!" run, fast?', '("Hunde!" laufen, schnell?'),
        ("Dogs RUN fast.", "Hunde LAUFEN schnell."),
        ("Run, run", "Laufen, laufen"),
        ("I run", "Ich laufen"),  # one capital is no word in capitals
        ("ice-cream ICE-CREAM", "Speiseeis SPEISEEIS"),  # what stands within a word is the word's
        ("U.S.", "US."),
        ("¿dogs? «run» (fast)", "¿Hunde? «laufen» (schnell)"),
        ("cats run.", "cats laufen."),
        ("doggs dogs'", "doggs Hunde'"),
        ("... - 42 %", "... - 42 %"),
        ("computer COMPUTER", "Computer COMPUTER"),
        ("", ""),
        ("dogs\u2014run", "dogs\u2014run"),  # one word, and not in the dictionary
        ("Café", "Kaffeehaus"),
    ],
)
def test_punctuation_case_and_spaces_survive(text: str, expected: str) -> None:
    assert switched(EVERYTHING, text) == expected


@pytest.mark.parametrize(("word", "other"), [("cafe\u0301", "Kaffeehaus"), ("बच्चे", "Kinder")])
def test_a_combining_mark_belongs_to_its_letter(word: str, other: str) -> None:
    augment = CodeSwitch(dictionaries(de={word: [other]}), 1.0, source_language="en")
    assert switched(augment, f"({word})") == f"({other})"
    assert split_affixes(f"({word}!") == ("(", word, "!")


def test_words_of_several_words_are_one_word_still() -> None:
    augment = CodeSwitch(dictionaries(fr={"potatoes": ["pommes de terre"]}), ratio=1.0)
    after = augment(view("Eat potatoes, now"), np.random.default_rng(0)).example.texts[0]
    assert after.text == "Eat pommes de terre, now"
    assert [after.word(index) for index in range(len(after.words))] == ["Eat", "pommes de terre,", "now"]
    assert switched(augment, "POTATOES") == "POMMES DE TERRE"


def test_a_pair_that_changes_nothing_is_no_replacement() -> None:
    augment = CodeSwitch(dictionaries(de={"computer": ["computer"], "hand": ["Hand"], "arm": ["arm", "Arm"]}), 1.0)
    for text in ("computer", "Hand"):
        before = view(text)
        after = augment(before, np.random.default_rng(0))
        assert after is before
    kept = view("Hand").with_segmentation({(0, 0): (Piece("H", 0, 1), Piece("and", 1, 4))})
    assert augment(kept, np.random.default_rng(0)).segmentation == kept.segmentation
    assert realised_rate(augment, [view("computer Hand x")], np.random.default_rng(0)) == 0.0


def within(hits: int, draws: int, share: float) -> bool:
    """Four standard deviations of a binomial: one in 16,000 by chance, and the seeds are fixed."""
    return abs(hits - draws * share) <= 4 * sqrt(draws * share * (1 - share)) + 1e-9


@pytest.mark.parametrize("ratio", [0.1, 0.3, 0.5, 0.9])
def test_each_word_is_tried_with_the_ratio(ratio: float) -> None:
    augment = CodeSwitch(dictionaries(de={"dogs": ["Hunde"]}), ratio)
    text = " ".join(["dogs", "cats"] * 4)
    counts: Counter[int] = Counter()
    for seed in range(600):
        words = switched(augment, text, seed).split()
        assert words[1::2] == ["cats"] * 4
        counts.update(index for index in range(0, 8, 2) if words[index] == "Hunde")
    for index in range(0, 8, 2):  # wherever it stands
        assert within(counts[index], 600, ratio)


def test_words_are_tried_independently() -> None:
    augment = CodeSwitch(dictionaries(de={"dogs": ["Hunde"]}), 0.5)
    both = sum(switched(augment, "dogs dogs", seed) == "Hunde Hunde" for seed in range(2000))
    assert within(both, 2000, 0.25)
    either = Counter(
        tuple(text.text == "Hunde" for text in augment(view("dogs", "dogs"), np.random.default_rng(seed)).example.texts)
        for seed in range(2000)
    )
    assert len(either) == 4
    assert all(within(count, 2000, 0.25) for count in either.values())


def test_languages_and_translations_are_drawn_uniformly() -> None:
    three = dictionaries(de={"dogs": ["Hunde"]}, fr={"dogs": ["chiens", "toutous"]}, es={"dogs": ["perros"]})
    found = Counter(switched(CodeSwitch(three, 1.0), "dogs", seed) for seed in range(3000))
    assert set(found) == {"Hunde", "chiens", "toutous", "perros"}
    assert within(found["Hunde"], 3000, 1 / 3) and within(found["perros"], 3000, 1 / 3)
    assert within(found["chiens"], 3000, 1 / 6) and within(found["toutous"], 3000, 1 / 6)


def test_there_is_no_second_draw_where_a_dictionary_lacks_the_word() -> None:
    three = dictionaries(de={"dogs": ["Hunde"]}, fr={"cats": ["chats"]}, es={"cats": ["gatos"]})
    found = Counter(switched(CodeSwitch(three, 1.0), "dogs", seed) for seed in range(1500))
    assert set(found) == {"dogs", "Hunde"}
    assert within(found["Hunde"], 1500, 1 / 3)


def test_each_word_draws_its_own_language() -> None:
    three = dictionaries(de={"dogs": ["Hunde"]}, fr={"dogs": ["chiens"]})
    found = Counter(switched(CodeSwitch(three, 1.0), "dogs dogs", seed) for seed in range(1000))
    assert within(found["Hunde chiens"], 1000, 1 / 4) and within(found["chiens chiens"], 1000, 1 / 4)


@pytest.mark.parametrize("language", ["de", "fr"])
def test_texts_in_another_language_are_left_alone(language: str) -> None:
    """A translation that has an English word in it, say."""
    before = view("dogs run", language=language)
    assert EVERYTHING(before, np.random.default_rng(0)) is before


def test_the_source_language_need_not_be_english() -> None:
    augment = CodeSwitch(dictionaries(en={"hunde": ["dogs"]}), 1.0, source_language="de")
    before = view("Hunde", language="de")
    after = augment(before, np.random.default_rng(0)).example
    assert after.texts[0].text == "Dogs"
    assert after.language == "de"  # the matrix language, and the text's id and label, stay
    assert augment(view("hunde"), np.random.default_rng(0)).example.texts[0].text == "hunde"


def test_both_texts_of_a_pair_are_switched_and_the_rest_of_the_example_stays() -> None:
    before = View(Example("id7", "en", (Text.from_string("dogs"), Text.from_string("I run")), "label"))
    after = EVERYTHING(before, np.random.default_rng(0)).example
    assert [text.text for text in after.texts] == ["Hunde", "Ich laufen"]
    assert (after.id, after.language, after.target) == ("id7", "en", "label")
    assert [text.text for text in before.example.texts] == ["dogs", "I run"]  # pure


def test_ratio_zero_and_one() -> None:
    none, everything = CodeSwitch(dictionaries(de=GERMAN), 0.0), EVERYTHING
    before = view("dogs run fast " * 10)
    for seed in range(20):
        assert none(before, np.random.default_rng(seed)) is before
        assert switched(everything, "dogs run fast " * 10, seed) == "Hunde laufen schnell " * 10


def test_the_realised_rate_is_in_percent_of_all_words() -> None:
    views = [view("dogs cats", "run away now"), view("dogs dogs dogs")]
    assert realised_rate(EVERYTHING, views, np.random.default_rng(0)) == pytest.approx(100 * 5 / 8)
    assert realised_rate(EVERYTHING, [], np.random.default_rng(0)) == 0.0
    half = CodeSwitch(dictionaries(de={"dogs": ["Hunde"]}), 0.5)
    rate = realised_rate(half, [view("dogs cats " * 50)] * 20, np.random.default_rng(1))
    assert within(round(rate * 20), 2000, 0.25)  # one in two of every other word


def test_the_generator_alone_decides_also_after_pickling() -> None:
    augment = CodeSwitch(dictionaries(de=GERMAN, fr={"dogs": ["chiens"], "run": ["courent"]}), 0.5)
    again = pickle.loads(pickle.dumps(augment))
    texts = ["dogs run fast", "I run with Dogs!", "cats"] * 20
    first = [switched(augment, text, seed) for seed, text in enumerate(texts)]
    assert [switched(again, text, seed) for seed, text in enumerate(texts)] == first
    assert [switched(augment, text, seed + 1) for seed, text in enumerate(texts)] != first


@pytest.mark.parametrize("ratio", [-0.1, 1.01, float("nan")])
def test_ratios_out_of_range(ratio: float) -> None:
    with pytest.raises(InputError, match="probability"):
        CodeSwitch(dictionaries(de=GERMAN), ratio)


def test_no_dictionary() -> None:
    with pytest.raises(InputError, match="no dictionary") as failure:
        CodeSwitch(dictionaries(), 0.3)
    assert failure.value.field == "data.dictionaries"


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Dogs", ("", "Dogs", "")),
        ("“Dogs,”", ("“", "Dogs", ",”")),
        ("...", ("...", "", "")),
        ("3.5%", ("", "3.5", "%")),
        ("don't", ("", "don't", "")),
        ("$5\n", ("$", "5", "\n")),
    ],
)
def test_affixes(word: str, parts: Any) -> None:
    assert split_affixes(word) == parts
