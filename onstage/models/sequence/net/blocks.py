"""The parts of a self-attention block, as LiveRec and its PyTorch ancestors build it.

Kang, McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018: queries are normalised, keys
and values are not, and the residual adds to the normalised queries.
"""

import torch
from torch import Tensor
from torch.nn import functional

from onstage.models.sequence.net.fused import Attention, FeedForward
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


def projected(p: Parameters, name: str, query: Tensor, x: Tensor, heads: int) -> Tensor:
    """Query (scaled), key and value side by side, shape (..., 3 d)."""
    scale = (x.shape[-1] // heads) ** -0.5
    key, value = (linear(p, f"{name}.{part}", x) for part in ("key", "value"))
    return torch.cat([linear(p, f"{name}.query", query) * scale, key, value], dim=-1)


def attend(
    rows: Tensor, heads: int, extra: Tensor, noise: Noise, calm: int | None = None
) -> Tensor:
    """Scaled dot-product attention of :func:`projected` rows (n, length, 3 d).

    Parameters
    ----------
    extra : Tensor of float32, shape (n, 1 or length, length)
        Added to the logits: ``-inf`` hides a key.
    calm
        Axis of the weights along which the first place is never dropped.

    Returns
    -------
    Tensor of float32, shape (n, length, d)
    """
    n, length, _ = rows.shape
    keep = noise.keep((n * heads, length, length), rows.device, calm)
    each = extra.repeat_interleave(heads, dim=0)
    mixed: Tensor = Attention.apply(rows, heads, each, keep, noise.scale)
    return mixed


def feed_forward(
    p: Parameters, name: str, x: Tensor, noise: Noise, calm: int | None = None
) -> Tensor:
    """Two layers at each place, added to the input."""
    flat = x.reshape(-1, x.shape[-1])
    keeps = [noise.keep(tuple(x.shape), x.device, calm) for _ in range(2)]
    layers = [p[f"{name}.{part}"] for part in ("inner.weight", "inner.bias")]
    layers += [p[f"{name}.{part}"] for part in ("outer.weight", "outer.bias")]
    both = tuple(None if keep is None else keep.view(flat.shape) for keep in keeps)
    made: Tensor = FeedForward.apply(flat, *layers, both, noise.scale)
    return made.view(x.shape)
