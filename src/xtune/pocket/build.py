"""The pocket encoder, built: text from a seed, a tokenizer counted from it, weights by masked language modelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from rich.console import Console
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForMaskedLM

from xtune.pocket.benchmark import stream
from xtune.pocket.dictionary import Dictionary, make_dictionary
from xtune.pocket.encoder_card import BuildFacts, card
from xtune.pocket.lexicon import LANGUAGES, WITHOUT_DICTIONARY, load_lexicon
from xtune.pocket.mono import Anchors, documents
from xtune.pocket.pretrain import Training, encode, pretrain
from xtune.pocket.progress import Bar
from xtune.pocket.tokenizer import MAX_LENGTH, SPECIAL, make_tokenizer, pieces_of
from xtune.pocket.vectors import translations_of, word_vectors
from xtune.training.threads import one_thread

DROPOUT = 0.03
"""For fine-tuning; 0.1, as in XLM-R, keeps so narrow a model from learning to compare two texts."""

_SCALE = 0.06  # standard deviation of the vectors that training starts from


@dataclass(frozen=True)
class Plan:
    """All that decides what is built.

    Args:
        seed: Of text, tokenizer and weights; benchmarks have other seeds.
        documents: Of each language.
        anchors: Share of the documents that are code-switched, except in languages without dictionary.
        coverage: Share of the lexicon that the dictionaries of the anchors have.
        noise: Share of their pairs that are wrong.
        layers: Of the encoder.
        width: Of its vectors; the feed-forward layers are four times as wide.
        heads: Of its attention.
        training: Of its weights.
    """

    seed: int = 1000
    documents: int = 8000
    anchors: float = 0.5
    coverage: float = 0.7
    noise: float = 0.06
    layers: int = 3
    width: int = 96
    heads: int = 4
    training: Training = field(default_factory=Training)


def plan(seed: int | None = None, steps: int | None = None) -> Plan:
    """The packaged encoder's plan, with another seed or number of steps."""
    default = Plan()
    training = default.training if steps is None else replace(default.training, steps=steps)
    return replace(default, seed=default.seed if seed is None else seed, training=training)


def build_encoder(folder: Path, plan: Plan, console: Console) -> BuildFacts:
    """Write a checkpoint: config, tokenizer, weights and card; the same plan makes the same bytes on the same machine.

    Args:
        folder: Where to.
        plan: What to build.
        console: Where progress is shown, with the time left.
    """
    dictionaries = _dictionaries(plan)
    texts, counts, anchored = _text(plan, Anchors(plan.anchors, dictionaries), console)
    tokenizer = make_tokenizer(counts)
    rng = stream(plan.seed, "pretrain")
    rows = {language: encode(tokenizer, texts[language], rng, plan.training.paired) for language in LANGUAGES}
    with console.status("vectors …"):
        model = _untrained(plan, tokenizer, rows, dictionaries)
    ids = [row for language in LANGUAGES for row in rows[language]]
    with Bar(console, "weights", plan.training.steps) as bar, one_thread():
        outcome = pretrain(model, ids, plan.training, rng, lambda step, loss: bar.to(step, f"loss {loss:.2f}"))
    facts = BuildFacts(
        seed=plan.seed,
        documents=plan.documents,
        pieces=sum(map(len, ids)),
        anchored=anchored,
        coverage=plan.coverage,
        noise=plan.noise,
        layers=plan.layers,
        width=plan.width,
        heads=plan.heads,
        vocabulary=len(tokenizer),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        training=plan.training,
        loss=outcome.loss,
        seconds=outcome.seconds,
        busy=outcome.busy,
    )
    _save(folder, model, tokenizer, facts)
    return facts


def _dictionaries(plan: Plan) -> dict[str, Dictionary]:
    """What anchors and vectors are made with; those of benchmarks have other words and other noise."""
    return {
        language: make_dictionary(
            load_lexicon(), language, stream(plan.seed, f"dictionary/{language}"), plan.coverage, plan.noise
        )
        for language in LANGUAGES[1:]
        if language not in WITHOUT_DICTIONARY
    }


def _text(
    plan: Plan, anchors: Anchors, console: Console
) -> tuple[dict[str, list[str]], dict[str, Counter[str]], dict[str, float]]:
    """Documents of each language, how often each piece occurs in them, and how many are code-switched."""
    texts: dict[str, list[str]] = {}
    counts = {language: Counter[str]() for language in LANGUAGES}
    anchored = {}
    with Bar(console, "text", plan.documents * len(LANGUAGES)) as bar:
        for language in LANGUAGES:
            texts[language], switched = [], 0
            rng = stream(plan.seed, f"mono/{language}")
            for document in documents(load_lexicon(), language, rng, plan.documents, anchors):
                texts[language].append(document.text)
                counts[language].update(() if document.switched else pieces_of(document.sentences))
                switched += document.switched
                bar.advance(language)
            anchored[language] = switched / plan.documents
    return texts, counts, anchored


def _untrained(
    plan: Plan,
    tokenizer: PreTrainedTokenizerFast,
    rows: Mapping[str, list[list[int]]],
    dictionaries: Mapping[str, Dictionary],
) -> XLMRobertaForMaskedLM:
    """A model whose word vectors come from what stands near what."""
    vocabulary = tokenizer.get_vocab()
    translations = {code: translations_of(one.pairs, vocabulary) for code, one in dictionaries.items()}
    vectors = word_vectors(rows, translations, len(tokenizer), plan.width, stream(plan.seed, "vectors"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        model = XLMRobertaForMaskedLM(_config(plan, len(tokenizer)))
    found = torch.from_numpy(vectors.any(axis=1))
    with torch.no_grad():
        weight = model.roberta.embeddings.word_embeddings.weight
        weight[found] = _SCALE * torch.from_numpy(vectors).to(weight.dtype)[found]
    return model


def _config(plan: Plan, vocabulary: int) -> XLMRobertaConfig:
    return XLMRobertaConfig(
        vocab_size=vocabulary,
        hidden_size=plan.width,
        num_hidden_layers=plan.layers,
        num_attention_heads=plan.heads,
        intermediate_size=4 * plan.width,
        max_position_embeddings=MAX_LENGTH + 2,  # positions are counted from behind the padding's index
        type_vocab_size=1,
        hidden_dropout_prob=DROPOUT,
        attention_probs_dropout_prob=DROPOUT,
        initializer_range=0.04,  # about 1 / √(4 · width): 0.02 suits wide models
        layer_norm_eps=1e-5,
        bos_token_id=SPECIAL.index("<s>"),
        pad_token_id=SPECIAL.index("<pad>"),
        eos_token_id=SPECIAL.index("</s>"),
    )


def _save(folder: Path, model: XLMRobertaForMaskedLM, tokenizer: PreTrainedTokenizerFast, facts: BuildFacts) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # written for its owner alone, it could not be packaged for others
    (folder / "README.md").write_text(card(facts), encoding="utf-8")
