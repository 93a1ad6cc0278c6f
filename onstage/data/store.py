"""The store: every step's result is a directory, published by one rename, named by what made it.

A killed run leaves either a whole artefact or none. The same inputs, configuration and code
version give the same key, so finished work is found instead of redone; a damaged artefact is
recognised by its digests and made again.
"""

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from onstage.data.drafts import mine, sweep_dead
from onstage.data.remote import Remote
from onstage.errors import StoreError


logger = logging.getLogger(__name__)

MANIFEST: Final = "manifest.json"


def _name(step: str, key: str) -> str:
    return f"{step}-{key[:20]}"


class Reference(BaseModel):
    """What steps exchange instead of tables: small, JSON, and without a machine's paths."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    step: str
    """The step that made it."""
    key: str
    """Digest of (step, code version, input digests, configuration): where it stands."""
    digest: str
    """Digest of its content: what depends on it uses this, so an equal result changes nothing."""
    counts: dict[str, float | int | str] = {}
    """A few numbers worth a log line: rows, users, seconds."""
    reused: bool = False
    """True when it stood there already."""

    @property
    def name(self) -> str:
        """Directory name inside the store."""
        return _name(self.step, self.key)


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    step: str
    key: str
    digest: str
    counts: dict[str, float | int | str]
    files: dict[str, str]

    @classmethod
    def of(
        cls,
        draft: Path,
        step: str,
        key: str,
        counts: dict[str, float | int | str],
        content: Sequence[str],
    ) -> Self:
        files = {
            str(path.relative_to(draft)): digest_file(path)
            for path in sorted(draft.rglob("*"))
            if path.is_file()
        }
        counted = {
            name: digest
            for name, digest in files.items()
            if any(fnmatch(name, pattern) for pattern in content)
        }
        return cls(step=step, key=key, digest=digest_json(counted), counts=counts, files=files)


def digest_json(value: Any) -> str:  # noqa: ANN401  # anything pydantic can write as JSON
    """SHA-256 of a value's canonical JSON."""
    plain = json.loads(TypeAdapter(Any).dump_json(value))
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in chunks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def step_key(step: str, version: str, inputs: Mapping[str, str], config: Any) -> str:  # noqa: ANN401
    """Key of a step: same code version, same input digests and same configuration, same key."""
    return digest_json({"step": step, "version": version, "inputs": dict(inputs), "config": config})


class Store:
    """A folder of artefacts.

    Parameters
    ----------
    root
        Created when missing.
    remote
        Where finished artefacts are published, and where those are looked for that are not here.

    Raises
    ------
    StoreError
        If the folder cannot be created or written.
    """

    def __init__(self, root: Path, remote: Remote | None = None) -> None:
        self.root = root
        self.remote = remote
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"store {root}: {error.strerror}; choose a writable folder with ONSTAGE_HOME"
            raise StoreError(message) from error

    def path(self, reference: Reference, file: str = "") -> Path:
        """Where an artefact, or one of its files, stands."""
        return self.root / reference.name / file

    def find(self, step: str, key: str) -> Reference | None:
        """The whole and undamaged artefact of `key`, or None.

        A damaged one is removed; one that is not here is fetched from the remote, if that has it.
        """
        name = _name(step, key)
        found = self._checked(self.root / name, step, key)
        if found is not None or self.remote is None or self.remote.resting:
            return found
        try:
            return self._fetched(self.remote, step, key)
        except OSError as error:  # of this machine's disk, which whoever makes it will meet too
            logger.warning("artefact %s was not fetched (%s)", name, error.strerror or error)
            return None

    def _checked(self, folder: Path, step: str, key: str) -> Reference | None:
        if not folder.exists():
            return None
        try:
            manifest = _Manifest.model_validate_json((folder / MANIFEST).read_text())
            whole = manifest.key == key and all(
                digest_file(folder / file) == digest for file, digest in manifest.files.items()
            )
        except (OSError, ValidationError):
            whole = False
        if not whole:
            logger.warning("artefact %s is damaged: it is made again", _name(step, key))
            shutil.rmtree(folder)
            return None
        return Reference(
            step=step, key=key, digest=manifest.digest, counts=manifest.counts, reused=True
        )

    def _fetched(self, remote: Remote, step: str, key: str) -> Reference | None:
        """The artefact of `key` as `remote` has it: downloaded, checked, put in its place."""
        name = _name(step, key)
        draft = Path(tempfile.mkdtemp(prefix=mine("draft"), dir=self.root))
        try:
            whole = remote.pull(name, draft)
            if whole and self._checked(draft, step, key) is None:
                remote.forget(name)
                whole = False
            if not whole:
                self._note(name).unlink(missing_ok=True)
                return None
            self._place(draft, name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._note_published(name)
        return self._checked(self.root / name, step, key)

    def _offer(self, made: Reference) -> None:
        """Publish an artefact at the remote, unless that was done."""
        if self.remote is None or self._note(made.name).exists():
            return
        manifest = _Manifest.model_validate_json(self.path(made, MANIFEST).read_text())
        if self.remote.push(made.name, self.path(made), manifest.files):
            self._note_published(made.name)

    def _note_published(self, name: str) -> None:
        note = self._note(name)
        with suppress(OSError):  # without a note the remote is asked again, no more
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()

    def _note(self, name: str) -> Path:
        """An empty file that remembers that the remote has an artefact."""
        remote = "" if self.remote is None else self.remote.shown
        return self.root / ".published" / digest_json(remote)[:12] / name

    def make(
        self,
        step: str,
        key: str,
        build: Callable[[Path], Mapping[str, float | int | str]],
        *,
        content: Sequence[str] = ("*",),
    ) -> Reference:
        """Return the artefact of `key`, building it only if it is not there.

        Parameters
        ----------
        step, key
            See :func:`step_key`.
        build
            Writes the artefact's files into the empty folder it is given and returns its counts.
            Whatever it raises passes through, and nothing of what it wrote remains.
        content
            Patterns of the files that make up the content's digest, on which later steps depend.
            Others, such as pages for people, are kept and checked, but change nothing.

        Raises
        ------
        StoreError
            If the disk is full or read-only.
        """
        found = self.find(step, key)
        if found is not None:
            self._offer(found)
            return found
        draft: Path | None = None
        try:
            draft = Path(tempfile.mkdtemp(prefix=mine("draft"), dir=self.root))
            counts = dict(build(draft))
            self._publish(draft, _Manifest.of(draft, step, key, counts, content))
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT}:
                message = (
                    f"store {self.root}: {error.strerror} while writing step {step}; nothing was "
                    "published. Free space or choose another folder with ONSTAGE_HOME"
                )
                raise StoreError(message) from error
            raise
        finally:
            if draft is not None:
                shutil.rmtree(draft, ignore_errors=True)
        made = self.find(step, key)
        if made is None:
            message = f"store {self.root}: artefact {_name(step, key)} was damaged while published"
            raise StoreError(message)
        self._offer(made)
        return made.model_copy(update={"reused": False})

    def _publish(self, draft: Path, manifest: _Manifest) -> None:
        with (draft / MANIFEST).open("w") as stream:
            stream.write(manifest.model_dump_json(indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        self._place(draft, _name(manifest.step, manifest.key))

    def _place(self, draft: Path, name: str) -> None:
        target = self.root / name
        try:
            draft.rename(target)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            logger.info("artefact %s was published by another process meanwhile", target.name)

    def sweep_drafts(self) -> int:
        """Remove what killed processes of this machine left half-written.

        Returns
        -------
        int
            How many folders. Those of living processes and of other machines are left alone.
        """
        return sweep_dead(self.root, "draft")
