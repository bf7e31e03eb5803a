import errno
import os
import threading
from pathlib import Path

import pytest

from models.engine.blob_secret import LENGTH, blob_secret


def test_the_secret_stays_the_same_and_is_its_owners_alone(folder: Path) -> None:
    path = folder / "cache" / "blob-secret"
    first = blob_secret(path)
    assert len(first) == LENGTH
    assert blob_secret(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["blob-secret"]


def test_two_users_have_two_secrets(folder: Path) -> None:
    assert blob_secret(folder / "mine") != blob_secret(folder / "theirs")


@pytest.mark.parametrize("name", [f"round-{number}" for number in range(20)])
def test_all_who_race_for_it_get_the_same_secret(folder: Path, name: str) -> None:
    path = folder / name
    together = threading.Barrier(8)
    found: list[bytes] = []

    def get() -> None:
        together.wait()
        found.append(blob_secret(path))

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [path.read_bytes()] * 8


def test_a_damaged_secret_is_replaced(folder: Path) -> None:
    path = folder / "blob-secret"
    path.write_bytes(b"short")
    secret = blob_secret(path)
    assert len(secret) == LENGTH
    assert path.read_bytes() == secret


def test_a_file_system_without_hard_links_will_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    path = folder / "blob-secret"
    assert blob_secret(path) == path.read_bytes()
    assert [file.name for file in folder.iterdir()] == ["blob-secret"]


def test_where_it_cannot_be_made_the_reason_is_raised(folder: Path) -> None:
    (folder / "cache").write_text("a file")
    with pytest.raises(NotADirectoryError):
        blob_secret(folder / "cache" / "blob-secret")
