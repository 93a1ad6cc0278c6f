"""One part of a batch: its loss and gradients."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from onstage.models.sequence.config import LiverecConfig, SequenceConfig
from onstage.models.sequence.net.context import contextual
from onstage.models.sequence.net.encoder import encode
from onstage.models.sequence.net.losses import binary, softmax
from onstage.models.sequence.net.noise import Noise
from onstage.models.sequence.net.parameters import ITEMS, Parameters
from onstage.models.sequence.net.scores import Pool, plain
from onstage.models.sequence.pools import Contest
from onstage.models.sequence.repeats import Repeats
from onstage.models.sequence.windows import Batch
from onstage.types import Positions


@dataclass(frozen=True)
class Gradient:
    """What a part of a batch pulls at.

    Attributes
    ----------
    loss
        Sum over the targets.
    by_name
        Gradients; None where a parameter played no part.
    rows
        Rows of the item table that the gradient of ``items`` is of; None: all.
    """

    loss: float
    by_name: dict[str, Tensor | None]
    rows: Tensor | None


class Network:
    """Parameters and how they score.

    Parameters
    ----------
    largest
        Size of the largest live set.
    """

    def __init__(
        self, config: SequenceConfig, parameters: Parameters, repeats: Repeats, largest: int
    ) -> None:
        self.config = config
        self.parameters = parameters
        self.repeats = repeats
        self.largest = largest
        self.device = parameters[ITEMS].device

    def gradient(self, batch: Batch, rivals: Contest, rng: np.random.Generator) -> Gradient:
        """Loss of a part of a batch, with dropout from `rng`, and its gradients."""
        p = dict(self.parameters)
        tokens, candidates, rows = batch.tokens, rivals.tokens, None
        if self.config.lazy:
            rows, tokens, candidates = _local(batch.tokens, rivals.tokens)
            p[ITEMS] = self.parameters[ITEMS].detach()[rows].requires_grad_()
        noise = Noise(rng, self.config.dropout)
        states = self._states(p, batch, tokens, noise)
        pool = self._pool(batch, rivals.tokens, candidates)
        scores, there = self._scores(p, states, pool, rivals, noise)
        loss = (binary if self.config.loss == "bce" else softmax)(scores, there)
        found = torch.autograd.grad(loss, list(p.values()), allow_unused=True)
        return Gradient(float(loss.detach()), dict(zip(p, found, strict=True)), rows)

    def _states(self, p: Parameters, batch: Batch, tokens: Positions, noise: Noise) -> Tensor:
        local = self._tensor(tokens)
        vectors = functional.embedding(local, p[ITEMS])
        states = encode(p, self.config, vectors, self._tensor(batch.tokens) > 0, noise)
        return states[self._tensor(batch.line), self._tensor(batch.column)]

    def _scores(
        self, p: Parameters, states: Tensor, pool: Pool, rivals: Contest, noise: Noise
    ) -> tuple[Tensor, Tensor]:
        there = pool.items > 0
        if not isinstance(self.config, LiverecConfig):
            return plain(p, p[ITEMS], states, pool), there
        queries = None if rivals.queries is None else self._tensor(rivals.queries)
        there = there if queries is None else queries >= 0
        scores = contextual(
            p, self.config, p[ITEMS], states, pool, queries, noise=noise, largest=self.largest
        )
        return scores, there

    def _pool(self, batch: Batch, tokens: Positions, rows: Positions) -> Pool:
        config = self.config
        intervals = counts = None
        if config.interval != "none" or config.counts:
            interval, count = self.repeats.of(batch, tokens)
            intervals = self._tensor(interval) if config.interval != "none" else None
            counts = self._tensor(count) if config.counts else None
        return Pool(self._tensor(rows), intervals, counts)

    def scores(self, batch: Batch, tokens: Positions) -> NDArray[np.float32]:
        """Scores of candidates (n_targets, m) without dropout; nobody scores ``-inf``."""
        quiet = Noise(None, 0.0)
        with torch.no_grad():
            states = self._states(self.parameters, batch, batch.tokens, quiet)
            pool = self._pool(batch, tokens, tokens)
            rivals = Contest(tokens, None)
            scores, there = self._scores(self.parameters, states, pool, rivals, quiet)
            hidden = scores.masked_fill(~there, -torch.inf)
        return np.asarray(hidden.cpu().numpy(), dtype=np.float32)

    def _tensor(self, values: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)


def _local(tokens: Positions, candidates: Positions) -> tuple[Tensor, Positions, Positions]:
    """Item rows in play (0 the first), and both arrays as places among them."""
    both = np.concatenate([[0], tokens.ravel(), candidates.ravel()])
    rows, place = np.unique(both, return_inverse=True)
    split = 1 + tokens.size
    return (
        torch.from_numpy(rows),
        place[1:split].reshape(tokens.shape),
        place[split:].reshape(candidates.shape),
    )
