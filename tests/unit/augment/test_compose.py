from __future__ import annotations

import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from tests.tiny import SENTENCES, unigram_tokenizer
from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.compose import Compose, generator_for, identity
from xtune.augment.noise import GaussianNoise
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.data import Dictionaries
from xtune.errors import InputError
from xtune.schema import Example, Piece, Text, View


def test_the_generator_differs_by_every_argument() -> None:
    keys = list(product((1, 2), ("stage1", "stage2"), (0, 1, 10), ("7", "8", "", "é"), ("data 0", "consistency None")))
    first = {key: generator_for(*key).random() for key in keys}
    assert len(set(first.values())) == len(keys)
    assert {key: generator_for(*key).random() for key in keys} == first
    # Arguments that would run together without a separator.
    assert generator_for(1, "stage", 11, "2", "r").random() != generator_for(1, "stage1", 1, "2", "r").random()
    assert generator_for(1, "s", 1, "12", "r").random() != generator_for(1, "s", 11, "2", "r").random()
    assert generator_for(1, "s", 1, "a", "br").random() != generator_for(1, "s", 1, "ab", "r").random()


def test_the_scheme_is_pinned() -> None:
    """With another scheme, and hence other augmentations, no published figure of ours would be repeated."""
    assert generator_for(1, "stage1", 0, "0", "data 0").integers(2**63) == 1960273222998628739


def test_the_generator_is_the_same_in_another_process() -> None:
    """Unlike `hash` of a string."""
    code = "from xtune.augment.compose import generator_for as g; print(g(3, 'stage2', 4, 'é', 'x').random().hex())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == generator_for(3, "stage2", 4, "é", "x").random().hex()


def test_composition_goes_from_left_to_right_with_one_generator() -> None:
    seen = []

    def note(name: str):
        def augment(view: View, rng: np.random.Generator) -> View:
            seen.append((name, rng.random()))
            return view

        return augment

    view = View(Example("0", "en", (Text.from_string("a"),)))
    assert Compose((note("first"), note("second")))(view, np.random.default_rng(3)) is view
    expected = np.random.default_rng(3)
    assert seen == [("first", expected.random()), ("second", expected.random())]
    assert identity(view, np.random.default_rng(0)) is view


def two_words() -> tuple[View, CodeSwitch]:
    """`children playing` and a dictionary that has the first word only."""
    dictionaries = Dictionaries()
    dictionaries.add("de", {"children": ["Übermorgen"]})
    return View(Example("0", "en", (Text.from_string("children playing"),))), CodeSwitch(dictionaries, 1.0)


def letters(word: str, start: int = 0) -> tuple[Piece, ...]:
    return tuple(Piece(letter, start + at, start + at + 1) for at, letter in enumerate(word))


def test_code_switch_forgets_the_segmentation_of_the_words_it_replaces_and_keeps_the_others() -> None:
    view, switch = two_words()
    cut = view.with_segmentation({(0, 0): letters("children"), (0, 1): letters("playing")})
    after = switch(cut, np.random.default_rng(0))
    assert after.example.texts[0].text == "Übermorgen playing"
    assert after.segmentation == {(0, 1): letters("playing")}


def test_sampling_after_code_switch_cuts_the_new_word() -> None:
    view, switch = two_words()
    sample = SubwordSampling(sampler_for(unigram_tokenizer(), alpha=0.01), 1.0)
    spelt = 0
    for seed in range(30):
        after = Compose((switch, sample))(view, np.random.default_rng(seed))
        for key, word in (((0, 0), "Übermorgen"), ((0, 1), "playing")):
            if key in after.segmentation:
                spelt += key == (0, 0)
                pieces = after.segmentation[key]
                assert "".join(piece.token for piece in pieces).replace("▁", "") == word
                assert pieces[-1].end == len(word)
    assert spelt > 5


def test_code_switch_after_sampling_leaves_no_entry_of_a_replaced_word() -> None:
    view, switch = two_words()
    sample = SubwordSampling(sampler_for(unigram_tokenizer(), alpha=0.01), 1.0)
    kept = 0
    for seed in range(30):
        after = Compose((sample, switch))(view, np.random.default_rng(seed))
        assert set(after.segmentation) <= {(0, 1)}
        kept += bool(after.segmentation)
    assert kept > 5


def test_noise_goes_with_anything() -> None:
    view, switch = two_words()
    after = Compose((GaussianNoise("uniform", 0.5), switch))(view, np.random.default_rng(0))
    assert after.example.texts[0].text == "Übermorgen playing"
    assert after.noise is not None and (after.noise.kind, after.noise.eps) == ("uniform", 0.5)


def test_noise_draws_its_seed_from_the_generator() -> None:
    view = View(Example("0", "en", (Text.from_string(SENTENCES["en"][0]),)))
    augment = GaussianNoise("normal", 0.1)
    seeds = {augment(view, generator_for(1, "s", epoch, "0", "r")).noise.seed for epoch in range(50)}
    assert len(seeds) == 50
    assert augment(view, np.random.default_rng(4)) == augment(view, np.random.default_rng(4))


@pytest.mark.parametrize("eps", [-0.1, float("nan")])
def test_noise_without_a_size(eps: float) -> None:
    with pytest.raises(InputError, match="eps"):
        GaussianNoise("normal", eps)
