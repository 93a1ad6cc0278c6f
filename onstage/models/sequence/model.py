"""What all sequence models do: learn epoch by epoch, read the newest rows, score candidates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import FitError
from onstage.models.base import Recommender
from onstage.models.config import FitOptions
from onstage.models.pairs import Pairs
from onstage.models.sequence.checkpoint import Checkpoint, digest_of
from onstage.models.sequence.config import SequenceConfig
from onstage.models.sequence.engine import need_torch, single_torch
from onstage.models.sequence.validation import Newest
from onstage.models.sequence.windows import Rows, Windows, recent, visible
from onstage.models.state import State
from onstage.seeds import integer
from onstage.settings import load_settings
from onstage.types import Positions, Scores


if TYPE_CHECKING:
    from onstage.models.sequence.net.fitting import Fitting
    from onstage.models.sequence.net.work import Network

ConfigT = TypeVar("ConfigT", bound=SequenceConfig)

CELLS = 1 << 22
"""Most (candidate, row) comparisons held at once while answering."""
LOSS, VALIDATION = "loss", "validation_ndcg_at_10"


@dataclass
class _Progress:
    """Where a fit stands."""

    epochs: int
    searching: bool = False
    done: int = 0
    best: float = -1.0
    best_epoch: int = 0
    curve: dict[str, list[float]] = field(default_factory=lambda: {LOSS: [], VALIDATION: []})

    def plain(self) -> dict[str, Any]:
        return dict(self.__dict__)


class SequenceModel(Recommender[ConfigT]):
    r"""Score candidates by the state of the user's sequence.

    A state :math:`f` is computed from the newest `window` rows before the request; a candidate is
    :math:`c_i = E_i + R_{b(i)} + C_{n(i)}`, with vectors of the time since it was watched and of
    how often, if it stands in the window. Its score is :math:`\langle f, c_i \rangle`.

    The same seed, data and configuration give the same model on any number of threads (CPU): a
    batch is always computed in the same two parts, each on one thread. On a GPU sums may be
    ordered otherwise from run to run.
    """

    stochastic: ClassVar[bool] = True

    _network: "Network | None" = None
    _values: Mapping[str, NDArray[np.float32]]
    _largest: int = 0
    _curve: dict[str, list[float]]

    @property
    @override
    def training_curve(self) -> dict[str, dict[int, float]]:
        """Mean loss a target by epoch, and NDCG@10 on the part held back where there was one."""
        return {
            name: dict(enumerate(values, start=1)) for name, values in self._curve.items() if values
        }

    @override
    def knows_users(self, requests: Requests) -> NDArray[np.bool_]:
        """Whether one of the rows it reads is of an item it has learned."""
        line, _ = visible(self.history, requests, self.config.window, self._trained)
        return np.bincount(line, minlength=len(requests)) > 0

    @property
    def _trained(self) -> NDArray[np.bool_]:
        return np.asarray(self.dataset.item_counts > 0)

    @override
    def _iterate(
        self, dataset: Dataset, rng: np.random.Generator, options: FitOptions
    ) -> Iterator[None]:
        need_torch(self.config.algorithm)
        checkpoint = Checkpoint(options.checkpoint, self._identity(dataset, options))
        found = checkpoint.load()
        progress = _Progress(self.config.epochs, searching=self.config.patience > 0)
        if found is not None:
            progress = _Progress(**found[0].pop("progress"))
        seeds = [integer(rng) for _ in range(3)]
        if self.config.patience:
            newest = Newest.cut(
                dataset,
                self.config.validation_share,
                options.availability,
                np.random.default_rng(seeds[0]),
            )
            if progress.searching:
                fitting = self._fitting(newest.train, seeds[1], options)
                yield from self._epochs(fitting, progress, checkpoint, found, newest)
                progress = _Progress(progress.best_epoch, curve={**progress.curve, LOSS: []})
                found = None
        fitting = self._fitting(dataset, seeds[2], options)
        steps = self._epochs(fitting, progress, checkpoint, found, None)
        if self.config.patience:
            for _ in steps:
                pass
            yield
        else:
            yield from steps

    def _identity(self, dataset: Dataset, options: FitOptions) -> dict[str, Any]:
        return {
            **self.config.model_dump(mode="json"),
            "seed": options.seed,
            "data": digest_of(dataset, options.availability),
        }

    def _fitting(self, dataset: Dataset, seed: int, options: FitOptions) -> "Fitting":
        from onstage.models.sequence.net.fitting import Fitting

        windows = Windows.of(dataset, self.config.window, self.config.prefixes)
        if len(windows) == 0:
            message = (
                f"{self.config.algorithm}: no user has two rows, so nothing comes next; "
                "give a longer log or another model"
            )
            raise FitError(message)
        return Fitting(self.config, dataset, windows, np.random.default_rng(seed), options)

    def _epochs(
        self,
        fitting: "Fitting",
        progress: _Progress,
        checkpoint: Checkpoint,
        found: tuple[dict[str, Any], dict[str, NDArray[Any]]] | None,
        newest: Newest | None,
    ) -> Iterator[None]:
        if found is not None:
            fitting.take_up(*found)
        self._show(fitting, progress)
        silent = None if load_settings().progress else True
        title = f"{'search' if newest else 'fit'} {self.config.algorithm}"
        if progress.done == progress.epochs:
            yield
        with tqdm(
            total=progress.epochs, initial=progress.done, desc=title, leave=False, disable=silent
        ) as bar:
            while progress.done < progress.epochs and not self._enough(progress):
                self._epoch(fitting, progress, newest)
                head, arrays = fitting.state() if checkpoint.path else ({}, {})
                checkpoint.save({**head, "progress": progress.plain()}, arrays)
                bar.set_postfix_str(f"loss {progress.curve[LOSS][-1]:.4f}", refresh=False)
                bar.update()
                yield

    def _enough(self, progress: _Progress) -> bool:
        return progress.searching and progress.done - progress.best_epoch >= self.config.patience

    def _epoch(self, fitting: "Fitting", progress: _Progress, newest: Newest | None) -> None:
        loss = fitting.epoch()
        if not np.isfinite(loss):
            message = f"{self.config.algorithm}: the loss is {loss}; lower learning_rate"
            raise FitError(message)
        progress.done += 1
        progress.curve[LOSS].append(loss)
        self._show(fitting, progress)
        if newest is None:
            return
        trained = np.asarray(newest.train.item_counts > 0)
        batch = recent(newest.history, newest.requests, self.config.window, trained)
        with single_torch():
            value = newest.ndcg(fitting.network.scores(batch, newest.tokens))
        progress.curve[VALIDATION].append(value)
        if value > progress.best:
            progress.best, progress.best_epoch = value, progress.done

    def _show(self, fitting: "Fitting", progress: _Progress) -> None:
        """Make the model what was learned so far."""
        self._network = fitting.network
        self._largest = fitting.network.largest
        self._curve = progress.curve

    def paired(self, rows: Rows, requests: Requests, line: Positions, item: Positions) -> Scores:
        """Score pairs of a request and an item, reading `rows` in place of the history.

        Parameters
        ----------
        line : ndarray of int64, shape (n_pairs,)
            Request of each pair, ascending.
        item : ndarray of int64, shape (n_pairs,)

        Returns
        -------
        ndarray of float32, shape (n_pairs,)
            ``-inf`` where the item has no training row.
        """
        bounds = np.searchsorted(line, np.arange(len(requests) + 1))
        columns = np.arange(len(item)) - bounds[line]
        tokens = np.zeros((len(requests), int(np.diff(bounds).max(initial=0))), dtype=np.int64)
        tokens[line, columns] = item + 1
        return np.asarray(self._answer(rows, requests, tokens)[line, columns])

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        tokens = np.broadcast_to(items + 1, (len(requests), len(items)))
        return self._answer(self.history, requests, tokens)

    @override
    def _score_pairs(self, requests: Requests, some: Pairs) -> Scores:
        return self.paired(self.history, requests, some.line, some.item)

    def _answer(self, rows: Rows, requests: Requests, tokens: Positions) -> Scores:
        """Scores of candidates, those without training rows left out, shape of `tokens`."""
        known = np.append(False, self._trained)  # token 0 is nobody
        network = self._ready()
        scores = np.empty(tokens.shape, dtype=np.float32)
        step = max(1, CELLS // max(1, tokens.shape[1] * self.config.window))
        for low in range(0, len(requests), step):
            part = slice(low, low + step)
            asked = requests.take(np.arange(len(requests))[part])
            batch = recent(rows, asked, self.config.window, self._trained)
            some = np.where(known[tokens[part]], tokens[part], 0)
            with single_torch():
                scores[part] = network.scores(batch, some)
        return scores

    def _ready(self) -> "Network":
        if self._network is None:
            need_torch(self.config.algorithm)
            from onstage.models.sequence.net.fitting import rebuilt

            self._network = rebuilt(self.config, self.dataset, self._values, self._largest)
        return self._network

    @override
    def _similarity(self, items: Positions) -> Scores:
        vectors = self._learned()["items"][1:]
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = vectors / np.where(length > 0, length, 1)
        return np.asarray(unit[items] @ unit.T, dtype=np.float32)

    def _learned(self) -> Mapping[str, NDArray[np.float32]]:
        if self._network is None:
            return self._values
        from onstage.models.sequence.net.parameters import arrays

        return arrays(self._network.parameters)

    @override
    def _state(self) -> State:
        named: dict[str, NDArray[Any]] = {f"net.{k}": v for k, v in self._learned().items()}
        curves = {f"curve.{k}": np.array(v, dtype=np.float64) for k, v in self._curve.items()}
        return {**named, **curves, "largest": np.array([self._largest])}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        self._network = None
        self._values = {k.removeprefix("net."): v for k, v in state.items() if k.startswith("net.")}
        self._curve = {
            k.removeprefix("curve."): v.tolist() for k, v in state.items() if k.startswith("curve.")
        }
        self._largest = int(state["largest"][0])
