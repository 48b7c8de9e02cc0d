"""BPE-dropout (Provilkov, Emelianenko and Voita 2020, https://aclanthology.org/2020.acl-main.170, algorithm 1).

At each step every merge that could be made (a pair of neighbours at its place) is dropped with probability p, anew
each time; of those that remain the one with the highest priority, then the leftmost, is made; when none remains the
pre-token is cut. So a step picks candidate k in that order with probability p^k · (1 - p), which takes one uniform.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from xtune.augment.pretokens import Cut, Fixed, PreToken
from xtune.schema import Piece

Symbol = tuple[str, int, int]
"""A token and the characters `[start, end)` of the pre-token that it covers."""

REMEMBERED_STATES = 256
"""So many ways to be partly merged are kept for one pre-token; a word visits a few dozen at the usual dropout."""


class Bpe:
    """A BPE vocabulary with its merges.

    Where the tokenizer has `ignore_merges`, a pre-token that is itself a piece is one without any merge; here that
    shortcut is one more candidate, tried first and dropped with probability p like the others.

    Args:
        config: The model of a `tokenizer.json`.
        dropout: p.

    >>> merges = {"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}
    >>> cut = Bpe(merges, dropout=0.5).cut(PreToken("ab", ((0, 1), (1, 2))))
    >>> [piece.token for piece in cut.sample([0.5])], [piece.token for piece in cut.sample([0.49])]
    (['ab'], ['a', 'b'])
    """

    def __init__(self, config: Mapping[str, Any], dropout: float) -> None:
        self.vocab = frozenset(config["vocab"])
        pairs = (pair.split(" ") if isinstance(pair, str) else pair for pair in config["merges"])
        self.ranks = {(left, right): rank for rank, (left, right) in enumerate(pairs)}
        self.prefix = config.get("continuing_subword_prefix") or ""
        self.suffix = config.get("end_of_word_suffix") or ""
        self.unknown: str | None = config.get("unk_token")
        self.fuse_unknown = bool(config.get("fuse_unk"))
        self.byte_fallback = bool(config.get("byte_fallback"))
        self.ignore_merges = bool(config.get("ignore_merges"))
        self.dropout = dropout

    def cut(self, pretoken: PreToken) -> Cut:
        """The merges of a pre-token."""
        symbols = self._symbols(pretoken.text)
        best = self._merge_all(symbols)
        whole = self.ignore_merges and pretoken.text in self.vocab
        if whole:
            best = [(pretoken.text, 0, len(pretoken.text))]
        pieces = _pieces(pretoken, best)
        if self.dropout == 0 or not (whole or self.candidates(symbols)):
            return Fixed(pieces)
        return Merges(self, pretoken, tuple(symbols), pieces, whole)

    def _symbols(self, text: str) -> list[Symbol]:
        """Where merging starts: characters, bytes of unknown characters, or the unknown token."""
        symbols: list[Symbol] = []
        unknown_before = False
        for at, char in enumerate(text):
            token = (self.prefix if at else "") + char + (self.suffix if at == len(text) - 1 else "")
            codes = [f"<0x{byte:02X}>" for byte in token.encode()] if self.byte_fallback else []
            known = token in self.vocab
            spelt = not known and bool(codes) and self.vocab.issuperset(codes)
            if known:
                symbols.append((token, at, at + 1))
            elif spelt:
                symbols += [(code, at, at + 1) for code in codes]
            elif self.unknown is not None and unknown_before and self.fuse_unknown:
                symbols[-1] = (self.unknown, symbols[-1][1], at + 1)
            elif self.unknown is not None:
                symbols.append((self.unknown, at, at + 1))
            unknown_before = not (known or spelt)
        return symbols

    def merged(self, left: Symbol, right: Symbol) -> Symbol:
        """Two neighbours as one."""
        return left[0] + right[0][len(self.prefix) :], left[1], right[2]

    def candidates(self, symbols: Sequence[Symbol]) -> list[tuple[int, int]]:
        """The merges that could be made, as (rank, place), the first to be made first."""
        ranks = self.ranks
        pairs = ((ranks.get((left[0], right[0])), at) for at, (left, right) in enumerate(pairwise(symbols)))
        return sorted((rank, at) for rank, at in pairs if rank is not None)

    def _merge_all(self, symbols: Sequence[Symbol]) -> list[Symbol]:
        """Plain BPE, in a time that is no trouble for a paragraph without spaces."""
        parts: list[Symbol | None] = list(symbols)
        after = [*range(1, len(parts)), -1]
        before = list(range(-1, len(parts) - 1))
        queue = self.candidates(symbols)  # sorted, hence a heap
        while queue:
            rank, at = heapq.heappop(queue)
            left, right = parts[at], parts[after[at]]
            if left is None or right is None or after[at] < 0 or self.ranks.get((left[0], right[0])) != rank:
                continue  # one of the two has been merged with something else since
            parts[at], parts[after[at]] = self.merged(left, right), None
            after[at] = after[after[at]]
            if after[at] >= 0:
                before[after[at]] = at
            for first, second in ((before[at], at), (at, after[at])):
                if first >= 0 and second >= 0:
                    one, two = parts[first], parts[second]
                    new = self.ranks.get((one[0], two[0])) if one and two else None
                    if new is not None:
                        heapq.heappush(queue, (new, first))
        return [part for part in parts if part is not None]


class _State:
    """A pre-token partly merged: what could be merged next, and what each of these merges leads to."""

    __slots__ = ("candidates", "following", "pieces", "symbols")

    def __init__(self, symbols: tuple[Symbol, ...], candidates: list[tuple[int, int]]) -> None:
        self.symbols, self.candidates = symbols, candidates
        self.following: list[_State | None] = [None] * len(candidates)
        self.pieces: Sequence[Piece] | None = None


class Merges:
    """All that BPE-dropout can make of a pre-token, remembered as far as it has been seen."""

    __slots__ = ("_model", "_pretoken", "_start", "_states", "_symbols", "_whole", "best", "draws")

    def __init__(
        self, model: Bpe, pretoken: PreToken, symbols: tuple[Symbol, ...], best: Sequence[Piece], whole: bool
    ) -> None:
        self._model, self._pretoken, self._symbols, self._whole = model, pretoken, symbols, whole
        self._states: dict[tuple[Symbol, ...], _State] = {}
        self._start: _State | None = None
        self.best, self.draws = best, len(symbols)

    def sample(self, uniforms: Sequence[float]) -> Sequence[Piece]:
        """Merge, one uniform a step."""
        dropout = self._model.dropout
        if self._whole and uniforms[-1] >= dropout:
            return self.best
        state = self._start
        if state is None:
            state = self._start = self._state(self._symbols)
        for uniform in uniforms:
            which, limit, count = 0, dropout, len(state.candidates)
            while which < count and uniform < limit:  # dropped
                which += 1
                limit *= dropout
            if which == count:
                break
            state = state.following[which] or self._follow(state, which)
        if state.pieces is None:
            state.pieces = _pieces(self._pretoken, state.symbols)
        return state.pieces

    def _follow(self, state: _State, which: int) -> _State:
        symbols, at = state.symbols, state.candidates[which][1]
        merged = self._model.merged(symbols[at], symbols[at + 1])
        following = self._state((*symbols[:at], merged, *symbols[at + 2 :]))
        if len(self._states) < REMEMBERED_STATES:
            state.following[which] = following
        return following

    def _state(self, symbols: tuple[Symbol, ...]) -> _State:
        state = self._states.get(symbols)
        if state is None:
            state = _State(symbols, self._model.candidates(symbols))
            if len(self._states) < REMEMBERED_STATES:
                self._states[symbols] = state
        return state


def _pieces(pretoken: PreToken, symbols: Sequence[Symbol]) -> tuple[Piece, ...]:
    return tuple(pretoken.piece(*symbol) for symbol in symbols)
