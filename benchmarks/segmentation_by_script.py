"""What subword sampling does to text of each script: what it samples, what it leaves for R1, whether offsets hold.

    python benchmarks/segmentation_by_script.py --text zh.txt th.txt … [--model DIR] [--ratio 0.3] [--output FILE.json]

Each file holds one text a line, in one language. Without `--model` all files together make a Unigram tokenizer in the
manner of XLM-R. Prints a table with a row a file:

- `units`: words, or in words of unspaced script the stretches that are sampled in their place, and their mean length in
  characters; `sampled`: how many of them come out otherwise than the tokenizer has them, in percent;
- `kept`: the positions that have a counterpart in the clean view, which R1 of span extraction compares, in percent;
- `marked`: characters that are joined to the one before (accents, vowel signs, Arabic points);
- `wrong`: pieces of sampled words whose text is not what the tokenizer's own normalizer makes of their characters, and
  gaps or overlaps between pieces, but for a bare word-start mark, which has no characters of its own. It is to be 0.

Below it one text of each file, cut by the tokenizer and by sampling.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import regex
from common import conditions, finish, parser_of, show
from material import save_random_encoder
from transformers.utils import logging

from xtune.augment.compose import generator_for
from xtune.augment.segmentation import SubwordSampler, SubwordSampling, is_unspaced, sampler_for, stretches
from xtune.runs.models import load_encoder
from xtune.schema import WORD_START_MARKS, Example, Piece, Text, View
from xtune.views.correspond import Sight, same_positions
from xtune.views.encode import Encoder
from xtune.views.windows import Window

MARK = regex.compile(r"\p{M}")


def units(sampler: SubwordSampler, text: Text) -> list[str]:
    """The words of a text, or the stretches in their place."""
    found = []
    for index in range(len(text.words)):
        word = text.word(index)
        own = sampler.viterbi(word, sampler.is_initial(text, index))
        if is_unspaced(word):
            found += [word[own[a].start : own[b - 1].end] for a, b in stretches(word, own)]
        else:
            found.append(word)
    return found


def changed(sampler: SubwordSampler, text: Text, index: int, pieces: Sequence[Piece]) -> int:
    """How many units of a segmented word are cut otherwise than the tokenizer does."""
    word = text.word(index)
    own = sampler.viterbi(word, sampler.is_initial(text, index))
    if not is_unspaced(word):
        return 1
    return sum(
        [piece for piece in pieces if own[a].start <= piece.start < own[b - 1].end] != list(own[a:b])
        for a, b in stretches(word, own)
    )


def wrong(normalize: Any, word: str, pieces: Sequence[Piece]) -> Iterator[str]:
    """Pieces that are not what their characters say."""
    pieces = [piece for piece in pieces if piece.token not in WORD_START_MARKS]
    for before, after in pairwise(pieces):
        if before.end != after.start:
            yield f"{before} {after}"
    if pieces[0].start != 0 or pieces[-1].end != len(word):
        yield word
    for piece in pieces:
        bare = piece.token.lstrip("".join(WORD_START_MARKS))
        if bare != normalize(word[piece.start : piece.end]).strip() and piece.token != "<unk>":
            yield f"{piece}: {word[piece.start : piece.end]}"


def kept(encoder: Encoder, clean: View, sampled: View) -> tuple[int, int]:
    """Positions of a clean view with a counterpart in a sampled one, and all; of special tokens none counts."""
    length = len(clean.example.texts[0].text)
    window = Window(0, length, (0, length))
    sights = [Sight(view, encoder(view, (0, length)), window) for view in (clean, sampled)]
    inside = sum(which == 0 for which in sights[0].encoded.texts)
    return len(same_positions(*sights)) - 1, inside


def measure(texts: Sequence[str], encoder: Encoder, ratio: float) -> dict[str, Any]:
    """The figures of one file, and one of its texts."""
    sampler = sampler_for(encoder.tokenizer)
    sampling = SubwordSampling(sampler, ratio)
    normalizer = encoder.tokenizer.backend_tokenizer.normalizer
    normalize = normalizer.normalize_str if normalizer else str
    made: dict[str, Any] = {"texts": len(texts), "words": 0, "marked": 0, "wrong": [], "shown": None}
    count, characters, other, same, positions = 0, 0, 0, 0, 0
    for number, line in enumerate(texts):
        example = Example(str(number), "en", (Text.from_string(line),), None)
        text, clean = example.texts[0], View(example)
        view = sampling(clean, generator_for(1, "stage1", 0, example.id, "partner"))
        parts = units(sampler, text)
        count, characters = count + len(parts), characters + sum(map(len, parts))
        made["words"] += len(text.words)
        made["marked"] += len(MARK.findall(line))
        for (_, index), pieces in view.segmentation.items():
            made["wrong"] += wrong(normalize, text.word(index), pieces)
            other += changed(sampler, text, index, pieces)
        own, all_of_them = kept(encoder, clean, view)
        same, positions = same + own, positions + all_of_them
        if made["shown"] is None and 20 <= len(line) <= 60 and view.segmentation:
            tokens = [encoder.tokenizer.convert_ids_to_tokens(encoder(each).ids[1:-1]) for each in (clean, view)]
            made["shown"] = [line, *(" ".join(each) for each in tokens)]
    return {
        **made,
        "units": count,
        "characters": characters / max(count, 1),
        "sampled": 100 * other / max(count, 1),
        "kept": 100 * same / max(positions, 1),
    }


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--text", type=Path, nargs="+", required=True, help="files of one text a line, one a language")
    parser.add_argument("--texts", type=int, default=500, help="at most so many of each file")
    parser.add_argument("--ratio", type=float, default=0.3)
    parser.add_argument("--vocabulary", type=int, default=30_000, help="pieces of the tokenizer that is made")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    before, results = conditions(), {}
    files = {file.stem: file.read_text(encoding="utf-8").split("\n") for file in options.text}
    with tempfile.TemporaryDirectory() as scratch:
        everything = [line for lines in files.values() for line in lines]
        model = options.model or save_random_encoder(Path(scratch), everything, vocabulary=options.vocabulary)
        encoder = load_encoder(model, options.max_length)
        for name, lines in files.items():
            texts = [line for line in lines if line.strip()][: options.texts]
            results[name] = measure(texts, encoder, options.ratio)
    header = ["", "texts", "words", "units", "characters", "sampled", "kept", "marked", "wrong"]
    rows = [
        [name, found["texts"], found["words"], found["units"], f"{found['characters']:.1f}"]
        + [f"{found['sampled']:.1f}", f"{found['kept']:.1f}", found["marked"], len(found["wrong"])]
        for name, found in results.items()
    ]
    show(f"subword sampling, ratio {options.ratio:g}", header, rows)
    for name, found in results.items():
        print(f"\n{name}", *(found["shown"] or ["nothing was sampled"]), *found["wrong"][:3], sep="\n  ")
    finish("segmentation_by_script", options, before, results)


if __name__ == "__main__":
    main()
