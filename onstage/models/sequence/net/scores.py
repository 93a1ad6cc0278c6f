"""Scores of candidates before they see each other."""

from dataclasses import dataclass

import torch
from torch import Tensor

from onstage.models.sequence.net.parameters import Parameters


DENSE = 32
"""A catalogue of up to so many times the candidates is scored as a whole, by one product."""


@dataclass(frozen=True)
class Pool:
    """Candidates of some states.

    Attributes
    ----------
    items : Tensor of int64, shape (n, m)
        Rows of the table of item vectors; 0 is nobody.
    intervals, counts : Tensor of int64, shape (n, m)
        Buckets; None where the model does not use them.
    """

    items: Tensor
    intervals: Tensor | None
    counts: Tensor | None

    def gather(self, places: Tensor) -> "Pool":
        """The candidates at `places`, shape (n, any)."""
        return Pool(
            self.items.gather(1, places),
            None if self.intervals is None else self.intervals.gather(1, places),
            None if self.counts is None else self.counts.gather(1, places),
        )


def plain(p: Parameters, table: Tensor, states: Tensor, pool: Pool) -> Tensor:
    r""":math:`\langle f, E_i + R_{b(i)} + C_{n(i)} \rangle` of every candidate, shape (n, m)."""
    if len(table) <= DENSE * pool.items.shape[1]:
        scores = (states @ table.T).gather(1, pool.items)
    else:
        vectors = torch.nn.functional.embedding(pool.items, table)
        scores = torch.bmm(vectors, states[:, :, None])[:, :, 0]
    for name, buckets in (("intervals", pool.intervals), ("counts", pool.counts)):
        if buckets is not None:
            scores = scores + (states @ p[name].T).gather(1, buckets)
    return scores
