"""The card of a pocket encoder: what it is made of, what for, and what not for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template

from xtune.pocket.pretrain import Training


@dataclass(frozen=True)
class BuildFacts:
    """What was built, and how.

    Args:
        seed: Of text, tokenizer and weights.
        documents: Of each language.
        pieces: Of all documents, special tokens included.
        anchored: Share of each language's documents with a switched word.
        coverage: Of the dictionaries that the words were switched by: share of the lexicon that each has.
        noise: Share of their pairs that are wrong.
        layers: Of the encoder.
        width: Of its vectors.
        heads: Of its attention.
        vocabulary: Pieces of the tokenizer, special tokens included.
        parameters: Numbers in the model.
        training: How it was pre-trained.
        loss: At the end.
        seconds: Of pre-training, by the clock.
        busy: Seconds that the processor worked for it.
    """

    seed: int
    documents: int
    pieces: int
    anchored: Mapping[str, float]
    coverage: float
    noise: float
    layers: int
    width: int
    heads: int
    vocabulary: int
    parameters: int
    training: Training
    loss: float
    seconds: float
    busy: float


def card(facts: BuildFacts) -> str:
    """The README.md of a checkpoint, in Markdown."""
    training = facts.training
    without = [language for language, share in facts.anchored.items() if share == 0]
    switched = [f"{language} {100 * share:.1f} %" for language, share in facts.anchored.items() if share]
    rows = {
        "architecture": "XLM-R (`XLMRobertaForMaskedLM`), tied embeddings",
        "layers": facts.layers,
        "width": facts.width,
        "attention heads": facts.heads,
        "parameters": f"{facts.parameters:,}",
        "vocabulary": f"{facts.vocabulary:,} pieces, Unigram",
        "text": f"{facts.documents:,} documents a language, {facts.pieces:,} pieces in all",
        "documents with code-switched words": ", ".join(switched) or "none",
        "without any": ", ".join(without) or "none",
        "seed": facts.seed,
        "steps": f"{training.steps:,} of {training.pieces:,} pieces, {training.masked:.0%} of them predicted",
        "documents given as pairs of texts": f"{training.paired:.0%}",
        "optimizer": f"AdamW, learning rate {training.learning_rate:g}, linear, {training.warmup:.0%} warm-up",
        "time": f"{facts.seconds:.0f} s of pre-training, {facts.busy:.0f} s of one core",
        "final loss": f"{facts.loss:.2f}",
    }
    template = Template(resources.files("xtune.pocket").joinpath("encoder_card.md").read_text("utf-8"))
    return template.substitute(
        languages="\n".join(f"- {language}" for language in facts.anchored),
        number=len(facts.anchored),
        table="\n".join(f"| {name} | {value} |" for name, value in rows.items()),
        without=", ".join(without),
        coverage=f"{facts.coverage:.0%}",
        noise=f"{facts.noise:.0%}",
    )
