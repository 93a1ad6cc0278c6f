"""The parts of a self-attention block, as LiveRec and its PyTorch ancestors build it.

Kang, McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018: queries are normalised, keys
and values are not, and the residual adds to the normalised queries.
"""

from torch import Tensor
from torch.nn import functional

from onstage.models.sequence.net.noise import Noise
from onstage.models.sequence.net.parameters import Parameters


EPSILON = 1e-8


def norm(p: Parameters, name: str, x: Tensor) -> Tensor:
    """Layer normalisation over the last axis."""
    weight, bias = p[f"{name}.weight"], p[f"{name}.bias"]
    return functional.layer_norm(x, (x.shape[-1],), weight, bias, EPSILON)


def linear(p: Parameters, name: str, x: Tensor) -> Tensor:
    """``W x + b``."""
    return functional.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])


def split(x: Tensor, heads: int) -> Tensor:
    """(n, length, d) to (n, heads, length, d / heads)."""
    n, length, d = x.shape
    return x.view(n, length, heads, d // heads).transpose(1, 2)


def attend(q: Tensor, k: Tensor, v: Tensor, extra: Tensor, keep: Tensor | None) -> Tensor:
    """Scaled dot-product attention of (n, heads, length, d / heads).

    Parameters
    ----------
    extra
        Added to the logits: ``-inf`` hides a key.
    keep
        Dropout mask of the weights.
    """
    logits = q @ k.transpose(-1, -2)
    weights = functional.softmax(logits * q.shape[-1] ** -0.5 + extra, dim=-1)
    if keep is not None:
        weights = weights * keep
    mixed = weights @ v
    n, heads, length, width = mixed.shape
    return mixed.transpose(1, 2).reshape(n, length, heads * width)


def feed_forward(
    p: Parameters, name: str, x: Tensor, noise: Noise, calm: int | None = None
) -> Tensor:
    """Two layers at each place, added to the input."""
    inner = functional.relu(noise(linear(p, f"{name}.inner", x), calm))
    return x + noise(linear(p, f"{name}.outer", inner), calm)
