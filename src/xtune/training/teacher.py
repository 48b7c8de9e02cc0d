"""The frozen stage-1 model of R2 (paper, section 3.1.2): in evaluation mode, never trained, never saved again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xtune.evaluation.predict import predict_logits
from xtune.schema import Noise
from xtune.tasks.task import Reading
from xtune.training.known import KnownLogits
from xtune.training.rows import StageRows
from xtune.views.correspond import sites
from xtune.views.noise import embedding_noise
from xtune.views.read import site_logits


class Teacher:
    """Answers with the logits of a frozen model.

    It is no `nn.Module`, so that holding it makes it no part of the student: it is neither optimised nor saved.
    """

    def __init__(self, model: Any) -> None:
        self.model = model.eval().requires_grad_(False)

    def logits(
        self, reading: Reading, inputs: Mapping[str, Tensor], places: Tensor, noise: Sequence[Noise | None]
    ) -> Tensor:
        """The logits at some sites of a batch, from the rows that have any, cut to their own longest.

        Args:
            reading: How sites are read.
            inputs: Model inputs, `[rows, positions]`.
            places: The sites to answer for, `[wanted, 1 + width]` (`xtune.views.read.places`).
            noise: The noise of every row of the batch; the teacher gets the same.

        Returns:
            `[wanted, outcomes]`, fp32.
        """
        rows, which = torch.unique(places[:, 0], return_inverse=True)
        chosen = {name: tensor[rows] for name, tensor in inputs.items()}
        used = chosen["attention_mask"].any(0)
        chosen = {name: tensor[:, used] for name, tensor in chosen.items()}
        own = [noise[row] for row in rows.tolist()]
        reads = places[:, 1:]
        if reading.kind == "tagging":  # tokens, which padding on the left that was cut off had moved
            reads = torch.where(reads >= 0, reads - used.int().argmax(), reads)
        with torch.no_grad(), embedding_noise(self.model, own, chosen["attention_mask"]):
            outputs = self.model(**chosen)
            mask = chosen["attention_mask"]
            logits = site_logits(reading, self.model, outputs, mask, torch.cat([which.unsqueeze(1), reads], 1)).float()
        if reading.kind != "span":
            return logits
        whole = logits.new_full((len(logits), len(used)), torch.finfo(logits.dtype).min)
        whole[:, used] = logits
        return whole

    def precompute(self, rows: StageRows, path: Path, batch_size: int = 64) -> KnownLogits | None:
        """The logits of the rows whose view never changes, from a folder once they are computed.

        The folder makes a resumed run see the very numbers that the interrupted one saw.

        Returns:
            What is known; None if all rows change.
        """
        indices = rows.unchanging()
        if not indices:
            return None
        if path.is_dir():
            return KnownLogits(path)
        return KnownLogits.write(path, len(rows), self._answers(rows, indices, batch_size))

    def _answers(
        self, rows: StageRows, indices: Sequence[int], batch_size: int
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        reading = rows.task.reading
        for start in range(0, len(indices), 4096):
            chunk = indices[start : start + 4096]
            sights = [rows.sight(index, epoch=0) for index in chunk]
            views = [(sight.encoded, [site for site in sites(reading, sight) if site]) for sight in sights]
            yield from zip(chunk, predict_logits(self.model, rows.encoder, reading, views, batch_size), strict=True)
