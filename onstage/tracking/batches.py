"""What is logged, as MLflow takes it: flat text, finite names, batches within its limits."""

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from onstage.errors import TrackingError


PARAMS_PER_BATCH: Final = 100
METRICS_PER_BATCH: Final = 1000
NAME_LENGTH: Final = 250
PARAM_LENGTH: Final = 6000
TAG_LENGTH: Final = 5000

_NAME: Final = re.compile(r"[\w.\-: /]+")

T = TypeVar("T")


def check_name(kind: str, name: str) -> str:
    """Return `name`, or raise if MLflow would refuse it half-way through a batch.

    Raises
    ------
    TrackingError
        If the name has a character that MLflow does not take, such as ``@``, or is too long.
    """
    odd = "".join(sorted(set(_NAME.sub("", name))))
    if odd:
        rule = f"names may hold letters, digits, and _ . - : / or a space, not {odd!r}"
    elif not 0 < len(name) <= NAME_LENGTH:
        rule = f"a name has 1 to {NAME_LENGTH} characters"
    elif name.startswith(("/", "..")) or posixpath.normpath(name) != name or name == ".":
        rule = "a name is a plain path, without '//', './' or '/' at its ends"
    else:
        return name
    message = f"{kind} {name[:40]!r}: {rule}; call it {_better(name)!r}"
    raise TrackingError(message)


def _better(name: str) -> str:
    clean = re.sub(r"[^\w.\-: /]", "_", name.replace("@", "_at_"))
    return posixpath.normpath(clean).lstrip("./")[:NAME_LENGTH].rstrip("/") or "unnamed"


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one, keys joined by dots: ``{"repeat.kind": "allow"}``."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def params(values: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as text, nested ones flattened."""
    return {
        check_name("parameter", name): shorten(text(value), PARAM_LENGTH)
        for name, value in flatten(values).items()
    }


def tags(values: Mapping[str, Any]) -> dict[str, str]:
    """Tags as text; None is left out."""
    return {
        check_name("tag", name): shorten(text(value), TAG_LENGTH)
        for name, value in values.items()
        if value is not None
    }


def metrics(
    values: Mapping[str, float], series: Mapping[str, Mapping[int, float]], step: int
) -> list[tuple[str, float, int]]:
    """Every (name, value, step): `values` at `step`, `series` at their own steps."""
    points = [(check_name("metric", name), float(value), step) for name, value in values.items()]
    for name, line in series.items():
        check_name("metric", name)
        points.extend((name, float(value), int(at)) for at, value in line.items())
    return points


def text(value: Any) -> str:  # noqa: ANN401  # anything a configuration may hold
    """A value as it is shown and compared: plain text, or JSON for lists."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        plain = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return json.dumps(plain, default=str, ensure_ascii=False)
    return str(value)


def shorten(value: str, limit: int) -> str:
    """Cut `value` to `limit` characters; the digest at its end keeps different values different."""
    if len(value) <= limit:
        return value
    end = f"… sha256:{hashlib.sha256(value.encode()).hexdigest()[:16]}"
    return value[: limit - len(end)] + end


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Consecutive pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
