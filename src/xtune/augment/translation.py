"""Machine translation from translation files (paper, section 3.2.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xtune.data.store import ExampleTable, TranslationTable
from xtune.schema import View


@dataclass(frozen=True)
class Translate:
    """Exchange an example for its translation into a random language.

    A source text goes to a random language. A translation goes to a random language, and where that is its own, back
    to the source: so R1 pairs en-l and l-l', as in the published code. An example without translation stays.

    Args:
        translations: Translations by the example's id.
        sources: The source examples, to go back to.
        languages: Languages to draw from; None: all that the example has.
    """

    translations: TranslationTable
    sources: ExampleTable
    languages: tuple[str, ...] | None = None

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """Segmentation and noise belong to the text that is given up, and go with it."""
        example = view.example
        available = [
            language for language in self.translations.of(example.id) if language in (self.languages or (language,))
        ]
        if not available:
            return view
        language = available[int(rng.integers(len(available)))]
        back = language == example.language
        new = self.sources.find(example.id) if back else self.translations.get(example.id, language)
        return view if new is None else View(new)


@dataclass(frozen=True)
class TranslateTo:
    """Exchange an example for its translation into one language; an example without it stays.

    The copies of D that translate-train-all concatenates (paper, section 4.1) are one of these a language.
    """

    translations: TranslationTable
    language: str

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """Segmentation and noise belong to the text that is given up, and go with it."""
        new = self.translations.get(view.example.id, self.language)
        return view if new is None else View(new)
