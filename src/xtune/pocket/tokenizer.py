"""The pocket tokenizer: XLM-R's, with a Unigram vocabulary of whole words and of the parts that words share.

Unigram training on so few words would shatter them. So the vocabulary is counted instead: every word that is frequent
enough is a piece with its log-probability as score; parts of words are pieces too, and score so low that they are only
used for words that are no pieces, and by subword sampling.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from transformers import PreTrainedTokenizerFast

from xtune.pocket.words import Sentence, is_spaced, offsets

MAX_LENGTH = 128
"""Longest input in pieces, special tokens included."""

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
MASK = "<mask>"
MARK = "▁"
WORDS = 6600
PARTS = 200
LONGEST = 8
_MIN_COUNT = 5  # of a word; what is rarer is cut into parts
_MIN_TYPES = 3  # words that share a part
_EVEN = 0.25  # how much the frequency of a word counts: so little that rare words are not alone in having other cuts
_WHOLE = 4.0  # how much less a word scores than that
_FLAT = 1.5  # how much less a single character scores than the best part
_STEP = 0.25
_WORD = re.compile(r"[^\W\d_]+")


def pieces_of(sentences: Iterable[Sentence]) -> list[str]:
    """The words and marks of a text as pieces: with the word-start mark where a blank stands before.

    Args:
        sentences: Of one text; where the language has no blanks, the text alone has a mark, as a piece of its own.
    """
    pieces: list[str] = []
    for sentence in sentences:
        spaced = is_spaced(sentence.language)
        pieces += [] if spaced or pieces else [MARK]
        end = -1
        for word, (start, stop) in zip(sentence.words, offsets(sentence.words, sentence.language), strict=True):
            pieces.append(MARK * (spaced and start > end) + word.text)
            end = stop
    return pieces


def make_tokenizer(
    counts: Mapping[str, Mapping[str, int]], words: int = WORDS, parts: int = PARTS
) -> PreTrainedTokenizerFast:
    """The tokenizer of a text.

    Args:
        counts: How often each piece of `pieces_of` occurs, by language.
        words: How many words are pieces at most.
        parts: How many parts of each language's words are pieces at most, single characters not counted.
    """
    together = sum(map(Counter, counts.values()), Counter[str]())
    frequent = [piece for piece, number in together.items() if number >= _MIN_COUNT]
    frequent.sort(key=lambda piece: (-together[piece], piece))
    logarithm = math.log(together.total())
    whole = {piece: _EVEN * (math.log(together[piece]) - logarithm) - _WHOLE for piece in frequent[:words]}
    below = dict.fromkeys(sorted({MARK, *chain.from_iterable(together)}), -_FLAT)
    for language in counts.values():
        for part, score in _shared_parts(language, parts).items():
            below[part] = max(score, below.get(part, score))
    best = min(whole.values()) / 2
    while True:  # until no word is better as parts, or as a shorter word and parts
        scores = {**{part: best + score for part, score in below.items()}, **whole}
        model = Unigram([("<unk>", 0.0), *scores.items()], unk_id=0)
        if all(len(model.tokenize(piece)) == 1 for piece in whole):
            return _wrap(scores)
        best -= _STEP


def _wrap(scores: Mapping[str, float]) -> PreTrainedTokenizerFast:
    """A tokenizer of transformers that normalizes, cuts and adds special tokens as XLM-R's does."""
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    vocabulary = [*((token, 0.0) for token in SPECIAL), *ranked, (MASK, 0.0)]
    backend = Tokenizer(Unigram(vocabulary, unk_id=SPECIAL.index("<unk>")))
    backend.normalizer = normalizers.NFKC()
    cuts = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(MARK, prepend_scheme="always")]
    backend.pre_tokenizer = pre_tokenizers.Sequence(cuts)
    backend.decoder = decoders.Metaspace(MARK, prepend_scheme="always")
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(token, SPECIAL.index(token)) for token in ("<s>", "</s>")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token=AddedToken(MASK, lstrip=True, special=True),
        model_max_length=MAX_LENGTH,
    )


def _shared_parts(counts: Mapping[str, int], number: int) -> dict[str, float]:
    """Parts that words share, those that spare most pieces, with scores of at most 0: the more words the better."""
    types: Counter[str] = Counter()
    for piece in counts:
        word = piece.removeprefix(MARK)
        if not _WORD.fullmatch(word):
            continue
        marked = piece if piece.startswith(MARK) else word
        spans = {marked[i:j] for i in range(len(marked)) for j in range(i + 1, min(i + LONGEST, len(marked)) + 1)}
        types.update(spans - {piece, MARK})
    ranked = sorted(
        (part for part, n in types.items() if n >= _MIN_TYPES and len(part.removeprefix(MARK)) > 1),
        key=lambda part: (-types[part] * (len(part.removeprefix(MARK)) - 1), part),
    )
    chosen: list[str] = []
    for part in ranked:
        if len(chosen) == number:
            break
        if not any(part in other and types[part] < 1.5 * types[other] for other in chosen):
            chosen.append(part)
    most = max([2, *(types[part] for part in chosen)])
    return {part: _FLAT * (math.log(types[part] / most) / math.log(most)) for part in chosen}
