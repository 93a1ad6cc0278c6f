"""Epochs: batches, their parts side by side, one step of Adam each."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from onstage.models.sequence.engine import single_torch
from onstage.models.sequence.live import LiveSets
from onstage.models.sequence.net.adam import Adam
from onstage.models.sequence.net.parameters import ITEMS
from onstage.models.sequence.net.work import Gradient, Network
from onstage.models.sequence.pools import contest
from onstage.models.sequence.windows import Batch, Windows
from onstage.seeds import integer


PARTS = 2
"""Parts of a batch that are computed side by side: always as many, whatever the threads. Fewer and
larger parts spend less time between operations; more than two threads gain nothing."""


class Trainer:
    """Go down the loss of some windows, epoch by epoch."""

    def __init__(self, network: Network, windows: Windows, live: LiveSets) -> None:
        config = network.config
        self.network = network
        self.windows = windows
        self.live = live
        self.adam = Adam(network.parameters, config.learning_rate, config.weight_decay)

    def epoch(self, rng: np.random.Generator, threads: int) -> float:
        """Learn from all windows once, on `threads` threads; returns the mean loss a target."""
        total, targets = 0.0, 0
        with single_torch(), ThreadPoolExecutor(min(threads, PARTS)) as pool:
            for numbers in self.windows.batches(self.network.config.batch, rng):
                batch = self.windows.batch(numbers)
                total += self._step(batch, rng, pool)
                targets += len(batch.targets)
        return total / targets

    def _step(self, batch: Batch, rng: np.random.Generator, pool: ThreadPoolExecutor) -> float:
        size = -(-len(batch) // PARTS)
        parts = [batch.take(slice(at, at + size)) for at in range(0, len(batch), size)]
        seeds = [integer(rng) for _ in parts]
        found = list(pool.map(self._part, parts, seeds))
        self._down(found)
        return sum(one.loss for one in found)

    def _part(self, batch: Batch, seed: int) -> Gradient:
        rng = np.random.Generator(np.random.SFC64(seed))
        rivals = contest(self.network.config, batch, self.live, rng)
        return self.network.gradient(batch, rivals, rng)

    def _down(self, found: list[Gradient]) -> None:
        summed, lazy = {}, {}
        for name in self.network.parameters:
            parts = [one.by_name[name] for one in found]
            if name == ITEMS and found[0].rows is not None:
                summed[name], lazy[name] = _merged(found)
            elif any(part is not None for part in parts):
                summed[name] = sum(part for part in parts if part is not None)
        self.adam.step(summed, lazy)


def _merged(found: Iterable[Gradient]) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of item rows, added up row by row, and the rows."""
    every = torch.cat([one.rows for one in found if one.rows is not None])
    rows, place = torch.unique(every, return_inverse=True)
    parts = torch.cat([one.by_name[ITEMS] for one in found if one.by_name[ITEMS] is not None])
    summed = torch.zeros(len(rows), parts.shape[1], device=parts.device)
    return summed.index_add_(0, place.to(parts.device), parts), rows
