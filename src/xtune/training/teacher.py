"""The frozen stage-1 model of R2 (paper, section 3.1.2): in evaluation mode, never trained, never saved again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xtune.atomic import replacing
from xtune.evaluation.predict import predict_logits
from xtune.schema import Noise
from xtune.training.rows import StageRows
from xtune.views.noise import embedding_noise


class Teacher:
    """Answers with the logits of a frozen model.

    It is no `nn.Module`, so that holding it makes it no part of the student: it is neither optimised nor saved.
    """

    def __init__(self, model: Any) -> None:
        self.model = model.eval().requires_grad_(False)

    def logits(self, inputs: Mapping[str, Tensor], rows: Tensor, noise: Sequence[Noise | None]) -> Tensor:
        """The logits on some rows of a batch, cut to their own longest.

        Args:
            inputs: Model inputs, `[rows, positions]`.
            rows: Indices of the rows to answer for: `[wanted]`.
            noise: The noise of every row of the batch; the teacher gets the same.

        Returns:
            `[wanted, outcomes]`, fp32.
        """
        chosen = {name: tensor[rows] for name, tensor in inputs.items()}
        used = chosen["attention_mask"].any(0)
        chosen = {name: tensor[:, used] for name, tensor in chosen.items()}
        own = [noise[row] for row in rows.tolist()]
        with torch.no_grad(), embedding_noise(self.model, own, chosen["attention_mask"]):
            logits: Tensor = self.model(**chosen).logits.float()
        return logits

    def precompute(self, rows: StageRows, path: Path, batch_size: int = 64) -> NDArray[np.float32] | None:
        """The logits of the rows whose view never changes, from a file once they are computed.

        The file makes a resumed run see the very numbers that the interrupted one saw.

        Returns:
            `[rows, outcomes]`, memory-mapped, NaN for rows that change; None if all do.
        """
        indices = rows.unchanging()
        if not indices:
            return None
        if not path.is_file():
            outcomes = len(rows.task.labels)
            with replacing(path) as temporary:
                table = np.lib.format.open_memmap(temporary, "w+", np.float32, (len(rows), outcomes))
                table[:] = np.nan
                for start in range(0, len(indices), 4096):
                    chunk = indices[start : start + 4096]
                    views = [rows.encoder(rows.view(index, epoch=0)) for index in chunk]
                    table[chunk] = predict_logits(self.model, rows.encoder, views, batch_size)
                table.flush()
        known: NDArray[np.float32] = np.load(path, mmap_mode="r")
        return known
