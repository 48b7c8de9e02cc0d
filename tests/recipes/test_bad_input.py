"""Whatever is wrong with what the command line is given is said once, at once, and nothing is written."""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.recipes.conftest import Command, TinyModel

WORDS = {"food": ("bread", "soup", "apple"), "rain": ("cloud", "storm", "wind"), "sport": ("goal", "match", "team")}
ROWS = [(f"the {word} is {near}", label) for label, words in WORDS.items() for word in words for near in words]
CSV = "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS)
TSV = CSV.replace(",", "\t")
TEST = "text,label,language\n" + "".join(
    f"{text},{label},{language}\n" for language in ("en", "de") for text, label in ROWS
)
NLI = "a dog\ta cat\tneutral\na dog\tan animal\tentailment\n"
DICTIONARY = "bread\tBrot\ngoal\tTor\n"
GOOD = {"train.csv": CSV, "dev.csv": CSV, "test.csv": TEST, "dict/en-de.txt": DICTIONARY}

Files = Mapping[str, str | bytes]
Setup = Callable[[Path], object]
RECIPE = "task: text-classification\n"
STAGES = f"{RECIPE}stages:\n"
R2 = "r2: {teacher: stage1, weight: 1}"


@dataclass(frozen=True)
class Case:
    """A command, the files that are unlike `GOOD`, and what the error must say.

    Args:
        command: Its words; `@model` and `@checkpoint` stand for folders that are in order.
        said: The place, the problem and the remedy, or parts of them.
        files: More files, or other content.
        setup: What files cannot say, done to the folder.
    """

    command: tuple[str, ...]
    said: tuple[str, ...]
    files: Files = field(default_factory=dict)
    setup: Setup | None = None


def train(
    *keys: str, said: tuple[str, ...], recipe: str = "text-classification", out: str = "run", **more: Any
) -> Case:
    given = ("model=@model", "data.train=train.csv", "data.dev=dev.csv", "data.test=test.csv", "method=plain")
    stages = any("stages:" in str(text) for text in more.get("files", {}).values())
    return Case(("train", recipe, *given[: 4 if stages else 5], *keys, "--output-dir", out), said, **more)


def evaluate(
    *options: str, said: tuple[str, ...], model: str = "@checkpoint", out: str = "scores", **more: Any
) -> Case:
    return Case(("evaluate", model, *options, "--output-dir", out), said, **more)


def predict(
    *options: str, said: tuple[str, ...], model: str = "@checkpoint", out: str = "o.jsonl", **more: Any
) -> Case:
    return Case(("predict", model, *options, "--output", out), said, **more)


def other_model(change: Callable[[Path], object]) -> Setup:
    """A copy of the model in `m`, changed."""

    def setup(folder: Path) -> None:
        shutil.copytree(folder / "@model", folder / "m")
        change(folder / "m")

    return setup


def edit(name: str, **values: Any) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), encoding="utf-8")

    return change


def cut(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-100])


def remove(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def no_tokenizer(folder: Path) -> None:
    remove("tokenizer.json")(folder)
    remove("tokenizer_config.json")(folder)


def slow_tokenizer(folder: Path) -> None:
    no_tokenizer(folder)
    (folder / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "basic"}', encoding="utf-8"
    )
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n", encoding="utf-8")


MT = ("method=data-augmentation", "augmentation=mt")
CS = ("method=r1", "augmentation=cs", "data.dictionaries=dict")
XNLI = ("train", "xnli-transfer-base", "model=@model", "--data-dir", ".", "data.dictionaries=dict")
XNLI = (*XNLI, "code_switch.languages=de", "--output-dir", "run")

DATA = {
    "no label column": train(
        files={"train.csv": CSV.replace("label", "labels", 1)},
        said=("train.csv, line 2, field 'label'", "no such column", "did you mean 'labels'?"),
    ),
    "no text column": train(
        files={"train.csv": CSV.replace("text", "body", 1)},
        said=("train.csv, line 2, field 'data.text_columns'", "the columns are body, label", "set data.text_columns="),
    ),
    "a label in dev that is not in training": train(
        files={"dev.csv": CSV + "a team,sprot\n"},
        said=("dev.csv, line 29, field 'label'", "there is no label 'sprot'", "did you mean 'sport'?"),
    ),
    "a label in test that is not in training": train(
        files={"test.csv": TEST + "a team,sprot,de\n"}, said=("test.csv, line 56, field 'label'", "'sprot'")
    ),
    "a tab too many": train(
        "data.train=train.tsv", files={"train.tsv": TSV + "a\tb\tfood\n"}, said=("train.tsv, line 29", "one tab")
    ),
    "semicolons": train(files={"train.csv": CSV.replace(",", ";")}, said=("train.csv, line 1", "';'", "with commas")),
    "empty": train(files={"train.csv": ""}, said=("train.csv: the file is empty", "text,label")),
    "header alone": train(files={"train.csv": "text,label\n"}, said=("train.csv, line 1", "no rows after the header")),
    "header alone in test": train(files={"test.csv": "text,label,language\n"}, said=("test.csv, line 1", "no rows")),
    "Latin-1": train(
        files={"train.csv": (CSV + "na\xefve,food\n").encode("latin-1")},
        said=("train.csv, line 29", "0xef, is not UTF-8", "iconv -f LATIN1"),
    ),
    "UTF-16": train(files={"train.csv": CSV.encode("utf-16")}, said=("train.csv, line 1", "iconv -f UTF-16")),
    "old Mac": train(
        files={"train.csv": CSV.replace("\n", "\r")}, said=("train.csv, line 1", "carriage return", "tr ")
    ),
    "half a gzip": train(
        "data.train=train.csv.gz",
        files={"train.csv.gz": gzip.compress(CSV.encode() * 9)[:-50]},
        said=("train.csv.gz, line", "ends early", "fetch it"),
    ),
    "no gzip": train(
        "data.train=train.csv.gz", files={"train.csv.gz": CSV}, said=("train.csv.gz", "compress it again")
    ),
    "no such file": train(
        "data.train=trian.csv", said=("trian.csv: there is no such file", "did you mean 'train.csv'?")
    ),
    "no such format": train("data.train=train.xlsx", files={"train.xlsx": "x"}, said=("train.xlsx", "'.xlsx'", ".csv")),
    "an id twice": train(
        files={"train.csv": "id,text,label\n1,a,food\n2,b,rain\n1,c,rain\n"},
        said=("train.csv, line 4, field 'id'", "already, in line 2", "its own"),
    ),
    "broken JSONL": train(
        "data.train=t.jsonl",
        files={"t.jsonl": '{"text": "a", "label": "food"}\n{"text": "b"\n'},
        said=("t.jsonl, line 2", "not JSON", "one JSON object a line"),
    ),
    "a quote that never closes": train(
        files={"train.csv": CSV + '"open,food\na,food\n'},
        said=("train.csv, line 29", "not CSV", "close every quotation"),
    ),
    "one label": train(
        files={"train.csv": "text,label\na,food\nb,food\n"},
        said=("train.csv, field 'label'", "only food", "data.label_column"),
    ),
    "no training set": train("data.train=null", said=("field 'data.train'", "nothing says where", "data.dir")),
    "no dev set": train("data.dev=null", said=("field 'data.dev'", "no dev set in 'en'", "selection.by=last")),
    "dev without the source language": train(
        "data.dev=dev-de.csv", files={"dev-de.csv": CSV}, said=("field 'data.dev'", "no dev set in 'en'", "dev-mean")
    ),
    "dev-mean without dev": train(
        "selection.by=dev-mean", "data.dev=null", said=("field 'data.dev'", "there are none")
    ),
    "no such language in a column": train(
        files={"test.csv": TEST + "a,food,klingon\n"},
        said=("test.csv, line 56, field 'language'", "no language 'klingon'", "ISO 639-1"),
    ),
    "no such language": train("data.languages=de,german", said=("field 'data.languages'", "did you mean 'de'?")),
    "a language without data": train(
        "data.languages=de,sw", said=("field 'data.languages'", "no dev or test set in 'sw'", "some in: de, en")
    ),
    "no row in the source language": train(
        "source_language=fr", files={"train.csv": TEST}, said=("train.csv, field 'language'", "no row is in 'fr'")
    ),
    "labels that leave one out": train("data.labels=food,rain", said=("train.csv, line 20", "known: food, rain")),
    "a single label named": train("data.labels=food", said=("field 'data.labels'", "two labels or more")),
    "a label named twice": train("data.labels=food,rain,rain", said=("field 'data.labels'", "named twice")),
    "no such folder": train(
        "data.dir=nowhere", said=("nowhere, field 'data.dir'", "no such folder", "give the folder")
    ),
    "a folder without files": train(
        "data.dir=dict",
        "data.train=null",
        said=("dict, field 'data.train'", "no file is called train-{lang}.csv", "train-en.csv", "data.train=FILE"),
    ),
    "XNLI: a tab too many": Case(
        XNLI,
        ("xnli/train-en.tsv, line 3", "4 columns where tabs should make 2 or 3", "one tab"),
        {"xnli/train-en.tsv": NLI + "a\tb\tc\tneutral\n", "xnli/dev-en.tsv": NLI},
    ),
    "XNLI: no such label": Case(
        XNLI,
        ("xnli/dev-en.tsv, line 3, field 'label'", "did you mean 'neutral'?"),
        {"xnli/train-en.tsv": NLI, "xnli/dev-en.tsv": NLI + "a\tb\tnuetral\n"},
    ),
    "XNLI: not there": Case(XNLI, ("., field 'data.dir'", "train-{lang}.tsv", "holds xnli")),
    "XNLI: no network": Case(
        ("train", "xnli-transfer-base", "model=@model", "--output-dir", "run"), ("the Hub does not give", "data.dir")
    ),
}

KEYS = {
    "no such key": train("consistency.lamda1=1", said=("field 'consistency.lamda1'", "did you mean 'lambda1'?")),
    "no value": train("seed", said=("'seed' is not key=value", "write for example")),
    "broken YAML in a value": train("data.labels=[a,b", said=("field 'data.labels'", "cannot be read", "in quotes")),
    "no such training argument": train(
        "train.learning_rat=1e-5", said=("field 'train.learning_rat'", "did you mean 'learning_rate'?")
    ),
    "a training argument that is xtune's": train(
        "train.output_dir=x", said=("field 'train.output_dir'", "not set here", "give --output-dir")
    ),
    "lambda below 0": train(
        "consistency.lambda1=-1", said=("field 'consistency.lambda1'", "greater than or equal to 0")
    ),
    "lambda infinite": train("consistency.lambda1=.inf", said=("field 'consistency.lambda1'", "finite")),
    "ratio above 1": train("ratio=1.5", said=("field 'ratio'", "less than or equal to 1")),
    "seed below 0": train("seed=-1", said=("field 'seed'", "greater than or equal to 0")),
    "seed too large": train("seed=4294967296", said=("field 'seed'", "less than 4294967296")),
    "no such method": train("method=xtun", said=("field 'method'", "did you mean 'xtune'?")),
    "no such setting": train("setting=translate", said=("field 'setting'", "translate-train-all")),
    "no such task": train("task=xnil", said=("field 'task'", "did you mean 'xnli'?")),
    "no such augmentation": train("method=r1", "augmentation=css", said=("field 'augmentation'", "did you mean 'ss'?")),
    "no such metric": train("selection.metric=f", said=("field 'selection.metric'", "accuracy")),
    "code-switch without dictionaries": train(
        "method=r1", "augmentation=cs", said=("field 'data.dictionaries'", "needs bilingual dictionaries", "en-XX.txt")
    ),
    "translation without translations": train(
        *MT, "setting=translate-train-all", said=("field 'data.translations'", "en-{lang}-translated.tsv")
    ),
    "translation in cross-lingual transfer": train(*MT, said=("field 'setting'", "setting=translate-train-all")),
    "max_length too small": train("max_length=4", said=("field 'max_length'", "greater than or equal to 8")),
    "max_length too large": train(
        "max_length=513", said=("field 'max_length'", "512 sub-words at most", "=512 or less")
    ),
    "selection without evaluations": train(
        "train.eval_strategy=no", said=("field 'train.eval_strategy'", "selection.by=last")
    ),
    "no such optimizer": train("train.optim=adamw_troch", said=("field 'train.optim'", "did you mean 'adamw_torch'?")),
    "no such tracker": train("train.report_to=wandbb", said=("field 'train.report_to'", "not installed", "none")),
    "no such attention": train(
        "attn_implementation=sdpaa", said=("field 'attn_implementation'", "not supported", "attn_implementation=sdpa")
    ),
    **{
        f"train.{name}={value}": train(
            f"train.{name}={value}", said=(f"field 'train.{name}'", "does not fit", "remedy")
        )
        for name, value in (
            ("per_device_train_batch_size", "0"),
            ("per_device_train_batch_size", "-4"),
            ("per_device_train_batch_size", "1.5"),
            ("gradient_accumulation_steps", "0"),
            ("num_train_epochs", "0"),
            ("learning_rate", "fast"),
            ("learning_rate", "-1"),
            ("learning_rate", ".nan"),
            ("dataloader_num_workers", "-1"),
            ("save_steps", "0"),
            ("max_steps", "0"),
        )
    },
}

RECIPES = {
    "no such recipe": train(
        recipe="text-clasification", said=("no recipe 'text-clasification'", "'text-classification'")
    ),
    "no such file": train(recipe="my.yaml", said=("my.yaml: there is no such recipe file", "a path that exists")),
    "a folder": train(recipe="dict", said=("dict: this is a folder", "name a recipe")),
    "not YAML": train(
        recipe="r.yaml", files={"r.yaml": RECIPE + "model: [a\n"}, said=("r.yaml, line", "mend the YAML")
    ),
    "not UTF-8": train(
        recipe="r.yaml", files={"r.yaml": b"note: na\xefve\n"}, said=("r.yaml: the recipe is not UTF-8",)
    ),
    "a list": train(
        recipe="r.yaml", files={"r.yaml": "- task\n"}, said=("r.yaml: a recipe is a mapping", "recipes show")
    ),
    "a key twice": train(
        recipe="r.yaml",
        files={"r.yaml": f"{RECIPE}seed: 1\nseed: 2\n"},
        said=("r.yaml, line 3", "'seed' is there already"),
    ),
    "a key missing": train(recipe="r.yaml", files={"r.yaml": "seed: 1\n"}, said=("r.yaml, field 'task'", "set task=")),
    "an unknown key": train(
        recipe="r.yaml", files={"r.yaml": f"{RECIPE}seeds: 1\n"}, said=("r.yaml, field 'seeds'", "did you mean 'seed'?")
    ),
    "includes what is not there": train(
        recipe="r.yaml",
        files={"r.yaml": "include: none.yaml\n"},
        said=("r.yaml, field 'include'", "no recipe 'none.yaml'"),
    ),
    "includes itself": train(
        recipe="r.yaml",
        files={"r.yaml": "include: b.yaml\n", "b.yaml": "include: r.yaml\n"},
        said=("b.yaml, field 'include'", "includes itself"),
    ),
    "no such teacher": train(
        recipe="r.yaml",
        files={
            "r.yaml": f"{STAGES}- {{name: stage1}}\n- {{name: stage2, augmentation: ss, {R2.replace('e1', 'e9')}}}\n"
        },
        said=("r.yaml, field 'stages.1.r2.teacher'", "called 'stage9'", "name one of stage1"),
    ),
    "R2 in the first stage": train(
        recipe="r.yaml",
        files={"r.yaml": f"{STAGES}- {{name: stage1, augmentation: ss, {R2}}}\n"},
        said=("r.yaml, field 'stages.0.r2.teacher'", "no stage before", "later stage"),
    ),
    "a teacher that comes later": train(
        recipe="r.yaml",
        files={"r.yaml": f"{STAGES}- {{name: a, augmentation: ss, {R2}}}\n- {{name: stage1}}\n"},
        said=("r.yaml, field 'stages.0.r2.teacher'", "later stage"),
    ),
    "R2 on rows that there are not": train(
        recipe="r.yaml",
        files={"r.yaml": f"{STAGES}- {{name: stage1}}\n- {{name: stage2, {R2}}}\n"},
        said=("r.yaml, field 'stages.1.augmentation'", "consistency.rows=all"),
    ),
    "two stages of a name": train(
        recipe="r.yaml",
        files={"r.yaml": f"{STAGES}- {{name: a}}\n- {{name: a}}\n"},
        said=("r.yaml, field 'stages.1.name'", "a name of its own"),
    ),
    "a stage outside the run": train(
        recipe="r.yaml",
        files={"r.yaml": f"{STAGES}- {{name: ../../a}}\n"},
        said=("r.yaml, field 'stages.0.name'", "cannot be called '../../a'"),
    ),
    "no stage": train(
        recipe="r.yaml", files={"r.yaml": f"{RECIPE}stages: []\n"}, said=("r.yaml, field 'stages'", "there is no stage")
    ),
}

RESOURCES = {
    "no such dictionaries": train(
        *CS, "data.dictionaries=dcit", said=("dcit, field 'data.dictionaries'", "no such folder")
    ),
    "no dictionary": train(
        *CS,
        "data.dictionaries=d",
        setup=lambda folder: (folder / "d").mkdir(),
        said=("d, field 'data.dictionaries'", "no dictionary en-{lang}.txt", "en-de.txt"),
    ),
    "a dictionary of broken lines": train(
        *CS, files={"dict/en-de.txt": "a b c\n" + DICTIONARY}, said=("dict/en-de.txt, line 1", "1 of 3 lines", "a tab")
    ),
    "no dictionary for the languages": train(
        *CS, "code_switch.languages=sw", said=("dict, field", "there are some for de")
    ),
    "code-switch into no language": train(*CS, "code_switch.languages=dee", said=("'code_switch.languages'", "'de'?")),
    "no such translations": train(
        *MT, "data.translations=tr", said=("tr, field 'data.translations'", "no such file or folder")
    ),
    "translations into another language": train(
        *MT,
        "data.translations=t-{lang}.csv",
        "translation.languages=sw",
        files={"t-de.csv": CSV},
        said=("t-{lang}.csv, field 'translation.languages'", "no translation into 'sw'", "some into: de"),
    ),
    "translations of something else": train(
        *MT,
        "data.translations=t-{lang}.csv",
        files={"t-de.csv": "text,label\n" + "".join(f"x,{label}\n" for _, label in reversed(ROWS))},
        said=("t-de.csv, field 'data.translations'", "another label", "rows of the training file"),
    ),
    "translations of other ids": train(
        *MT,
        "data.translations=t.jsonl",
        files={"t.jsonl": '{"id": "z", "language": "de", "fields": {"text": "Haus"}}\n'},
        said=("t.jsonl, field 'data.translations'", "no row translates an example"),
    ),
    "translations that say no language": train(
        *MT,
        "data.translations=t.jsonl",
        files={"t.jsonl": '{"id": "0", "fields": {"text": "Haus"}}\n'},
        said=("t.jsonl, line 1, field 'language'", '"language": …'),
    ),
}

MODELS = {
    "not there, nor on the Hub": train(
        "model=no/model", said=("field 'model'", "no folder 'no/model'", "xtune doctor")
    ),
    "an empty folder": train(
        "model=m", setup=lambda folder: (folder / "m").mkdir(), said=("m, field 'model'", "tokenizer", "a whole model")
    ),
    "no pad token": train(
        "model=m",
        setup=other_model(edit("tokenizer_config.json", pad_token=None, tokenizer_class="PreTrainedTokenizerFast")),
        said=("field 'model'", "no pad token", "tokenizer.pad_token"),
    ),
    "no fast tokenizer": train(
        "model=m",
        setup=other_model(slow_tokenizer),
        said=("field 'model'", "without character offsets", "fast tokenizer"),
    ),
    "no tokenizer": train(
        "model=m", setup=other_model(no_tokenizer), said=("field 'model'", "100 %", "tokenizer.json")
    ),
    "no weights": train(
        "model=m", setup=other_model(remove("model.safetensors")), said=("m, field 'model'", "model.safetensors")
    ),
    "half the weights": train(
        "model=m",
        setup=other_model(cut("model.safetensors")),
        said=("m, field 'model'", "cannot be loaded", "whole model"),
    ),
    "a broken configuration": train(
        "model=m", setup=other_model(cut("config.json")), said=("m, field 'model'", "config.json", "not a valid JSON")
    ),
    "no such architecture": train(
        "model=m", setup=other_model(edit("config.json", model_type="xlm-x")), said=("m, field 'model'", "xlm-x")
    ),
    "fewer positions than its tokenizer says": train(
        "model=m",
        "max_length=600",
        setup=other_model(edit("tokenizer_config.json", model_max_length=10**9)),
        said=("field 'max_length'", "512 sub-words at most"),
    ),
    "a head for other labels": train(
        "model=@checkpoint",
        "selection.by=last",
        "data.dev=null",
        "data.test=null",
        files={"train.csv": "text,label\nbread,x\ncloud,y\n"},
        said=("field 'model'", "other labels", "data.labels"),
    ),
}

CONFIG = "task: text-classification\nmodel: another/one\n"
FOLDERS = {
    "under a file": train(out="dev.csv/run", said=("dev.csv, field '--output-dir'", "a file, not a folder")),
    "a file": train(out="dev.csv", said=("dev.csv, field '--output-dir'", "a file, not a folder", "a new folder")),
    "no name": train(out="", said=("field '--output-dir'", "the name is empty", "name a folder")),
    "something else in it": train(
        files={"run/notes.txt": "x"}, said=("run, field '--output-dir'", "holds no run", "notes.txt", "a new folder")
    ),
    "another run": train(
        files={"run/config.yaml": CONFIG},
        said=("run/config.yaml, field 'model'", "another run", "another --output-dir"),
    ),
    "a broken config.yaml": train(
        files={"run/config.yaml": "task: ["}, said=("run/config.yaml, line 1", "cannot be read", "another --output-dir")
    ),
    "a config.yaml that is a list": train(files={"run/config.yaml": "- a\n"}, said=("run/config.yaml", "a mapping")),
    "a config.yaml of another version": train(
        files={"run/config.yaml": CONFIG + "new: 1\n"}, said=("run/config.yaml, field 'new'", "no such key")
    ),
    "scores into a file": evaluate(
        "--input", "test.csv", out="dev.csv", said=("dev.csv, field '--output-dir'", "a file")
    ),
    "scores over a run": evaluate(
        "--input", "test.csv", out="r", files={"r/config.yaml": CONFIG}, said=("r, field '--output-dir'", "r/scores")
    ),
    "predictions into a missing folder": predict(
        "--input", "test.csv", out="no/o.jsonl", said=("no/o.jsonl, field '--output'", "make the folder")
    ),
    "predictions over a folder": predict(
        "--input", "test.csv", out="dict", said=("dict, field '--output'", "a folder")
    ),
    "predictions over their input": predict(
        "--input", "test.csv", out="test.csv", said=("test.csv, field '--output'", "this is the input")
    ),
}

APPLY = {
    "no such split": evaluate("--input", "test.csv", "--split", "foo", said=("field '--split'", "train, dev or test")),
    "no data": evaluate(said=("field '--data-dir'", "--input FILE")),
    "data twice": evaluate("--input", "test.csv", "--data-dir", ".", said=("field '--data-dir'", "give one of")),
    "no such data": evaluate(
        "--input", "tset.csv", said=("tset.csv: there is no such file", "did you mean 'test.csv'?")
    ),
    "no such folder": evaluate("--data-dir", "no", said=("no, field '--data-dir'", "no such folder")),
    "a label that the model lacks": evaluate(
        "--input",
        "test.csv",
        files={"test.csv": TEST + "a,sprot,de\n"},
        said=("test.csv, line 56, field 'label'", "'sprot'", "did you mean 'sport'?"),
    ),
    "no text to evaluate": evaluate(
        "--input", "t.csv", files={"t.csv": "body\na\n"}, said=("t.csv, line 2, field '--text-columns'", "body")
    ),
    "no such language": evaluate("--input", "test.csv", "--languages", "dee", said=("field '--languages'", "'de'?")),
    "a language without data": evaluate(
        "--input", "test.csv", "--languages", "sw", said=("'--languages'", "known: de, en")
    ),
    "no such task": evaluate("--input", "test.csv", "--task", "xnil", said=("field '--task'", "did you mean 'xnli'?")),
    "a task of other labels": evaluate(
        "--input", "test.csv", "--task", "xnli", said=("field '--task'", "food, rain, sport")
    ),
    "a bare encoder": evaluate(
        "--input", "test.csv", model="@model", said=("field 'MODEL'", "which has no labels", "xtune train")
    ),
    "no such model": evaluate("--input", "test.csv", model="no", said=("no, field 'MODEL'", "no such folder", "run's")),
    "a run without model": evaluate(
        "--input",
        "test.csv",
        model="r",
        files={"r/config.yaml": CONFIG},
        said=("r, field 'MODEL'", "no model yet", "resumes"),
    ),
    "a broken model": predict(
        "--input",
        "test.csv",
        model="m",
        setup=lambda folder: (
            shutil.copytree(folder / "@checkpoint", folder / "m"),
            cut("model.safetensors")(folder / "m"),
        ),
        said=("m, field 'model'", "cannot be loaded"),
    ),
    "no text to predict": predict(
        "--input",
        "t.csv",
        files={"t.csv": "body\na\n"},
        said=("t.csv, line 2, field '--text-columns'", "--text-columns=body"),
    ),
    "no such text column": predict(
        "--input",
        "test.csv",
        "--text-columns",
        "txt",
        said=("test.csv, line 2, field 'txt'", "'text'? set --text-columns"),
    ),
    "nothing to predict": predict("--input", "t.csv", files={"t.csv": ""}, said=("t.csv: the file is empty",)),
    "no row to predict": predict("--input", "t.csv", files={"t.csv": "text\n"}, said=("t.csv, line 1", "no rows")),
    "a language that is none": predict("--input", "dev.csv", "--language", "dee", said=("field '--language'", "'de'?")),
    "show no recipe": Case(("recipes", "show", "xnli"), ("there is no recipe 'xnli'", "xnli-transfer-base")),
}

GROUPS = {
    "data": DATA,
    "keys": KEYS,
    "recipes": RECIPES,
    "resources": RESOURCES,
    "models": MODELS,
    "folders": FOLDERS,
    "apply": APPLY,
}


@pytest.fixture(scope="module")
def checkpoint(tiny_model: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier as a run leaves it, without the training."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = tmp_path_factory.mktemp("checkpoint")
    labels = dict(enumerate(WORDS))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForSequenceClassification.from_pretrained(
            tiny_model("xlm-roberta"), num_labels=3, id2label=labels, label2id={name: n for n, name in labels.items()}
        )
    model.config.xtune = {"task": "text-classification", "max_length": 32, "source_language": "en"}
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_model("xlm-roberta")).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, tiny_model: TinyModel, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command runs in, with good files and a model."""
    write(tmp_path, GOOD)
    (tmp_path / "@model").symlink_to(tiny_model("xlm-roberta"))
    (tmp_path / "@checkpoint").symlink_to(checkpoint)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def everything(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{group}: {name}") for group, cases in GROUPS.items() for name, case in cases.items()],
)
def test_bad_input_is_said_and_nothing_written(case: Case, folder: Path, xtune: Command) -> None:
    write(folder, case.files)
    if case.setup:
        case.setup(folder)
    before = everything(folder)
    said = xtune(*case.command)
    assert said.code == 2, said.out + said.err
    assert said.err.startswith("error: ")
    assert said.err.count("error:") == 1
    assert "\n  remedy: " in said.err
    for part in case.said:
        assert part in said.err
    assert said.out == ""  # not even that a run begins
    assert everything(folder) == before


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (("train",), "RECIPE"),
        (("trian", "x"), "train"),
        (("train", "text-classification", "--epochs", "3"), "--epochs"),
        (("evaluate", "run", "--input", "test.csv"), "--output-dir"),
        (("evaluate", "run", "--input", "test.csv", "--output-dir", "s", "--batch-size", "0"), "--batch-size"),
        (("predict", "run", "--input", "test.csv"), "--output"),
    ],
)
def test_bad_usage(command: tuple[str, ...], part: str, folder: Path, xtune: Command) -> None:
    before = everything(folder)
    said = xtune(*command)
    assert (said.code, said.out) == (2, "")
    assert part in said.err
    assert everything(folder) == before


def test_a_full_disk(folder: Path, xtune: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "run/x")

    monkeypatch.setattr("xtune.runs.fit.fit", fit)
    said = xtune("train", "text-classification")
    assert (said.code, said.out, said.err) == (2, "", "error: run/x: No space left on device\n")


def test_a_terminal_without_unicode() -> None:
    command = [sys.executable, "-m", "xtune", "recipes"]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"xnli-transfer-base" in done.stdout


ODD = (
    "\ufefftext,label\r\n"
    + "".join(f'"{text}, ""{label}""\n and more\t…",{label}\r\n' for text, label in ROWS)
    + '"\n[bold] \u2028 a line",[x]\r\n'
)


@pytest.mark.slow
def test_odd_input_works(folder: Path, xtune: Command) -> None:
    """A byte order mark, quotes, line ends in texts, markup in labels, and paths of blanks, marks and other scripts."""
    data, run = "dàtä #1: [a]/trän, {2}.csv", "läufe/рун [1] "
    write(folder, {data: ODD})
    keys = ("model=@model", f"data.train={data}", f"data.dev={data}", "method=plain", "max_length=32")
    command = ("train", "text-classification", *keys, "train.max_steps=2", "--output-dir", run)
    said = xtune(*command)
    assert (said.code, said.err) == (0, "")
    assert "labels    [x], food, rain, sport" in said.out
    assert f"run       {run}" in said.out
    results = json.loads((folder / run / "results.json").read_text("utf-8"))
    assert results["examples"] == {"train": len(ROWS) + 1, "dev": {"en": len(ROWS) + 1}, "test": {}}
    again = xtune(*command)
    assert (again.code, again.err) == (0, "")
    assert "is finished" in again.out

    assert xtune("evaluate", run, "--input", data, "--output-dir", "läufe/scores").code == 0
    scores = json.loads((folder / "läufe/scores/results.json").read_text("utf-8"))["scores"]
    assert scores["test"]["en"] == results["scores"]["dev"]["en"]
    assert xtune("predict", run, "--input", data, "--output", "läufe/ö #.jsonl").code == 0
    assert len((folder / "läufe/ö #.jsonl").read_text("utf-8").splitlines()) == len(ROWS) + 1

    record = folder / run / "stage1" / "stage.json"
    (folder / run / "results.json").unlink()
    record.write_text("{", encoding="utf-8")
    broken = xtune(*command)
    assert broken.code == 2
    assert "stage1/stage.json: the file is broken" in broken.err
    assert "remove" in broken.err
