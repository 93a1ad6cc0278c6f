"""One source of rows: files or a query, how they are written, what their columns are called."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator


AttributeKind: TypeAlias = Literal["text", "integer", "number", "text?", "integer?", "number?"]
"""Type of an extra column; with ``?`` it may be absent from the source."""

Names: TypeAlias = str | tuple[str, ...]

PASSWORD: Final = re.compile(
    r"://[^/@:]*:(?!\$\{)[^/@]+@|[?&](password|pwd)=(?!\$\{)", re.IGNORECASE
)


class Closed(BaseModel):
    """A configuration object that refuses unknown keys, naming the nearest one."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _unknown_keys_get_a_suggestion(cls, raw: Any) -> Any:  # noqa: ANN401
        if isinstance(raw, Mapping):
            for key in raw:
                if key not in cls.model_fields:
                    message = f"unknown key {key!r}{nearest(str(key), cls.model_fields)}"
                    raise ValueError(message)
        return raw


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the known name most like `name`, or a list of what is known."""
    names = [*known]
    folded = {each.casefold(): each for each in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), [*folded], n=1, cutoff=0.6)
    if close:
        return f"; did you mean {folded[close[0]]!r}?"
    return f"; there are {', '.join(map(repr, names[:30]))}"


class TimeFormat(Closed):
    """How a source writes instants. A log in steps (``clock.kind: step``) ignores this."""

    unit: str = "iso"
    """``iso`` (ISO 8601, also ``2021-05-01 12:00:00 UTC``), ``s``, ``ms``, ``us`` (numbers since
    1970), or a strptime format with ``%``. Columns that hold timestamps already (Parquet, SQL) need
    none."""
    zone: str = "UTC"
    """Time zone of instants written without one, as an IANA name."""

    @model_validator(mode="after")
    def _unit_is_known(self) -> Self:
        if self.unit not in {"iso", "s", "ms", "us"} and "%" not in self.unit:
            message = f"time.unit {self.unit!r}: give iso, s, ms, us, or a format such as %d.%m.%Y"
            raise ValueError(message)
        return self


class Source(Closed):
    """Rows from files (``path``) or from a database (``url`` and ``query``)."""

    required: ClassVar[tuple[str, ...]] = ()
    mappable: ClassVar[tuple[str, ...]] = ()

    path: Names | None = None
    """One file, a glob, or several; ``${NAME}`` is taken from the environment. Read in this order,
    a glob's matches by name. Relative to ``folder``, or else to the working directory."""
    url: str | None = None
    """SQLAlchemy URL. Keep the password out: ``postgresql+psycopg://me:${PGPASSWORD}@host/db``."""
    query: str | None = None
    """What to select. Say ORDER BY: the order of rows settles ties in time."""
    optional: bool = False
    """True: without any such file the table is left out; else that is an error."""
    format: Literal["auto", "csv", "tsv", "parquet", "jsonl"] = "auto"
    """``auto``: by the file's name, .gz and .zst aside."""
    compression: Literal["auto", "none", "gzip", "zstd"] = "auto"
    """``auto``: by the file's first bytes."""
    delimiter: Annotated[str, Field(min_length=1, max_length=4)] | None = None
    """Between fields of a text file: a comma by default, a tab in ``tsv``."""
    quote: Annotated[str, Field(max_length=1)] = '"'
    """Around text fields; empty: none."""
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    """Of a text file."""
    header: tuple[str, ...] | None = None
    """Names of the columns, for a text file whose first line is data already."""
    missing: tuple[str, ...] = ()
    """Texts that stand for a missing value, besides the empty one, e.g. ``NA``."""
    columns: dict[str, Names] = {}
    """Our name to the source's; of several names the first that a file has."""
    attributes: dict[str, AttributeKind] = {}
    """More columns to keep, under their own names, and their types."""
    only: dict[str, tuple[str, ...]] = {}
    """Rows to keep: column of the source to its allowed values."""
    time: TimeFormat = TimeFormat()
    """How instants are written."""

    @model_validator(mode="after")
    def _files_or_query(self) -> Self:
        if (self.path is None) == (self.url is None):
            message = "give either path (files) or url and query (a database)"
            raise ValueError(message)
        if (self.url is None) != (self.query is None):
            message = "url and query belong together"
            raise ValueError(message)
        if self.url is not None and PASSWORD.search(self.url):
            message = (
                "url holds a password in plain text; put it into the environment and write "
                "${NAME} in its place"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        for name in self.columns:
            if name not in self.mappable:
                message = f"columns: unknown name {name!r}{nearest(name, self.mappable)}"
                raise ValueError(message)
        taken = set(self.columns) & {*self.attributes}
        clash = next(iter(sorted(taken)), None)
        if clash is not None:
            message = f"attributes: {clash!r} is one of columns already; keep it in one of them"
            raise ValueError(message)
        return self

    def need(self, *names: str) -> None:
        """Raise ValueError unless each of `names` is mapped."""
        for name in names:
            if name not in self.columns:
                message = f"columns.{name} is missing: say which column of the source it is"
                raise ValueError(message)
