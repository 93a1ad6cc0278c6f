"""Great Expectations, contained: one ephemeral context that runs suites and builds Data Docs.

The package takes seconds to import, so this module imports it when an engine is made.
"""

import importlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pandas as pd

from expectations.suites import Expectation, Suite, columns_of
from onstage.errors import ConfigError


EXAMPLES: Final = 5
RUN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Data Docs carry this instead of the time of the run: the same batch gives the same bytes."""


@dataclass(frozen=True)
class Outcome:
    """What one expectation found."""

    table: str
    stage: str
    check: str
    kind: str
    """The expectation's type."""
    columns: tuple[str, ...]
    scope: str
    critical: bool
    success: bool
    description: str
    remedy: str
    unexpected: int
    """Rows that break it; 0 for expectations about the table."""
    share: float
    """The same as a share of :attr:`examined`."""
    observed: str
    """What was seen, for expectations about the table."""
    examples: tuple[str, ...]
    allowed: str = ""
    """The limits in words: ``at least 0.4``."""
    rows: tuple[int, ...] = ()
    """Row numbers that break it; only with ``result_format="COMPLETE"``."""
    examined: int = 0
    """Rows that were looked at: those that have a value; 0 for expectations about the table."""


class Engine:
    """Runs suites on data frames.

    Parameters
    ----------
    result_format
        ``SUMMARY`` counts and gives examples; ``COMPLETE`` lists every row.
    """

    def __init__(self, result_format: str = "SUMMARY") -> None:
        self._gx: Any = _great_expectations()
        self._format = result_format
        self._context: Any = self._gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = {"globally": False}
        self._source: Any = self._context.data_sources.add_pandas("onstage")

    def run(self, suite: Suite, frame: pd.DataFrame, stage: str, part: str = "") -> list[Outcome]:
        """Run a suite on a frame, all expectations in one pass.

        Parameters
        ----------
        suite
            Every column it names is in the frame, but for those it asks the existence of.
        frame
            Row labels 0, 1, 2 …; hand over only the columns the suite uses, since Great
            Expectations hashes all of them.
        stage
            ``incoming`` or ``accepted``: names the page in Data Docs.
        part
            Which part of the table the frame is; added to the name of the page.

        Raises
        ------
        ConfigError
            If Great Expectations does not know an expectation of the suite.
        """
        name = f"{suite.name}-{stage}{part}"
        held = frame.copy(deep=False)
        asset = self._source.add_dataframe_asset(name)
        definition = self._context.validation_definitions.add(
            self._gx.ValidationDefinition(
                name=name,
                data=asset.add_batch_definition_whole_dataframe(stage),
                suite=self._context.suites.add(self._build(suite, name)),
            )
        )
        with _unwarned():
            result = definition.run(
                batch_parameters={"dataframe": held},
                result_format=self._format,
                run_id=self._gx.RunIdentifier(run_name=stage, run_time=RUN_TIME),
            )
        for column in held.columns:  # the context keeps the frame for good
            del held[column]
        found = {r.expectation_config.meta["check"]: r for r in result.results}
        return [_outcome(suite.name, stage, e, found) for e in suite.expectations]

    def write_docs(self, folder: Path) -> Path:
        """Build Data Docs of every run so far; returns the index page.

        The pages are the same, byte for byte, for the same results.
        """
        store = {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder.resolve()),
        }
        index = {"class_name": "DefaultSiteIndexBuilder"}
        site = {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "site_index_builder": index,
            "store_backend": store,
        }
        self._context.add_data_docs_site("onstage", site)
        self._context.build_data_docs(["onstage"])
        for page in folder.rglob("*.html"):
            page.write_text(_still(page, folder), encoding="utf-8")
        for tutorial in (folder / "static" / "images").glob("*.gif"):
            tutorial.unlink()
        return folder / "index.html"

    def _build(self, suite: Suite, name: str) -> Any:  # noqa: ANN401  # the package's type
        built = self._gx.ExpectationSuite(
            name=name, expectations=list(suite.expectations), meta={"about": suite.about}
        )
        kept = {e.meta["check"] for e in built.expectations}
        lost = [e for e in suite.expectations if e["meta"]["check"] not in kept]
        if lost:  # an unknown type is dropped with no more than a log line
            message = (
                f"{suite.name}.json: Great Expectations does not know {lost[0]['type']!r} "
                f"(check {lost[0]['meta']['check']!r}); correct the type's name"
            )
            raise ConfigError(message)
        return built


def _great_expectations() -> ModuleType:
    with _unwarned():
        return importlib.import_module("great_expectations")


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep to itself what the package's authors are warned of: sre_constants, Series.values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_LOGO = re.compile(r"https://great-expectations-web-assets[^\"' )]*/([\w-]+\.png)(\?d=\w+\.\w+)?")
_STAMP = re.compile(r"\b20\d{6}T\d{6}\.\d{6}Z\b")


def _still(page: Path, folder: Path) -> str:
    """Take out of a page what differs between two runs, and the beacon that reports a reader."""
    text = page.read_text(encoding="utf-8")
    numbers: dict[str, str] = {}
    text = _UUID.sub(lambda m: numbers.setdefault(m.group(), f"part-{len(numbers)}"), text)
    up = "../" * len(page.relative_to(folder).parents[:-1])
    text = _LOGO.sub(f"{up}static/images/logo-long.png", text)
    return _STAMP.sub(RUN_TIME.strftime("%Y%m%dT%H%M%S.%fZ"), text)


def _outcome(table: str, stage: str, expectation: Expectation, found: dict[str, Any]) -> Outcome:
    meta = expectation["meta"]
    result = found[meta["check"]]
    values: dict[str, Any] = result.result or {}
    return Outcome(
        table=table,
        stage=stage,
        check=meta["check"],
        kind=expectation["type"],
        columns=tuple(columns_of(expectation["kwargs"])),
        scope=meta["scope"],
        critical=expectation["severity"] == "critical",
        success=bool(result.success),
        description=expectation["description"],
        remedy=meta.get("remedy", ""),
        unexpected=int(values.get("unexpected_count") or 0),
        share=float(values.get("unexpected_percent") or 0.0) / 100,
        observed=_observed(values, result.exception_info),
        examples=tuple(_shown(v) for v in (values.get("partial_unexpected_list") or ())[:EXAMPLES]),
        allowed=_allowed(expectation["kwargs"]),
        rows=tuple(values.get("unexpected_index_list") or ()),
        examined=int(values.get("element_count") or 0) - int(values.get("missing_count") or 0),
    )


def _allowed(kwargs: dict[str, Any]) -> str:
    told = (("min_value", "at least"), ("max_value", "at most"))
    return " and ".join(f"{words} {kwargs[key]}" for key, words in told if key in kwargs)


def _shown(value: Any) -> str:  # noqa: ANN401  # whatever a column holds
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    if isinstance(value, tuple):
        return " and ".join(_shown(part) for part in value)
    if isinstance(value, np.datetime64 | pd.Timestamp) and not pd.isna(value):
        return str(pd.Timestamp(value).isoformat())
    missing = value is None or value is pd.NA or value is pd.NaT or value != value  # noqa: PLR0124
    return "missing" if missing else str(value)


def _observed(values: dict[str, Any], trouble: Any) -> str:  # noqa: ANN401  # the package's type
    if "observed_value" in values:
        return str(values["observed_value"])
    raised = [t for t in (trouble or {}).values() if isinstance(t, dict)] or [trouble or {}]
    messages = [t.get("exception_message") for t in raised if t.get("raised_exception")]
    return f"could not be computed: {messages[0]}" if messages else ""
