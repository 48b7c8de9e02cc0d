"""`xtune retrieve`, as a user types it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.conftest import Command, TinyModel
from tests.tiny import SENTENCES
from xtune.pocket import Sizes, write_benchmark
from xtune.pocket.lexicon import LANGUAGES

ENGLISH = SENTENCES["en"]


def put(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def put_bucc(folder: Path, split: str, known: int, *, gold: bool = True) -> None:
    """Ten English sentences, and `known` of them as their own translations among others."""
    for language, others in (("de", SENTENCES["de"]), ("fr", SENTENCES["fr"])):
        base = folder / "bucc2018" / f"{language}-en.{split}"
        mixed = [*others, *ENGLISH[:known]][::-1]
        put(Path(f"{base}.{language}"), [f"{language}-{row}\t{text}" for row, text in enumerate(mixed)])
        put(Path(f"{base}.en"), [f"en-{row}\t{text}" for row, text in enumerate(ENGLISH)])
        if gold:  # one more than can be found
            pairs = [f"{language}-{mixed.index(text)}\ten-{row}" for row, text in enumerate(ENGLISH[:known])]
            put(Path(f"{base}.gold"), [*pairs, f"{language}-{known}\ten-{known}"])


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text("utf-8"))
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Tatoeba in two languages; in `fr` half of the rows are their own translations."""
    folder = tmp_path / "data"
    put(folder / "tatoeba" / "de-en.de", SENTENCES["de"])
    put(folder / "tatoeba" / "fr-en.fr", [*SENTENCES["fr"][:5], *ENGLISH[5:]])
    for language in ("de", "fr"):
        put(folder / "tatoeba" / f"{language}-en.en", ENGLISH)
    return folder


def test_tatoeba_is_shown_written_and_scored_alike(
    xtune: Command, tmp_path: Path, data: Path, tiny_model: TinyModel
) -> None:
    said = xtune("retrieve", tiny_model("xlm-roberta"), "--data-dir", data, "--output-dir", tmp_path / "found")
    assert said.code == 0, said.err
    assert "layer 1 of 2, mean of all tokens, cosine" in said.out and "fr  French" in said.out
    found = results(tmp_path / "found")
    assert {key: found[key] for key in ("task", "layer", "layers", "pooling", "similarity")} == {
        "task": "tatoeba",
        "layer": 1,
        "layers": 2,
        "pooling": "mean",
        "similarity": "cosine",
    }
    assert found["examples"] == {"test": {"de": 10, "fr": 10}} and not {"method", "setting"} & found.keys()
    scores = found["scores"]["test"]
    assert scores["fr"]["accuracy"] >= 50 and scores["fr"]["accuracy_to_en"] >= 50
    both = [scores[language]["accuracy_to_en"] for language in ("de", "fr")]
    assert found["average"]["test"]["accuracy_to_en"] == sum(both) / 2
    assert xtune("score", tmp_path / "found" / "predictions", data, "--output", tmp_path / "scores.json").code == 0
    again = json.loads((tmp_path / "scores.json").read_text("utf-8"))["scores"]["tatoeba"]
    assert again == {language: {"accuracy": row["accuracy"]} for language, row in scores.items()}


def test_a_line_of_the_submission_is_the_row_of_an_english_sentence_s_translation(
    xtune: Command, tmp_path: Path, tiny_model: TinyModel
) -> None:
    """As XTREME wants it: the English sentences are sorted, and the labels are rows of the other language."""
    put(tmp_path / "data" / "tatoeba" / "de-en.de", ENGLISH)
    put(tmp_path / "data" / "tatoeba" / "de-en.en", sorted(ENGLISH))
    out = tmp_path / "found"
    said = xtune("retrieve", tiny_model("bert"), "--data-dir", tmp_path / "data", "--output-dir", out)
    assert said.code == 0 and "nothing says what translates what in de (test): predicted, not scored" in said.out
    rows = (out / "predictions" / "tatoeba" / "test-de.tsv").read_text("utf-8").split()
    assert rows == [str(ENGLISH.index(text)) for text in sorted(ENGLISH)]
    assert results(out)["scores"] == {"test": {}} and results(out)["average"] == {}


def test_bucc_is_tuned_on_dev_and_scored_on_test(xtune: Command, tmp_path: Path, tiny_model: TinyModel) -> None:
    put_bucc(tmp_path / "data", "dev", known=6)
    put_bucc(tmp_path / "data", "test", known=7)
    words = ("retrieve", tiny_model("xlm-roberta"), "--task", "bucc2018", "--data-dir", tmp_path / "data")
    said = xtune(*words, "--output-dir", tmp_path / "found")
    assert said.code == 0, said.err
    assert "mean of all tokens, margin" in said.out and "test: scored with that threshold" in said.out
    found = results(tmp_path / "found")
    assert found["examples"] == {"dev": {"de": 16, "fr": 16}, "test": {"de": 17, "fr": 17}}
    assert found["scores"]["dev"]["de"]["recall"] == pytest.approx(600 / 7)
    assert set(found["thresholds"]) == {"de", "fr"} and all(value > 0.5 for value in found["thresholds"].values())
    folder = tmp_path / "found" / "predictions"
    assert {path.name for path in (folder / "bucc2018").iterdir()} == {
        f"{split}-{language}.tsv" for split in ("dev", "test") for language in ("de", "fr")
    }
    assert xtune("score", folder, tmp_path / "data", "--output", tmp_path / "scores.json").code == 0
    again = json.loads((tmp_path / "scores.json").read_text("utf-8"))["scores"]["bucc2018"]
    assert again == found["scores"]["test"]


def test_bucc_without_test_says_so(xtune: Command, tmp_path: Path, tiny_model: TinyModel) -> None:
    put_bucc(tmp_path / "data", "dev", known=6)
    words = ("retrieve", tiny_model("xlm-roberta"), "--task", "bucc2018", "--data-dir", tmp_path / "data")
    said = xtune(*words, "--languages", "fr", "--similarity", "cosine", "--output-dir", tmp_path / "found")
    assert said.code == 0, said.err
    assert "no test score in fr: only dev, tuned and scored on dev" in said.out
    found = results(tmp_path / "found")
    assert list(found["scores"]) == ["dev"] and found["similarity"] == "cosine"
    put_bucc(tmp_path / "data", "test", known=6, gold=False)
    said = xtune(*words, "--output-dir", tmp_path / "more")
    assert said.code == 0 and "in de, fr (test): predicted, not scored" in said.out
    assert results(tmp_path / "more")["scores"]["test"] == {}
    assert (tmp_path / "more" / "predictions" / "bucc2018" / "test-fr.tsv").read_text("utf-8")


def test_sentences_under_several_ids_are_left_out(xtune: Command, tmp_path: Path, tiny_model: TinyModel) -> None:
    put_bucc(tmp_path / "data", "dev", known=6)
    english = tmp_path / "data" / "bucc2018" / "de-en.dev.en"
    put(english, [*english.read_text("utf-8").splitlines(), f"en-10\t{ENGLISH[0]}"])
    words = ("retrieve", tiny_model("xlm-roberta"), "--task", "bucc2018", "--data-dir", tmp_path / "data")
    assert xtune(*words, "--languages", "de", "--output-dir", tmp_path / "found").code == 0
    assert results(tmp_path / "found")["scores"]["dev"]["de"]["recall"] == pytest.approx(500 / 7)


def test_the_pocket_encoder_finds_translations_and_faiss_the_same(xtune: Command, tmp_path: Path) -> None:
    write_benchmark(tmp_path / "pocket", 1, parts=("tatoeba",), sizes=Sizes(retrieval=40))
    words = ("retrieve", "pocket", "--task", "tatoeba", "--data-dir", tmp_path / "pocket")
    said = xtune(*words, "--output-dir", tmp_path / "found")
    assert said.code == 0, said.err
    found = results(tmp_path / "found")
    assert found["scores"]["test"].keys() == set(LANGUAGES) - {"en"} and found["layer"] == 2
    assert found["average"]["test"]["accuracy"] > 35  # by chance 2.5
    assert xtune(*words, "--engine", "faiss", "--batch-size", "7", "--output-dir", tmp_path / "faiss").code == 0
    again = results(tmp_path / "faiss")
    assert again["scores"] == found["scores"] and again["engine"] == "faiss"


def test_a_fine_tuned_model_embeds_with_its_own_states(
    xtune: Command, tmp_path: Path, data: Path, tiny_model: TinyModel
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base = tiny_model("xlm-roberta")
    headed = AutoModelForSequenceClassification.from_pretrained(base)
    headed.save_pretrained(tmp_path / "run" / "model")
    AutoTokenizer.from_pretrained(base).save_pretrained(tmp_path / "run" / "model")
    put(tmp_path / "run" / "config.yaml", ["task: xnli"])
    found = []
    for number, place in enumerate((base, tmp_path / "run", tmp_path / "run" / "model")):
        said = xtune("retrieve", place, "--data-dir", data, "--output-dir", tmp_path / f"found{number}")
        assert said.code == 0, said.err
        found.append(results(tmp_path / f"found{number}")["scores"])
    assert found[0] == found[1] == found[2]  # a new head has changed nothing below it


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--layer", "3"), ("field '--layer'", "no layer 3", "0 (the input embeddings) to 2")),
        (("--languages", "de,xx"), ("field '--languages'", "there is no language 'xx'")),
        (("--languages", "es"), ("field '--languages'", "there are no sentences in 'es'", "known: de, fr")),
        (("--task", "bucc2018"), ("field '--data-dir'", "no file is called XX-en.dev.XX", "bucc2018/")),
        (("--data-dir", ""), ("field '--data-dir'", "name is empty")),
        (("--data-dir", "nowhere"), ("field '--data-dir'", "no such folder")),
        (("--output-dir", ""), ("field '--output-dir'", "name is empty")),
    ],
)
def test_what_cannot_be_is_one_error_and_nothing_is_written(
    xtune: Command, tmp_path: Path, data: Path, tiny_model: TinyModel, words: tuple[str, ...], said: tuple[str, ...]
) -> None:
    out = tmp_path / "found"
    found = xtune("retrieve", tiny_model("bert"), "--data-dir", data, "--output-dir", out, *words)
    assert found.code == 2 and found.err.startswith("error: ") and "remedy: " in found.err
    assert all(part in found.err for part in said), found.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ("config.yaml", "the run has no model yet"),
        ("other.txt", "there is no model in this folder"),
        (None, "there is no folder"),
    ],
)
def test_a_folder_without_a_model_is_one_error(
    xtune: Command, tmp_path: Path, data: Path, make: str | None, said: str
) -> None:
    if make:
        put(tmp_path / "model" / make, ["x"])
    found = xtune("retrieve", tmp_path / "model", "--data-dir", data, "--output-dir", tmp_path / "out")
    assert found.code == 2 and said in found.err and "remedy: " in found.err


def test_a_model_without_its_tokenizer_is_one_error(
    xtune: Command, tmp_path: Path, data: Path, tiny_model: TinyModel
) -> None:
    """Or transformers makes up an empty one, and all sentences of one length are alike."""
    (tmp_path / "model").mkdir()
    for name in ("config.json", "model.safetensors"):
        (tmp_path / "model" / name).write_bytes((tiny_model("xlm-roberta") / name).read_bytes())
    found = xtune("retrieve", tmp_path / "model", "--data-dir", data, "--output-dir", tmp_path / "out")
    assert found.code == 2 and "% of the English sentences" in found.err and "tokenizer.json" in found.err


def test_bucc_of_the_hub_is_another_task(xtune: Command, tmp_path: Path, tiny_model: TinyModel) -> None:
    found = xtune("retrieve", tiny_model("bert"), "--task", "bucc2018", "--output-dir", tmp_path / "out")
    assert found.code == 2 and "the Hub has only the sentences of BUCC that have a translation" in found.err
