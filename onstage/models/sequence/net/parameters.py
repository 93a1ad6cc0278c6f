"""What a network learns, by name, and how it starts."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onstage.models.sequence.config import (
    LiverecConfig,
    LstmConfig,
    SasrecConfig,
    SequenceConfig,
)
from onstage.models.sequence.repeats import BUCKETS, COUNTS


Parameters = dict[str, Tensor]
"""Name to tensor."""

ITEMS = "items"
PINNED = (ITEMS, "intervals", "counts")
"""Tables whose row 0 means nothing, and stays 0."""


def initial(
    config: SequenceConfig, n_items: int, rng: np.random.Generator
) -> dict[str, NDArray[np.float32]]:
    """Starting values, drawn by numpy so that they are the same everywhere."""
    d = config.dimensions
    start = _Start(rng)
    start.table(ITEMS, n_items + 1, d, config.spread)
    if config.interval != "none":
        start.table("intervals", BUCKETS, d, config.spread)
    if config.counts:
        start.table("counts", COUNTS, d, config.spread)
    if isinstance(config, LstmConfig):
        start.recurrent(d)
    if isinstance(config, SasrecConfig | LiverecConfig):
        start.table("positions", config.window, d, 1.0, pinned=False)
        start.stack("encoder", config.blocks, d)
    if isinstance(config, LiverecConfig):
        start.stack("context", config.context_blocks, d)
    return start.made


class _Start:
    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.made: dict[str, NDArray[np.float32]] = {}

    def table(self, name: str, rows: int, d: int, spread: float, *, pinned: bool = True) -> None:
        values = self.rng.standard_normal((rows, d), dtype=np.float32) * np.float32(spread)
        if pinned:
            values[0] = 0
        self.made[name] = values

    def uniform(self, name: str, shape: tuple[int, ...], bound: float) -> None:
        drawn = self.rng.random(shape, dtype=np.float32)
        self.made[name] = (2 * drawn - 1) * np.float32(bound)

    def norm(self, name: str, d: int) -> None:
        self.made[f"{name}.weight"] = np.ones(d, dtype=np.float32)
        self.made[f"{name}.bias"] = np.zeros(d, dtype=np.float32)

    def recurrent(self, d: int) -> None:
        """As PyTorch starts its LSTM."""
        bound = 1 / math.sqrt(d)
        for part in ("ih", "hh"):
            self.uniform(f"lstm.weight_{part}", (4 * d, d), bound)
            self.uniform(f"lstm.bias_{part}", (4 * d,), bound)
        self.uniform("lstm.output", (d, d), bound)

    def stack(self, name: str, blocks: int, d: int) -> None:
        for number in range(blocks):
            self.block(f"{name}.{number}", d)
        self.norm(f"{name}.norm", d)

    def block(self, name: str, d: int) -> None:
        """As PyTorch starts its MultiheadAttention and its convolutions of width 1."""
        self.norm(f"{name}.before", d)
        self.norm(f"{name}.after", d)
        for part in ("query", "key", "value"):
            self.uniform(f"{name}.{part}.weight", (d, d), math.sqrt(6 / (4 * d)))
            self.made[f"{name}.{part}.bias"] = np.zeros(d, dtype=np.float32)
        self.uniform(f"{name}.out.weight", (d, d), 1 / math.sqrt(d))
        self.made[f"{name}.out.bias"] = np.zeros(d, dtype=np.float32)
        for part in ("inner", "outer"):
            self.uniform(f"{name}.{part}.weight", (d, d), 1 / math.sqrt(d))
            self.uniform(f"{name}.{part}.bias", (d,), 1 / math.sqrt(d))


def tensors(arrays: dict[str, NDArray[np.float32]], device: str) -> Parameters:
    """The arrays on a device, to be learned."""
    return {
        name: torch.tensor(values, device=device, requires_grad=True)
        for name, values in arrays.items()
    }


def arrays(parameters: Parameters) -> dict[str, NDArray[np.float32]]:
    """Copies as numpy arrays."""
    return {name: one.detach().cpu().numpy().copy() for name, one in parameters.items()}
