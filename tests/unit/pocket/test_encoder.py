from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)
from typer.testing import CliRunner

import xtune.pocket
import xtune.pocket.build
from xtune.cli import app
from xtune.pocket import LANGUAGES, WITHOUT_DICTIONARY
from xtune.pocket.benchmark import stream
from xtune.pocket.build import Plan, build_encoder, plan
from xtune.pocket.lexicon import load_lexicon
from xtune.pocket.mono import Anchors, documents
from xtune.pocket.pretrain import Training, encode

ENCODER = Path(xtune.pocket.__file__).parent / "encoder"
TINY = Plan(seed=5, documents=12, layers=1, width=16, heads=2, training=Training(steps=3, pieces=256))


def rows_of(card: str) -> dict[str, str]:
    return dict(re.findall(r"^\| (\S.*?) \| (.*) \|$", card, re.MULTILINE))


def number(text: str) -> int:
    return int(text.split()[0].replace(",", ""))


def test_the_package_has_a_whole_checkpoint() -> None:
    names = {path.name for path in ENCODER.iterdir()}
    assert names == {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors", "README.md"}
    assert (ENCODER / "model.safetensors").stat().st_size < 5_000_000


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        (AutoModelForSequenceClassification, "classifier"),
        (AutoModelForTokenClassification, "classifier"),
        (AutoModelForQuestionAnswering, "qa_outputs"),
        (AutoModelForMaskedLM, "nothing"),
    ],
)
def test_every_head_loads_the_weights(kind: Any, head: str) -> None:
    model, info = kind.from_pretrained(ENCODER, output_loading_info=True)
    assert all(name.startswith(head) for name in info["missing_keys"])
    assert model.config.model_type == "xlm-roberta"
    batch = AutoTokenizer.from_pretrained(ENCODER)("The doctor eats.", "A second text.", return_tensors="pt")
    assert torch.isfinite(model(**batch)[0]).all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_knows_what_stands_behind_a_mask(language: str) -> None:
    tokenizer, model = AutoTokenizer.from_pretrained(ENCODER), AutoModelForMaskedLM.from_pretrained(ENCODER).eval()
    texts = [one.text for one in documents(load_lexicon(), language, stream(78, language), 25, Anchors(0, {}))]
    right = asked = 0
    for text in texts:
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        masked = ids.repeat(ids.shape[1] - 2, 1)
        places = torch.arange(1, ids.shape[1] - 1)
        masked[places - 1, places] = tokenizer.mask_token_id
        with torch.no_grad():
            said = model(masked).logits[places - 1, places].argmax(-1)
        right, asked = right + int((said == ids[0, 1:-1]).sum()), asked + len(places)
    assert right > 0.4 * asked  # of thousands of pieces


def test_the_card_says_what_the_files_say() -> None:
    card = (ENCODER / "README.md").read_text(encoding="utf-8")
    rows, default = rows_of(card), Plan()
    model = AutoModelForMaskedLM.from_pretrained(ENCODER)
    assert number(rows["parameters"]) == model.num_parameters()
    assert number(rows["vocabulary"]) == model.config.vocab_size == len(AutoTokenizer.from_pretrained(ENCODER))
    assert number(rows["layers"]) == model.config.num_hidden_layers == default.layers
    assert number(rows["width"]) == model.config.hidden_size == default.width
    assert number(rows["attention heads"]) == model.config.num_attention_heads == default.heads
    assert number(rows["steps"]) == default.training.steps
    assert int(rows["seed"]) == default.seed
    assert number(rows["text"]) == default.documents
    assert tuple(rows["without any"].split(", ")) == WITHOUT_DICTIONARY
    assert f"**Dropout.** {model.config.hidden_dropout_prob} " in card
    assert "license: apache-2.0" in card
    assert "What it is not for" in card


def test_the_card_counts_the_anchors_that_the_text_has(tmp_path: Path) -> None:
    facts = build_encoder(tmp_path, replace(TINY, anchors=0.5), Console(quiet=True))
    assert facts.anchored["sw"] == 0
    assert all(0.2 < share < 0.8 for language, share in facts.anchored.items() if language != "sw")
    none = build_encoder(tmp_path, replace(TINY, anchors=0.0), Console(quiet=True))
    assert set(none.anchored.values()) == {0}
    assert rows_of((tmp_path / "README.md").read_text("utf-8"))["documents with code-switched words"] == "none"


def test_the_same_plan_builds_the_same_checkpoint(tmp_path: Path) -> None:
    plans = {"a": TINY, "b": TINY, "c": replace(TINY, seed=6), "d": replace(TINY, training=Training(2, pieces=256))}
    for name, one in plans.items():
        torch.rand(3)  # what the caller has drawn does not matter
        build_encoder(tmp_path / name, one, Console(quiet=True))
    bytes_of = {
        name: {path.name: path.read_bytes() for path in (tmp_path / name).iterdir() if path.name != "README.md"}
        for name in plans
    }
    assert bytes_of["a"] == bytes_of["b"]
    assert bytes_of["a"]["tokenizer.json"] != bytes_of["c"]["tokenizer.json"]
    assert bytes_of["a"]["tokenizer.json"] == bytes_of["d"]["tokenizer.json"]
    assert bytes_of["a"]["model.safetensors"] != bytes_of["d"]["model.safetensors"]


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    short = build_encoder(tmp_path, TINY, Console(quiet=True))
    long = build_encoder(
        tmp_path, replace(TINY, training=Training(steps=300, pieces=256, learning_rate=1e-2)), Console(quiet=True)
    )
    assert long.loss < short.loss - 1


def test_a_pair_is_cut_between_sentences() -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(ENCODER)
    texts = ["The dog sleeps. The cat eats.", "One sentence.", "犬は寝ます。猫は食べます。"]
    single = encode(tokenizer, texts, np.random.default_rng(0), 0.0)
    assert [row.count(2) for row in single] == [1, 1, 1]
    paired = encode(tokenizer, texts, np.random.default_rng(0), 1.0)
    assert sorted(row.count(2) for row in paired) == [1, 3, 3]
    assert tokenizer("The dog sleeps.", "The cat eats.")["input_ids"] in paired


def test_the_command_builds_and_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def tiny(seed: int | None, steps: int | None) -> Plan:
        asked.append((seed, steps))
        return replace(TINY, training=replace(TINY.training, steps=steps or 1))

    monkeypatch.setattr(xtune.pocket.build, "plan", tiny)
    result = CliRunner().invoke(app, ["pocket", "build", "--output-dir", str(tmp_path / "new"), "--steps", "10"])
    assert result.exit_code == 0, result.output
    assert asked == [(None, 10)]
    assert "weights  5/10" in result.output
    assert " left  loss " in result.output
    assert (tmp_path / "new" / "model.safetensors").is_file()


def test_only_what_is_asked_for_differs_from_the_packaged_plan() -> None:
    assert plan() == Plan()
    assert plan(seed=0) == replace(Plan(), seed=0)
    assert plan(steps=7) == replace(Plan(), training=replace(Plan().training, steps=7))
