"""Dropout from a numpy generator: the same bits on every device and number of threads."""

import numpy as np
import torch
from torch import Tensor


class Noise:
    """Dropout masks; none without a generator.

    Parameters
    ----------
    rng
        None outside training.
    rate
        Share dropped, rounded to 1/256: eight masks come from one draw.
    """

    def __init__(self, rng: np.random.Generator | None, rate: float) -> None:
        self.rng = rng
        self.level = round(rate * 256)

    def mask(
        self, shape: tuple[int, ...], device: torch.device, calm: int | None = None
    ) -> Tensor | None:
        """0 or ``1 / (1 - rate)``, float32; None where nothing is dropped.

        Parameters
        ----------
        calm
            Axis along which the first place is left as it is.
        """
        if self.rng is None or self.level == 0:
            return None
        n = int(np.prod(shape))
        words = self.rng.integers(0, 1 << 64, size=-(-n // 8), dtype=np.uint64)
        drawn = torch.from_numpy(words.view(np.uint8)[:n].reshape(shape)).to(device)
        mask = (drawn >= self.level).to(torch.float32).mul_(256 / (256 - self.level))
        if calm is not None:
            mask.select(calm, 0).fill_(1.0)
        return mask

    def __call__(self, values: Tensor, calm: int | None = None) -> Tensor:
        """Drop some of `values`, and scale up the others."""
        mask = self.mask(tuple(values.shape), values.device, calm)
        return values if mask is None else values * mask
