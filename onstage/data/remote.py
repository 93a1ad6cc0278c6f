"""Artefacts on a shared file or object store, behind the store of one machine.

Files are uploaded under a name of their own; the manifest, which names it, is written last and at
once. So a half upload is never read, and what a reader downloads is checked against its digests.
The remote is a second place for what can be made again: trouble with it costs time, never a run.
"""

import json
import logging
import time
import uuid
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from onstage.errors import ConfigError
from onstage.settings import Settings
from onstage.tracking.endpoint import masked


logger = logging.getLogger(__name__)

VARIABLE: Final = "ONSTAGE_STORE_REMOTE"
POINTER: Final = "manifest.json"
REST: Final = 60.0
"""Seconds for which a remote is left alone that failed."""


def remote_of(settings: Settings) -> "Remote | None":
    """The remote that the environment names; None where it names none.

    Raises
    ------
    ConfigError
        If it cannot be one.
    """
    url = settings.store_remote
    if url is None or not url.get_secret_value().strip():
        return None
    return Remote(url.get_secret_value())


class Remote:
    """A folder of artefacts at any URL that fsspec opens.

    Parameters
    ----------
    url
        ``file:///mnt/shared/onstage``, ``s3://bucket/onstage``, ``memory://onstage`` (of one
        process). Credentials come from where the file system looks for them.

    Raises
    ------
    ConfigError
        If fsspec does not know the protocol, its package is not installed, or it connects at once
        and cannot.
    """

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs  # noqa: PLC0415  # only where there is a remote

        self.shown = masked(url)
        parts = urlsplit(url)
        given = (parts.netloc.rpartition("@")[0], parts.password, unquote(parts.password or ""))
        self._secrets = [text for text in given if text]
        try:
            self._system, self._root = url_to_fs(url)
        except Exception as error:
            message = (
                f"{VARIABLE} {self.shown}: {self._said(error)}; write file://…, "
                "s3://… (pip install 'onstage[s3]') or another URL that fsspec opens"
            )
            raise ConfigError(message) from error
        self._rests_until = 0.0

    @property
    def resting(self) -> bool:
        """Whether it failed a moment ago."""
        return time.monotonic() < self._rests_until

    def push(self, name: str, folder: Path, files: Mapping[str, str]) -> bool:
        """Publish a local artefact, unless a whole one is there already.

        Parameters
        ----------
        name
            Directory name of the artefact.
        folder
            Where it stands here, manifest included.
        files
            Its files, as the manifest lists them.

        Returns
        -------
        bool
            Whether it is there now.
        """
        if self.resting:
            return False
        try:
            if self._system.exists(self._at(name, POINTER)):
                return True
            place = uuid.uuid4().hex
            for file in files:
                self._upload(folder / file, self._at(name, place, file))
            manifest = json.loads((folder / POINTER).read_text())
            draft = self._at(name, f"{place}.json")
            with self._system.open(draft, "wb") as stream:
                stream.write(json.dumps({"place": place, "manifest": manifest}).encode())
            self._system.mv(draft, self._at(name, POINTER))
        except Exception as error:  # noqa: BLE001  # whatever a file system raises
            self._complain("was not published at", name, error)
            return False
        return True

    def pull(self, name: str, folder: Path) -> bool:
        """Download an artefact into an empty folder; whoever asked checks its digests.

        Returns
        -------
        bool
            Whether all that its manifest lists is in `folder`, the manifest too.
        """
        if self.resting:
            return False
        try:
            if not self._system.exists(self._at(name, POINTER)):
                return False
            pointer = json.loads(self._system.cat_file(self._at(name, POINTER)))
            place, manifest = _leaf(pointer["place"]), pointer["manifest"]
            for file in manifest["files"]:
                target = folder / _inside(file)
                target.parent.mkdir(parents=True, exist_ok=True)
                self._system.get_file(self._at(name, place, file), str(target))
            (folder / POINTER).write_text(json.dumps(manifest, indent=1))
        except (KeyError, TypeError, ValueError, FileNotFoundError) as error:
            logger.warning("artefact %s at %s is damaged (%s)", name, self.shown, self._said(error))
            self.forget(name)
            return False
        except Exception as error:  # noqa: BLE001  # whatever a file system raises
            self._complain("could not be read from", name, error)
            return False
        return True

    def forget(self, name: str) -> None:
        """Take a damaged artefact away: whoever makes it again publishes it."""
        try:
            self._system.rm(self._at(name, POINTER))
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001  # whatever a file system raises
            self._complain("could not be removed from", name, error)

    def probe(self) -> None:
        """Write, read and remove a small file.

        Raises
        ------
        ConfigError
            If one of these does not work.
        """
        path = self._at(f".probe-{uuid.uuid4().hex}")
        try:
            self._system.makedirs(self._root, exist_ok=True)
            self._system.pipe_file(path, b"1")
            read = self._system.cat_file(path)
            self._system.rm(path)
        except Exception as error:
            message = (
                f"{VARIABLE} {self.shown}: {self._said(error)}; see that it is there and writable"
            )
            raise ConfigError(message) from error
        if read != b"1":
            message = f"{VARIABLE} {self.shown}: what was written came back changed; choose another"
            raise ConfigError(message)

    def _at(self, *parts: str) -> str:
        return "/".join((self._root.rstrip("/"), *parts))

    def _upload(self, source: Path, target: str) -> None:
        self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._system.put_file(str(source), target)

    def _said(self, error: BaseException) -> str:
        said = str(error)
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return " ".join(masked(said).split())[:200] or type(error).__name__

    def _complain(self, what: str, name: str, error: BaseException) -> None:
        self._rests_until = time.monotonic() + REST
        said = self._said(error)
        logger.warning(
            "artefact %s %s %s: %s; this machine's is used", name, what, self.shown, said
        )


def _inside(file: Any) -> str:  # noqa: ANN401  # whatever the manifest says
    """A path that stays inside the artefact.

    Raises
    ------
    ValueError
        If it leads out.
    """
    path = PurePosixPath(str(file))
    if path.is_absolute() or ".." in path.parts or not path.parts:
        message = f"file {str(file)!r} leads out of the artefact"
        raise ValueError(message)
    return str(path)


def _leaf(place: Any) -> str:  # noqa: ANN401
    if "/" in _inside(place):
        message = f"place {place!r} is no name"
        raise ValueError(message)
    return str(place)
