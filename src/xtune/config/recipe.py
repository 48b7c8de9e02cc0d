"""What a run is: frozen dataclasses, one a section of a recipe. A resolved recipe fully determines a run.

Reading and writing them is `xtune.config.load`; which stages a method has is `xtune.config.methods`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from xtune.schema import NoiseKind, Pooling, Positions, Reduction

Setting = Literal["cross-lingual-transfer", "translate-train-all"]


def _split(value: object) -> object:
    """Let `data.languages=de,fr` stand for a list on the command line."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _everywhere(value: object) -> object:
    """Let `augmentation=cs` stand for the same augmentation in all three places."""
    if isinstance(value, str) and value != "auto":
        return {"stage1": value, "data": value, "consistency": value}
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Where the examples come from (section `data`).

    Args:
        dir: The folder that holds the dataset's folder (`xnli/` …), or the dataset's own folder.
        train: The user's training file, or a folder or pattern with `{lang}`.
        dev: The user's development files, likewise; any languages.
        test: The user's test files, likewise.
        revision: Commit of the Hub dataset; null until the first use resolves it.
        text_columns: Columns of the text or of the two texts; null finds them by their usual names. In a file of one
            word a line the number of the word's column, counted from 1; null: the first.
        label_column: Column of the label; likewise the number of the tag's, by default the last.
        language_column: Column of the language in a file of several.
        id_column: Column of the example's id; null: `id` if there is one, else the row counted from 0.
        labels: All labels in order; null: those of the dataset, or of the training file, sorted.
        languages: Languages to evaluate; null: all there are.
        translations: Translations of the training set: a file, or a folder or pattern with `{lang}`; null: in the
            setting that uses them `translations/` in the dataset's folder or in `dir`, if it is there.
        dictionaries: Folder of MUSE dictionaries, `en-{lang}.txt`; null: `dictionaries/` in `dir`, if it is there.
        max_train_examples: Use the first so many; null: all.
        max_dev_examples: The same for each language's dev set.
        max_test_examples: The same for each language's test set.
    """

    dir: str | None = None
    train: str | None = None
    dev: str | None = None
    test: str | None = None
    revision: str | None = None
    text_columns: Names | None = None
    label_column: str = "label"
    language_column: str = "language"
    id_column: str | None = None
    labels: Names | None = None
    languages: Names | None = None
    translations: str | None = None
    dictionaries: str | None = None
    max_train_examples: Count | None = None
    max_dev_examples: Count | None = None
    max_test_examples: Count | None = None


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """The paper's A*, A and A' (section 3.1.3), each `ss`, `gn`, `cs`, `mt`, or several joined by `+`.

    Args:
        stage1: A*, the partner of R1 in stage 1.
        data: A, which makes D_A = D ∪ A(D).
        consistency: A', the partner of R1 on D_A.
    """

    stage1: str | None = None
    data: str | None = None
    consistency: str | None = None


@dataclass(frozen=True, kw_only=True)
class SubwordSamplingConfig:
    """Subword sampling (paper, section 3.2.1): `alpha` and `nbest` for Unigram, `dropout` for BPE and WordPiece.

    The alpha and ratio are the published code's; the paper does not give them.
    """

    ratio: Probability = 0.3
    alpha: Positive = 0.3
    nbest: Count | None = None
    dropout: Probability = 0.1


@dataclass(frozen=True, kw_only=True)
class CodeSwitchConfig:
    """Code-switch substitution (paper, section 3.2.3): `languages` null takes every dictionary there is."""

    ratio: Probability = 0.3
    languages: Names | None = None


@dataclass(frozen=True, kw_only=True)
class GaussianNoiseConfig:
    """Noise on the input embeddings (paper, section 3.2.2).

    Args:
        kind: `normal` or `uniform`.
        eps: Its standard deviation (`normal`) or half-width (`uniform`); null: `scale` times the standard deviation of
            the model's input embeddings, which is not the same in any two models. The published code has uniform 1e-5,
            which is numerically nothing beside dropout.
        scale: Ours, chosen on development sets (docs/results.md).
    """

    kind: NoiseKind = "normal"
    eps: Weight | None = None
    scale: Weight = 0.1


@dataclass(frozen=True, kw_only=True)
class TranslationConfig:
    """Machine translation (paper, section 3.2.4).

    Args:
        draw: `sampled`: one random language an example and epoch, as the published code; `all`: the concatenation
            of English and all translations that the paper describes (section 4.1).
        languages: Languages to use; null: all there are.
    """

    draw: Literal["sampled", "all"] = "sampled"
    languages: Names | None = None


@dataclass(frozen=True, kw_only=True)
class ConsistencyConfig:
    """The weights of the regularizers and how their divergences are reduced (paper, section 3.1).

    Args:
        lambda1: Weight of R1. The published code weighs it in stage 1 too, where the paper's formula has no weight.
        lambda2: Weight of R2.
        lambda_r_drop: Weight of R-Drop's symmetric KL, both directions added. In `batchmean`, and only there, 0.5 is
            R-Drop's α = 1, which halves their sum; in `mean` it is α = 1 over the number of outcomes.
        lambda_r3f: Weight of the symmetric KL of R3F and R4F, both directions added; 1 is their published code's.
        reduction: `batchmean`: sum over outcomes, mean over sites; `mean`: that divided by the number of outcomes.
            A published weight only means something in the reduction that it was tuned with.
        rows: Rows of D_A that R2 acts on: `augmented` (published code) or `all` (the paper's formula).
        targets: `soft`: KL to the teacher's distribution; `hard`: cross-entropy to its best outcome.
        positions: Words of a context that R1 compares, in span extraction: those `unchanged` in both views
            (the paper, section 3.3.2), or the `untouched`, which no augmentation had a hand in (published code).
    """

    lambda1: Weight = 5.0
    lambda2: Weight = 5.0
    lambda_r_drop: Weight = 0.5
    lambda_r3f: Weight = 1.0
    reduction: Reduction = "batchmean"
    rows: Literal["augmented", "all"] = "augmented"
    targets: Literal["soft", "hard"] = "soft"
    positions: Positions = "unchanged"


@dataclass(frozen=True, kw_only=True)
class SelectionConfig:
    """Which checkpoint of a stage counts, the teacher's too.

    Args:
        by: `source-dev`: the source language's dev set, which is what zero-shot means; `dev-mean`: the mean over all
            dev languages, as the paper (section 4.1); `last`.
        metric: Metric to compare; null: the task's first.
    """

    by: Literal["source-dev", "dev-mean", "last"] = "source-dev"
    metric: str | None = None


@dataclass(frozen=True, kw_only=True)
class R1Stage:
    """Example consistency in a stage: the augmentation of the partner view (`identity` for R-Drop) and the weight."""

    augmentation: str
    weight: Weight
    stop_gradient: bool = True
    task_on_partner: bool = False


@dataclass(frozen=True, kw_only=True)
class R2Stage:
    """Model consistency in a stage: the stage whose model is the teacher, and the weight."""

    teacher: str
    weight: Weight


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One training of the pre-trained model.

    Args:
        name: Its folder in the run.
        augmentation: A of D_A = D ∪ A(D); null: the stage sees D.
        r1: Example consistency; null: none.
        r2: Model consistency; null: none.
        spectral_norm: Divide the weight of the head's output layer by its largest singular value (R4F).
        train: Training arguments that differ from the recipe's `train`.
    """

    name: str
    augmentation: str | None = None
    r1: R1Stage | None = None
    r2: R2Stage | None = None
    spectral_norm: bool = False
    train: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A run. See each section's class; `train` takes the fields of `transformers.TrainingArguments` verbatim.

    Args:
        task: A dataset of `tasks/datasets.yaml`, or a generic task: `text-classification`, `text-pair`, `tagging`,
            `span`.
        model: Hub id or folder of a pre-trained encoder.
        init_from: Folder of a finished run, or its `model/`: every stage starts from that run's encoder in place of the
            pre-trained one (intermediate-task training, as X-STILTs), with its head where the labels are the same.
        method: How it is trained; see `xtune.config.methods`.
        setting: Whether translations of the training set are used; `auto`: if `data.translations` names some.
        seed: Of everything random.
        source_language: Language of the training set.
        attn_implementation: `sdpa`, `flash_attention_2`, `eager` …; null: what transformers chooses for the model.
        max_length: Longest input, in sub-words, special tokens included.
        pooling: Which sub-words of a word say its tag, in tagging: `first`, or all of them, their logits averaged
            (`mean`) or added up with the head's bias counted once (`sum`, for linear heads: what the published code
            does to hidden states for parts of speech, where the paper, section 4.1, says "average-pooling").
        stride: Sub-words from the beginning of a window to that of the next, where a text of tagging or span extraction
            is longer than `max_length`.
        max_question_length: Longest question, in sub-words, in span extraction.
        augment_question: Change questions too, not contexts alone as the published code, in span extraction.
        ratio: |A(D)| / |D|, at most 1; the paper has 1.0 throughout (section 4.1).
        resample: Draw A(D) anew each `epoch`, or `once`.
        stages: What the method does, stage by stage; null: as the method says.
        stage2: Training arguments of the method's second stage that differ from `train`.
        note: A word to the reader, shown by `xtune recipes`.
    """

    task: str
    model: str
    init_from: str | None = None
    method: str = "xtune"
    setting: Setting | Literal["auto"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    source_language: str = "en"
    attn_implementation: str | None = None
    max_length: Annotated[int, Field(ge=8)] = 256
    pooling: Pooling = "first"
    stride: Count = 128
    max_question_length: Count = 64
    augment_question: bool = False
    ratio: Probability = 1.0
    resample: Literal["epoch", "once"] = "epoch"
    note: str | None = None
    data: DataConfig = field(default_factory=DataConfig)
    augmentation: Annotated[AugmentationConfig | Literal["auto"], BeforeValidator(_everywhere)] = "auto"
    augmentation_reasons: tuple[str, ...] = ()
    subword_sampling: SubwordSamplingConfig = field(default_factory=SubwordSamplingConfig)
    code_switch: CodeSwitchConfig = field(default_factory=CodeSwitchConfig)
    gaussian_noise: GaussianNoiseConfig = field(default_factory=GaussianNoiseConfig)
    translation: TranslationConfig = field(default_factory=TranslationConfig)
    consistency: ConsistencyConfig = field(default_factory=ConsistencyConfig)
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    stages: tuple[Stage, ...] | None = None
    train: dict[str, Any] = field(default_factory=dict)
    stage2: dict[str, Any] = field(default_factory=dict)
