"""What the benchmarks work on: the user's files, or made-up texts, dictionaries and encoders. Not run itself."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModel, PreTrainedTokenizerFast, XLMRobertaConfig

from xtune.config.load import load_recipe
from xtune.data import Columns, Dictionaries, load_dictionaries, load_file, write_examples
from xtune.runs.augmentations import Resources, build_augmentations
from xtune.runs.models import load_encoder
from xtune.runs.resolve import resolve
from xtune.runs.stage import StageInputs
from xtune.schema import Example, Text
from xtune.tasks.classification import Classification, label_space

SYLLABLES = ("ka", "ri", "ton", "es", "mu", "la", "ver", "o", "shi", "ba", "den", "i", "qua", "ne", "pol", "u")
CHARACTERS = [chr(0x4E00 + 7 * index) for index in range(1200)]
LANGUAGES = ("de", "fr", "es", "ru", "zh")


def lexicon(size: int = 6000, *, spaced: bool = True) -> list[str]:
    """Made-up words, short ones first: one to four Latin syllables, or one to three Chinese characters."""
    rng = np.random.default_rng(0)
    units, longest = (SYLLABLES, 4) if spaced else (CHARACTERS, 3)
    words: dict[str, None] = {}
    while len(words) < size:
        words["".join(rng.choice(units) for _ in range(rng.integers(1, longest + 1)))] = None
    return sorted(words, key=len)


def made_up_texts(count: int, *, spaced: bool = True) -> list[str]:
    """Texts whose words follow Zipf's law and whose lengths vary as sentences' do: 18 words in the middle."""
    rng, words = np.random.default_rng(1), lexicon(spaced=spaced)
    weights = 1 / (np.arange(len(words)) + 2.7)
    lengths = np.clip(np.exp(rng.normal(np.log(18), 0.6, count)), 3, 80).astype(int)
    drawn = iter(rng.choice(len(words), size=int(lengths.sum()), p=weights / weights.sum()).tolist())
    texts = [[words[next(drawn)] for _ in range(length)] for length in lengths]
    return [f"{' '.join(text).capitalize()}." if spaced else f"{''.join(text)}。" for text in texts]


def examples_of(file: Path | None, count: int) -> list[Example]:
    """Labelled examples of a user's file, or made-up pairs with three labels."""
    if file is not None:
        return list(load_file(file, columns=Columns(), texts=None, language="en"))[:count]
    texts = [Text.from_string(text) for text in made_up_texts(2 * count)]
    return [Example(str(i), "en", (texts[2 * i], texts[2 * i + 1]), "abc"[i % 3]) for i in range(count)]


def dictionaries_of(options: argparse.Namespace) -> Dictionaries:
    """Those of a user's folder, or made-up ones that know every made-up word."""
    if options.dictionaries:
        return load_dictionaries(options.dictionaries, options.languages)
    words, rng = lexicon(), np.random.default_rng(2)
    dictionaries = Dictionaries()
    for language in options.languages or LANGUAGES:
        dictionaries.add(language, {word: [str(rng.choice(words)), str(rng.choice(words))] for word in words})
    return dictionaries


def save_random_encoder(
    folder: Path, texts: Sequence[str], layers: int = 4, hidden: int = 192, vocabulary: int = 8000
) -> str:
    """Save an XLM-R style model of random weights, with a Unigram tokenizer of these texts."""
    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=vocabulary, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
        **{"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"},
    )
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=max(hidden // 32, 1),
        intermediate_size=4 * hidden,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
    )
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def stage_inputs(options: argparse.Namespace, folder: Path) -> StageInputs:
    """What the stages of xTune are trained with: examples, model and augmentations."""
    table = write_examples(examples_of(options.train, options.examples), folder / "train.arrow")
    texts = [text.text for example in table for text in example.texts]
    model = options.model or save_random_encoder(folder / "model", texts, options.layers, options.hidden)
    kind = "text-pair" if len(table[0].texts) == 2 else "text-classification"
    values = {"model": model, "method": "xtune", "augmentation": options.augmentation, "max_length": options.max_length}
    recipe = resolve(load_recipe(kind, values))
    encoder = load_encoder(model, options.max_length)
    resources = Resources(encoder.tokenizer, table, dictionaries_of(options))
    made = build_augmentations(recipe, resources)
    return StageInputs(recipe, Classification(kind, label_space(table)), table, encoder, *made, evaluate=None)
