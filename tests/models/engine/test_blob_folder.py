import errno
import os
import time
from pathlib import Path

import pytest

from models.engine.blob_file import HEADER, Seal, Span, span
from models.engine.blob_folder import BlobFolder

SEAL = Seal(b"s" * 32)
THEIRS = Seal(b"t" * 32)
PAYLOAD = bytes(100)
SIZE = SEAL.size(len(PAYLOAD))


def named(number: int) -> Span:
    return span(b"model", range(number + 1), 0, number + 1)


def put(blobs: BlobFolder, span: Span, data: bytes = PAYLOAD) -> Path:
    draft = blobs.draft(span, data, lambda: True)
    assert draft
    blobs.place(draft, span)
    return blobs.path / blobs.name(span)


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def there(blobs: BlobFolder, count: int) -> list[int]:
    """Which of the first spans are in the folder."""
    return [number for number in range(count) if named(number) in blobs]


def test_the_folder_and_its_files_are_their_owners_alone(folder: Path) -> None:
    path = put(BlobFolder(folder / "library" / "kv", SIZE, SEAL), named(0))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_least_recently_used_go_when_the_budget_is_used_up(folder: Path) -> None:
    blobs = BlobFolder(folder, 3 * SIZE, SEAL)
    for number, seconds in enumerate([300, 500, 400]):
        age(put(blobs, named(number)), seconds)
    put(blobs, named(3))
    assert there(blobs, 4) == [0, 2, 3]
    assert blobs.read(named(2)) == PAYLOAD  # used now, so 0 goes before it
    put(blobs, named(4))
    assert there(blobs, 5) == [2, 3, 4]
    assert sum(file.stat().st_size for file in folder.iterdir()) == 3 * SIZE


def test_a_blob_in_its_own_place_drives_nothing_out(folder: Path) -> None:
    blobs = BlobFolder(folder, 2 * SIZE, SEAL)
    put(blobs, named(0))
    put(blobs, named(1))
    put(blobs, named(1), bytes(100))
    assert there(blobs, 2) == [0, 1]


def test_a_large_blob_drives_out_as_many_as_it_needs(folder: Path) -> None:
    blobs = BlobFolder(folder, 4 * SIZE, SEAL)
    for number in range(4):
        age(put(blobs, named(number)), 400 - number)
    put(blobs, named(4), bytes(SIZE + 100))
    assert there(blobs, 5) == [2, 3, 4]


def test_for_what_does_not_fit_at_all_nothing_goes(folder: Path) -> None:
    blobs = BlobFolder(folder, 2 * SIZE, SEAL)
    put(blobs, named(0))
    with pytest.raises(OSError, match="do not fit into"):
        blobs.draft(named(1), bytes(2 * SIZE), lambda: True)
    assert there(blobs, 2) == [0]


def test_use_is_marked_once_in_a_while_only(folder: Path) -> None:
    blobs = BlobFolder(folder, SIZE, SEAL)
    path = put(blobs, named(0))
    age(path, 30)
    marked = path.stat().st_mtime
    assert blobs.read(named(0)) == PAYLOAD
    assert path.stat().st_mtime == marked
    age(path, 90)
    assert blobs.read(named(0)) == PAYLOAD
    assert time.time() - path.stat().st_mtime < 30


def test_a_time_to_come_keeps_no_blob(folder: Path) -> None:
    blobs = BlobFolder(folder, 2 * SIZE, SEAL)
    age(put(blobs, named(0)), 300)
    age(put(blobs, named(1)), -(10**6))
    put(blobs, named(2))
    assert there(blobs, 3) == [0, 2]


def test_others_blobs_are_left_alone_until_the_budget_needs_their_room(folder: Path) -> None:
    ours, theirs = BlobFolder(folder, 3 * SIZE, SEAL), BlobFolder(folder, 3 * SIZE, THEIRS)
    age(put(theirs, named(0)), 300)
    put(theirs, named(1))
    put(ours, named(0))
    assert ours.index(0)[1] == [1]
    assert ours.read(named(1)) is None
    assert len(ours.sizes()) == 1
    assert there(theirs, 2) == [0, 1]
    put(ours, named(1))
    assert there(theirs, 2) == [1]
    ours.clear()
    assert ours.sizes() == {}
    assert theirs.read(named(1)) == PAYLOAD


def test_other_files_are_neither_counted_nor_removed(folder: Path) -> None:
    (folder / "notes.txt").write_bytes(bytes(10 * SIZE))
    (folder / "notes.0.1.kv").write_bytes(bytes(10 * SIZE))
    (folder / ("0" * 40 + ".1.2.kv")).mkdir()
    age(folder / "notes.txt", 10**6)
    blobs = BlobFolder(folder, SIZE, SEAL)
    put(blobs, named(0))
    put(blobs, named(1))
    assert there(blobs, 2) == [1]
    blobs.clear()
    assert len(list(folder.iterdir())) == 3


def test_drafts_of_killed_processes_go_when_old_or_when_room_is_needed(folder: Path) -> None:
    blobs = BlobFolder(folder, 3 * SIZE, SEAL)
    drafts = [folder / f"{SEAL.name(named(9))}.{number:016x}" for number in range(3)]
    for draft in drafts:
        draft.write_bytes(bytes(SIZE))
    age(drafts[0], 4000)  # abandoned; the second may be, and the third is being written
    age(drafts[1], 90)
    put(blobs, named(0))
    assert [draft.exists() for draft in drafts] == [False, True, True]
    age(folder / blobs.name(named(0)), 1000)
    put(blobs, named(1))
    assert [draft.exists() for draft in drafts] == [False, False, True]
    assert there(blobs, 2) == [0, 1]
    put(blobs, named(2))
    assert drafts[2].exists()
    assert there(blobs, 3) == [1, 2]


def test_a_write_that_is_called_off_leaves_nothing(folder: Path) -> None:
    assert BlobFolder(folder, SIZE, SEAL).draft(named(0), PAYLOAD, lambda: False) is None
    assert list(folder.iterdir()) == []


def test_what_others_write_and_remove_is_seen_at_once(folder: Path) -> None:
    one, two = BlobFolder(folder, 9 * SIZE, SEAL), BlobFolder(folder, 9 * SIZE, SEAL)
    for _ in range(100):
        path = put(one, named(0))
        assert named(0) in two
        assert two.index(0)[1] == [1]
        path.unlink()
        assert named(0) not in two


def test_a_change_within_one_tick_of_the_clock_is_seen(folder: Path) -> None:
    blobs = BlobFolder(folder, 9 * SIZE, SEAL)
    put(blobs, named(0))
    time_ns = folder.stat().st_mtime_ns
    assert there(blobs, 2) == [0]
    put(BlobFolder(folder, 9 * SIZE, SEAL), named(1))
    os.utime(folder, ns=(time_ns, time_ns))
    assert there(blobs, 2) == [0, 1]


def test_a_folder_that_rests_is_listed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = BlobFolder(folder, 9 * SIZE, SEAL)
    put(blobs, named(0))
    age(folder, 10)
    listings = []
    listdir = os.listdir

    def counted(path: Path) -> list[str]:
        listings.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", counted)
    for _ in range(100):
        assert named(0) in blobs
        assert named(1) not in blobs
    assert len(listings) == 1
    put(blobs, named(1))
    assert named(1) in blobs
    assert len(listings) == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "swap", "theirs", "vast"])
def test_a_file_that_is_not_what_was_written_is_removed(folder: Path, damage: str) -> None:
    blobs = BlobFolder(folder, 9 * SIZE, SEAL)
    path, other = put(blobs, named(0)), put(blobs, named(1), bytes(50))
    whole = path.read_bytes()
    if damage == "swap":
        os.replace(other, path)
    elif damage == "theirs":
        os.replace(put(BlobFolder(folder, 9 * SIZE, THEIRS), named(0)), path)
    elif damage == "vast":
        vast = 10**12  # takes no room, and must take no memory
        with path.open("wb") as file:
            *header, _ = HEADER.unpack_from(whole)
            file.write(HEADER.pack(*header, vast))
            file.truncate(SEAL.size(vast))
    else:
        changed = {"flip": whole[:-1] + b"x", "cut": whole[:50], "empty": b""}
        path.write_bytes(changed[damage])
    assert blobs.read(named(0)) is None
    assert not path.exists()
    put(blobs, named(0))
    assert blobs.read(named(0)) == PAYLOAD


def test_neither_a_link_nor_a_pipe_nor_a_folder_is_read(folder: Path) -> None:
    blobs = BlobFolder(folder / "kv", 9 * SIZE, SEAL)
    path = put(blobs, named(0))
    outside = folder / "outside"
    os.replace(path, outside)
    path.symlink_to(outside)
    with pytest.raises(OSError, match="symbolic links"):
        blobs.read(named(0))
    put(blobs, named(0))  # takes the link's place
    assert blobs.read(named(0)) == PAYLOAD
    assert outside.exists()
    path.unlink()
    os.mkfifo(path)
    assert blobs.read(named(0)) is None
    assert not path.exists()
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        blobs.read(named(0))


def test_a_damaged_file_is_kept_if_a_new_one_took_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = BlobFolder(folder, 9 * SIZE, SEAL)
    put(blobs, named(0)).write_bytes(b"damaged")

    def replaced_meanwhile(*_: object) -> None:
        monkeypatch.undo()
        time.sleep(0.02)  # the clock of the file system goes on
        put(blobs, named(0))

    monkeypatch.setattr(Seal, "read", replaced_meanwhile)
    assert blobs.read(named(0)) is None
    assert blobs.read(named(0)) == PAYLOAD


def test_on_a_full_disk_the_least_recently_used_make_room(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = BlobFolder(folder, 100 * SIZE, SEAL)
    for number in range(3):
        age(put(blobs, named(number)), 300 - number)
    write = Seal.write

    def on_a_full_disk(self: Seal, *arguments: object) -> bool:
        if len(list(folder.glob("*.kv"))) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Seal, "write", on_a_full_disk)
    put(blobs, named(3))
    assert there(blobs, 4) == [1, 2, 3]
    put(blobs, named(2))  # the new one is written while the old one takes its room
    assert there(blobs, 4) == [2, 3]
    put(blobs, named(1))
    with pytest.raises(OSError, match="do not fit into") as caught:
        blobs.draft(named(4), bytes(4 * SIZE), lambda: True)
    assert caught.value.errno == errno.ENOSPC
    assert there(blobs, 5) == [1, 2, 3]
    assert len(list(folder.iterdir())) == 3


def test_where_others_keep_all_the_room_the_reason_is_raised(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(BlobFolder(folder, SIZE, THEIRS), named(0))

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OSError, match="leaves no room"):
        BlobFolder(folder, SIZE, SEAL).draft(named(0), PAYLOAD, lambda: True)
    assert len(list(folder.iterdir())) == 1
