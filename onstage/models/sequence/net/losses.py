"""Losses of the positive in column 0 against the negatives beside it; sums over the targets."""

from torch import Tensor
from torch.nn import functional


def binary(scores: Tensor, there: Tensor) -> Tensor:
    """``-ln sigmoid(s+) - sum of ln(1 - sigmoid(s-))``."""
    positive = functional.softplus(-scores[:, 0]).sum()
    return positive + (functional.softplus(scores[:, 1:]) * there[:, 1:]).sum()


def softmax(scores: Tensor, there: Tensor) -> Tensor:
    """``-ln`` of the positive's share of ``exp(s)`` among those that are there."""
    hidden = scores.masked_fill(~there, float("-inf"))
    return (hidden.logsumexp(dim=1) - scores[:, 0]).sum()
