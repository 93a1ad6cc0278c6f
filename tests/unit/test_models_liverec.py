"""LiveRec reorganised is LiveRec: the same losses and gradients as the slow way."""

import numpy as np
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.models.sequence.config import LiverecConfig
from onstage.models.sequence.live import LiveSets
from onstage.models.sequence.pools import Contest, contest
from onstage.models.sequence.repeats import Repeats
from onstage.models.sequence.windows import Batch, Windows
from onstage.testing.examples import crowd


torch = pytest.importorskip("torch", reason="needs torch: pip install 'onstage[deep]'")

SMALL = {"dimensions": 8, "heads": 2, "blocks": 1, "window": 5, "dropout": 0.0, "negatives": 2}


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("loss", ["bce", "sampled", "full"])
@pytest.mark.parametrize("context_blocks", [1, 2, 3])
def test_losses_and_gradients_are_those_of_the_slow_way(
    zeros: bool, loss: str, context_blocks: int
) -> None:
    from onstage.models.sequence.net.losses import binary, softmax
    from onstage.models.sequence.net.noise import Noise
    from onstage.models.sequence.net.parameters import initial, tensors
    from onstage.models.sequence.net.work import Network
    from onstage.testing.liverec import naive_scores

    config = LiverecConfig(
        **SMALL, zeros=zeros, loss=loss, context_blocks=context_blocks, top=6, interval="oldest"
    )
    batch, rivals, live, repeats = question(config)
    rng = np.random.default_rng(5)
    start = {k: v + rng.normal(0, 0.1, v.shape) for k, v in initial(config, 15, rng).items()}
    for name in ("items", "intervals", "counts"):
        start[name][0] = 0
    p = tensors({k: v.astype(np.float32) for k, v in start.items()}, "cpu")
    network = Network(config, p, repeats, live.largest)
    found = network.gradient(batch, rivals, rng)

    states = network._states(p, batch, batch.tokens, Noise(None, 0.0))
    interval, count = repeats.of(batch, rivals.tokens)
    every = naive_scores(p, config, states, rivals.tokens, interval, count, live.largest)
    there = torch.from_numpy(rivals.tokens > 0)
    if rivals.queries is not None:
        queries = torch.from_numpy(rivals.queries)
        there = queries >= 0
        every = every.gather(1, queries.clamp(min=0))
    expected = (binary if loss == "bce" else softmax)(every, there)
    slow = torch.autograd.grad(expected, list(p.values()), allow_unused=True)
    assert found.loss == pytest.approx(float(expected.detach()), rel=1e-5)
    for name, gradient in zip(p, slow, strict=True):
        both = [np.zeros(p[name].shape) if g is None else g.numpy().copy() for g in
                (found.by_name[name], gradient)]  # fmt: skip
        if name in ("items", "intervals", "counts"):
            for one in both:
                one[0] = 0  # row 0 is nobody and never moves
        largest = max(1.0, float(np.abs(both[1]).max()))
        np.testing.assert_allclose(*both, rtol=0, atol=1e-5 * largest, err_msg=name)


def question(config: LiverecConfig) -> tuple[Batch, Contest, LiveSets, Repeats]:
    """A small batch and whom its targets compete with."""
    data = crowd(2, users=6, rows=80)
    windows = Windows.of(data, config.window, "all")
    live = LiveSets.at(AvailabilityIndex.from_interactions(data), data.n_items, windows.times)
    batch = windows.batch(np.arange(len(windows)))
    rivals = contest(config, batch, live, np.random.default_rng(1))
    return batch, rivals, live, Repeats.on(data.clock, config.interval)


def test_the_top_is_cut_and_zeros_take_places() -> None:
    from onstage.models.sequence.net.context import stage
    from onstage.models.sequence.net.scores import Pool

    scores = torch.tensor([[3.0, -1.0, 2.0, -2.0, 9.0]])
    pool = Pool(torch.tensor([[1, 2, 3, 4, 0]]), None, None)  # the last one is nobody
    cut = stage(LiverecConfig(top=3), scores, pool, 7)
    assert cut.places[0, : int(cut.kept)].tolist() == [0, 2, 1]
    assert int(cut.zeros) == 0
    filled = stage(LiverecConfig(top=3, zeros=True), scores, pool, 7)
    # Four live of at most seven: 3.0, 2.0 and one of the three zeros; -1.0 finds no place.
    assert filled.places[0, : int(filled.kept)].tolist() == [0, 2]
    assert int(filled.zeros) == 1
    few = stage(LiverecConfig(top=3, zeros=True), scores, pool, 4)
    assert (int(few.kept), int(few.zeros)) == (3, 0)  # nobody is absent


def test_with_zeros_a_state_is_that_of_the_whole_window_padding_attended_to() -> None:
    from onstage.models.sequence.net.encoder import encode
    from onstage.models.sequence.net.noise import Noise
    from onstage.models.sequence.net.parameters import initial, tensors
    from onstage.testing.liverec import naive_states

    rng = np.random.default_rng(3)
    for zeros in (True, False):
        config = LiverecConfig(**{**SMALL, "blocks": 2}, zeros=zeros)
        start = {k: v + rng.normal(0, 0.3, v.shape) for k, v in initial(config, 9, rng).items()}
        p = tensors({k: v.astype(np.float32) for k, v in start.items()}, "cpu")
        short = torch.tensor([[4, 7]])
        states = encode(p, config, p["items"][short], short > 0, Noise(None, 0.0))[0]
        seen = naive_states(p, config, np.array([0, 0, 0, 4, 7]))[-2:]
        assert torch.allclose(states, seen, atol=1e-5) == zeros


def test_what_stands_for_many_is_as_without_dropout() -> None:
    from onstage.models.sequence.net.noise import Noise

    noise = Noise(np.random.default_rng(0), 0.2)
    keep = noise.keep((40, 3, 5), torch.device("cpu"), calm=2)
    assert keep is not None
    np.testing.assert_allclose(keep[:, :, 0] * noise.scale, 1.0)
    assert set(keep[:, :, 1:].flatten().tolist()) == {0.0, 1.0}


def test_attention_and_feed_forward_have_the_gradients_of_pytorch() -> None:
    from onstage.models.sequence.net.fused import Attention, FeedForward

    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()

    def mask(*shape: int) -> torch.Tensor:
        return (torch.rand(shape, generator=generator) > 0.3).double()

    def attention(rows: torch.Tensor) -> torch.Tensor:
        q, k, v = rows.view(2, 4, 3, 2, 3).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-1, -2), -1) * keep.view(2, 2, 4, 4) * 1.5
        return (weights @ v).transpose(1, 2).reshape(2, 4, 6)

    rows, keep = drawn(2, 4, 18), mask(4, 4, 4)
    pull = torch.randn(2, 4, 6, generator=generator, dtype=torch.float64)
    extra = torch.zeros(4, 1, 4, dtype=torch.float64)
    mine = Attention.apply(rows, 2, extra, keep, 1.5)
    torch.testing.assert_close(mine, attention(rows))
    for one, other in zip(
        torch.autograd.grad(mine, rows, pull), torch.autograd.grad(attention(rows), rows, pull),
        strict=True,
    ):  # fmt: skip
        torch.testing.assert_close(one, other)

    keeps = (mask(5, 3), mask(5, 3))
    keeps[0][0] = 1 / 1.5  # a place that is neither dropped nor scaled
    parts = [drawn(5, 3), drawn(3, 3), drawn(3), drawn(3, 3), drawn(3)]
    x, inner, inner_bias, outer, outer_bias = parts
    hidden = ((x @ inner.T + inner_bias) * keeps[0] * 1.5).relu()
    plain = x + (hidden @ outer.T + outer_bias) * keeps[1] * 1.5
    fused = FeedForward.apply(*parts, keeps, 1.5)
    torch.testing.assert_close(fused, plain)
    pull = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    for one, other in zip(
        torch.autograd.grad(fused, parts, pull), torch.autograd.grad(plain, parts, pull),
        strict=True,
    ):  # fmt: skip
        torch.testing.assert_close(one, other)
