"""Passwords of the stack: never shown, never empty."""

from pathlib import Path

from flows.stack.passwords import Secrets, kept


def test_passwords_are_not_shown() -> None:
    told = repr(Secrets("hunter2", "me:hunter2", "mlflow-hunter2"))
    assert "hunter2" not in told


def test_a_password_is_made_once_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "stack" / "password"
    made = kept(file)
    assert len(made) >= 32  # 24 random bytes
    assert kept(file) == made
    assert file.stat().st_mode & 0o077 == 0


def test_a_start_that_was_killed_before_it_wrote_the_password_leaves_none_that_is_empty(
    tmp_path: Path,
) -> None:
    (tmp_path / "postgres-password").touch()
    made = Secrets.of({}, tmp_path).postgres
    assert len(made) >= 32
    assert Secrets.of({}, tmp_path).postgres == made
