"""Dropout from a numpy generator: the same bits on every device and number of threads."""

import numpy as np
import torch
from torch import Tensor


LEVELS = 256
POOL = 1 << 19
"""Draws of a part of a batch; a mask is a stretch of them that starts at random."""


class Noise:
    """Dropout masks; none without a generator.

    A mask is a stretch of a pool of random bits that is drawn anew for each part of a batch: to
    draw each mask by itself would take as long as the arithmetic between them.

    Parameters
    ----------
    rng
        None outside training.
    rate
        Share dropped, rounded to 1/256.
    """

    def __init__(self, rng: np.random.Generator | None, rate: float) -> None:
        self.rng = rng
        self.level = 0 if rng is None else min(round(rate * LEVELS), LEVELS - 1)
        self._pool: Tensor | None = None

    @property
    def scale(self) -> float:
        """What makes up for what is dropped."""
        return LEVELS / (LEVELS - self.level)

    def keep(
        self, shape: tuple[int, ...], device: torch.device, calm: int | None = None
    ) -> Tensor | None:
        """1 for what stays, 0 for what is dropped, float32; None where nothing is dropped.

        Parameters
        ----------
        calm
            Axis along which the first place is as it would be without dropout: neither dropped nor,
            after :attr:`scale`, larger. It stands for many, whose mean that is.
        """
        if self.rng is None or self.level == 0:
            return None
        n = int(np.prod(shape))
        if self._pool is None or n > len(self._pool) * 3 // 4:
            words = self.rng.integers(0, 1 << 64, size=-(-max(POOL, 3 * n) // 8), dtype=np.uint64)
            drawn = torch.from_numpy(words.view(np.uint8)).to(device)
            self._pool = (drawn >= self.level).to(torch.float32)
        low = int(self.rng.integers(len(self._pool) - n))
        mask = self._pool[low : low + n].view(shape)
        if calm is not None:
            mask = mask.clone()
            mask.select(calm, 0).fill_(1 / self.scale)
        return mask

    def __call__(self, values: Tensor) -> Tensor:
        """Drop some of `values`, and scale up the others."""
        mask = self.keep(tuple(values.shape), values.device)
        return values if mask is None else values * mask * self.scale
