"""A bundle as an MLflow model that loads anywhere: code, arrays and JSON, no pickle."""

import logging
import shutil
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from pydantic import ValidationError
from typing_extensions import override

import onstage
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.errors import ConfigError, OnstageError, StoreError
from onstage.models.catalog import needs_torch
from onstage.models.config import RecommenderConfig
from onstage.serving.bundle import Bundle, load_bundle
from onstage.settings import explain


with warnings.catch_warnings():  # MLflow warns of its own type hints while it is imported
    warnings.simplefilter("ignore")
    from mlflow.pyfunc import FLAVOR_NAME, save_model
    from mlflow.pyfunc.model import PythonModel

logger = logging.getLogger(__name__)

AT: Final = "at"
BUNDLE: Final = "bundle"
ANY: Final = ("*",)
"""Value of the parameter ``live`` that means: whoever the windows say."""
REQUIREMENTS: Final = (
    "mlflow",
    "numpy",
    "pandas",
    "pydantic",
    "pydantic-settings",
    "PyYAML",
    "scipy",
    "threadpoolctl",
    "tqdm",
    "typing-extensions",
)
"""What answering needs; what fitting needs is not among them."""

BESIDES: Final = MappingProxyType({"ranker": ("lightgbm",)})
"""What answering with an algorithm needs besides; torch is known to the catalogue."""

_CODE: Final = Path(__file__).with_name("model_code.py")


class ServedRecommender(PythonModel):
    """Answers tables of users with tables of recommendations."""

    @override
    def load_context(self, context: Any) -> None:
        """Read the bundle from the model's artifacts."""
        self._bundle = load_bundle(Path(context.artifacts[BUNDLE]))

    @override
    def predict(
        self,
        context: Any,  # the signature is MLflow's
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Answer one table of users (see :func:`answer`).

        Raises
        ------
        mlflow.exceptions.MlflowException
            With our one line; a server answers it with HTTP 400.
        """
        try:
            return answer(self._bundle, model_input, params or {})
        except (OnstageError, ValueError) as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error


def answer(bundle: Bundle, asked: pd.DataFrame, params: Mapping[str, Any]) -> pd.DataFrame:
    """Recommend for every row of `asked`.

    Parameters
    ----------
    asked : pandas.DataFrame
        ``user_id``, and optionally ``at``: an instant a row, which wins over the parameter.
    params
        ``k``: length of the lists. ``at``: the instant, empty for now. ``repeat``: ``allow``,
        ``exclude`` or ``cooldown:<hours>``, empty for the bundle's policy. ``live``: identifiers
        (as text) of who is live, ``["*"]`` for whoever the windows say.

    Returns
    -------
    pandas.DataFrame
        One row per recommendation: ``user_id, item_id, score, rank, fallback``, and ``at`` where
        the input had it; rows of one instant stand together.

    Raises
    ------
    ConfigError
        If a parameter cannot be understood.
    """
    k = int(params.get("k", 10))
    repeat = parse_repeat(str(params.get("repeat", "")))
    live = _live(bundle, params.get("live", ANY))
    parts = []
    for at, users in _instants(asked, params.get(AT) or None):
        table = bundle.recommend(users, at, k, live=live, repeat=repeat)
        parts.append(table.assign(**{AT: at}) if AT in asked else table)
    if not parts:
        return bundle.recommend(bundle.model.dataset.users[:0], params.get(AT) or None, k)
    return pd.concat(parts, ignore_index=True)


def parse_repeat(text: str) -> RepeatPolicy | None:
    """Read ``allow``, ``exclude`` or ``cooldown:<hours>``; None for nothing.

    Raises
    ------
    ConfigError
        If it is none of these.
    """
    if not text:
        return None
    kind, _, hours = text.partition(":")
    try:
        return RepeatPolicy.model_validate({"kind": kind, "cooldown_hours": hours or None})
    except ValidationError as error:
        message = f"{explain(error, 'repeat')}; give allow, exclude or cooldown:<hours>"
        raise ConfigError(message) from error


def save_pyfunc(bundle: Path, folder: Path) -> Path:
    """Make an MLflow model of a bundle's folder.

    Parameters
    ----------
    bundle
        What :func:`onstage.serving.bundle.save_bundle` wrote.
    folder
        New. Has the code of ``onstage``, the bundle, and exact versions of what it needs.

    Raises
    ------
    StoreError
        If the bundle is damaged, or the folder exists or cannot be written.
    """
    served = load_bundle(bundle)
    try:
        with warnings.catch_warnings():  # MLflow uses what pandas deprecates
            warnings.simplefilter("ignore")
            _save(served, bundle, folder)
        _tidy(folder)
    except (OSError, MlflowException) as error:
        message = f"served model {folder}: {error}; give a new folder that can be written"
        raise StoreError(message) from error
    return folder


def signature(bundle: Bundle) -> ModelSignature:
    """Columns and parameters, with identifiers of the kind they have in the data."""
    dataset = bundle.model.dataset
    user, item = _kind(dataset.users), _kind(dataset.items)
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(user, Columns.USER),
        ColSpec(DataType.string, AT, required=False),
    ]
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(user, Columns.USER),
        ColSpec(item, Columns.ITEM),
        ColSpec(DataType.float, Columns.SCORE),
        ColSpec(DataType.long, Columns.RANK),
        ColSpec(DataType.boolean, Columns.FALLBACK),
        ColSpec(DataType.string, AT, required=False),
    ]
    params = [
        ParamSpec("k", DataType.long, 10),
        ParamSpec(AT, DataType.string, ""),
        ParamSpec("repeat", DataType.string, ""),
        ParamSpec("live", DataType.string, list(ANY), shape=(-1,)),
    ]
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema(params))


def example(bundle: Bundle) -> pd.DataFrame:
    """Two users who ask at the newest instant of the log."""
    clock, users = bundle.clock, bundle.model.dataset.users[:2]
    last = bundle.tick("last")
    at = str(last) if clock.kind == "step" else clock.render(last)
    return pd.DataFrame({Columns.USER: users.to_numpy(), AT: at})


def requirements(config: RecommenderConfig) -> list[str]:
    """What a served model needs installed, with the versions that stand here.

    Not how they were built (``+cpu``): the package index knows no such version.
    """
    names = [*REQUIREMENTS, *BESIDES.get(config.algorithm, ())]
    if needs_torch(config):
        names.append("torch")
    return [f"{name}=={version(name).partition('+')[0]}" for name in names]


def _save(served: Bundle, bundle: Path, folder: Path) -> None:
    save_model(
        str(folder),
        python_model=str(_CODE),
        code_paths=[str(Path(onstage.__file__).parent)],
        artifacts={BUNDLE: str(bundle)},
        signature=signature(served),
        input_example=(example(served), {"k": 10}),
        pip_requirements=requirements(served.model.config),
        metadata={"algorithm": served.model.config.algorithm},
    )


def _tidy(folder: Path) -> None:
    """Leave out what this machine compiled, and where things stood on it."""
    for cache in sorted(folder.rglob("__pycache__")):
        shutil.rmtree(cache)
    model = Model.load(str(folder))
    flavor = model.flavors[FLAVOR_NAME]
    flavor["model_code_path"] = Path(flavor["model_code_path"]).name
    for artifact in flavor["artifacts"].values():
        artifact["uri"] = artifact["path"]
    model.save(str(folder / "MLmodel"))


def _instants(asked: pd.DataFrame, at: str | None) -> Iterator[tuple[str | None, pd.Index]]:
    if AT not in asked:
        if len(asked):
            yield at, pd.Index(asked[Columns.USER])
        return
    times = asked[AT].astype(object).where(asked[AT].notna(), at)
    for when in times.unique():
        chosen = times.isna() if when is None else times == when
        yield when, pd.Index(asked.loc[chosen, Columns.USER])


def _live(bundle: Bundle, wanted: Any) -> pd.Index | None:  # noqa: ANN401  # list or array
    texts = [str(one) for one in wanted]
    if texts == list(ANY):
        return None
    if bundle.model.dataset.items.dtype.kind not in "iu":
        return pd.Index(texts, dtype="str")
    try:
        return pd.Index([int(text) for text in texts], dtype="int64")
    except ValueError as error:
        message = f"live: {error}; items of this model are integers"
        raise ConfigError(message) from error


def _kind(ids: pd.Index) -> DataType:
    return DataType.long if ids.dtype.kind in "iu" else DataType.string
