import errno
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from models.engine import blobs
from models.engine.blob_file import Seal
from models.engine.blobs import BlobStore, Span, span

ROOT = Path(__file__).resolve().parents[3]
SECRET = b"s" * 32
TOKENS = range(100)
MB = 2**20


def named(number: int) -> Span:
    return span(b"model", TOKENS, 0, number + 1)


def reopened(store: BlobStore) -> BlobStore:
    """What another process would see, once everything is written."""
    assert store.flush(10)
    return BlobStore(store.folder, 100 * MB, 0, SECRET)


@pytest.fixture
def store(folder: Path) -> Iterator[BlobStore]:
    """Without memory: what is read comes from the disk, or is on its way there."""
    made = BlobStore(folder / "kv", 100 * MB, 0, SECRET)
    yield made
    made.close(10)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The disk writes nothing until this is set."""
    opened = threading.Event()
    write = Seal.write

    def behind_the_gate(self: Seal, *arguments: object) -> bool:
        assert opened.wait(20)
        return write(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Seal, "write", behind_the_gate)
    yield opened
    opened.set()


# ---- what is kept


@pytest.mark.parametrize("data", [b"", b"small", os.urandom(5 * MB)], ids=["none", "small", "5 MB"])
def test_what_is_written_is_read_at_once_and_by_others_later(store: BlobStore, data: bytes) -> None:
    assert store.write(named(0), data)
    assert named(0) in store
    assert store.read(named(0)) == data
    other = reopened(store)
    assert named(0) in other
    assert other.read(named(0)) == data
    assert named(1) not in other
    assert other.read(named(1)) is None


def test_a_view_is_copied_for_its_buffer_is_used_again(store: BlobStore) -> None:
    buffer = bytearray(b"first")
    assert store.write(named(0), memoryview(buffer))
    buffer[:] = b"later"
    assert store.read(named(0)) == b"first"
    assert reopened(store).read(named(0)) == b"first"


def test_the_longest_of_several_candidates_is_found(store: BlobStore) -> None:
    for end in (10, 40, 70, 90):
        store.write(span(b"model", TOKENS, 5, end), b"data")
    store.write(span(b"model", TOKENS, 6, 80), b"another start")
    store.write(span(b"other", TOKENS, 5, 80), b"another model")
    store.write(span(b"model", [*TOKENS[:44], 0, *TOKENS[45:]], 5, 60), b"another text")
    for seen in (store, reopened(store)):
        assert seen.longest(b"model", TOKENS, 5) == span(b"model", TOKENS, 5, 90)
        assert seen.longest(b"model", TOKENS[:89], 5) == span(b"model", TOKENS, 5, 70)
        assert seen.longest(b"model", [*TOKENS[:69], 0], 5) == span(b"model", TOKENS, 5, 40)
        assert seen.longest(b"model", TOKENS[:9], 5) is None
        assert seen.longest(b"model", [], 5) is None
        assert seen.longest(b"none", TOKENS, 5) is None
        assert seen.longest(b"model", TOKENS, 0) is None


def test_without_a_budget_the_disk_is_left_alone(folder: Path) -> None:
    store = BlobStore(folder / "kv", 0, 100)
    assert store.write(named(0), bytes(60))
    assert not store.write(named(1), bytes(101))
    assert (store.size(), store.count()) == (60, 1)
    assert store.write(named(2), b"")
    assert store.read(named(2)) == b""
    assert store.longest(b"model", TOKENS, 0) == named(2)
    assert store.write(named(3), bytes(50))
    assert store.read(named(0)) is None
    store.clear()
    assert store.count() == 0
    store.close()
    assert list(folder.iterdir()) == []


def test_memory_is_read_without_the_disk(store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(named(0), b"data")
    other = BlobStore(store.folder, 100 * MB, MB, SECRET)
    assert store.flush(10)
    assert other.read(named(0)) == b"data"
    monkeypatch.setattr(Seal, "read", None)
    assert other.read(named(0)) == b"data"


def test_use_from_memory_is_marked_on_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BlobStore(folder, 100 * MB, MB, SECRET)
    store.write(named(0), b"data")
    assert store.flush(10)
    (path,) = folder.glob("*.kv")
    os.utime(path, (1, 1))
    assert store.read(named(0)) == b"data"
    assert path.stat().st_mtime == 1  # marked a moment ago, when it was written
    monkeypatch.setattr(blobs, "TOUCH_S", -1)
    assert store.read(named(0)) == b"data"
    assert time.time() - path.stat().st_mtime < 60


def test_size_and_count_are_of_the_disk_and_what_is_on_its_way(
    store: BlobStore, gate: threading.Event
) -> None:
    store.write(named(0), bytes(1000))
    store.write(named(1), bytes(2000))
    before = store.size(), store.count()
    gate.set()
    assert store.flush(10)
    assert before == (store.size(), store.count())
    assert store.count() == 2
    assert store.size() == sum(file.stat().st_size for file in store.folder.iterdir())


def test_cleared_is_gone_from_memory_and_disk_and_stays_so(
    folder: Path, gate: threading.Event
) -> None:
    store = BlobStore(folder, 100 * MB, MB, SECRET)
    for number in range(3):
        store.write(named(number), b"data")
    store.clear()  # while the first is being written
    assert store.read(named(0)) is None
    gate.set()
    assert store.flush(10)
    assert list(folder.iterdir()) == []
    store.write(named(0), b"data")
    assert store.flush(10)
    store.clear()
    assert (store.size(), store.count(), list(folder.iterdir())) == (0, 0, [])


def test_a_blob_that_is_cleared_while_it_is_written_is_called_off(
    store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Seal.write
    asked: list[bool] = []

    def cleared_meanwhile(
        self: Seal, file: BinaryIO, span: Span, data: bytes, goes_on: Callable[[], bool]
    ) -> bool:
        complete = write(self, file, span, data, goes_on)
        asked.append(goes_on())
        store.clear()
        asked.append(goes_on())
        return complete  # too late to be told

    monkeypatch.setattr(Seal, "write", cleared_meanwhile)
    store.write(named(0), b"data")
    assert store.flush(10)
    assert asked == [True, False]
    assert list(store.folder.iterdir()) == []


def test_what_is_written_during_a_read_is_the_newer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BlobStore(folder, MB, 10, SECRET)
    store.write(named(0), b"old")
    assert store.flush(10)
    store.write(named(1), bytes(10))  # drives it out of memory
    read = Seal.read

    def overtaken(self: Seal, *arguments: object) -> bytes | None:
        data = read(self, *arguments)  # type: ignore[arg-type]
        store.write(named(0), b"new")
        return data

    monkeypatch.setattr(Seal, "read", overtaken)
    assert store.read(named(0)) == b"old"
    assert store.read(named(0)) == b"new"


def test_the_newer_of_two_blobs_stays(store: BlobStore, gate: threading.Event) -> None:
    for data in (b"first", b"second", b"third"):
        assert store.write(named(0), data)
        assert store.read(named(0)) == data
    gate.set()
    assert reopened(store).read(named(0)) == b"third"
    assert len(list(store.folder.iterdir())) == 1


@settings(max_examples=40, stateful_step_count=30, deadline=None)
class Model(RuleBasedStateMachine):
    """Two stores on one folder and a third with another secret, against dictionaries."""

    numbers = st.integers(0, 2)
    tokens = st.lists(st.integers(0, 1), min_size=1, max_size=4)
    identities = st.sampled_from([b"a", b"b"])
    starts = st.integers(0, 2)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stores = [self._open(number) for number in range(3)]
        ours: dict[tuple[bytes, tuple[int, ...], int], list[bytes]] = {}
        self.kept = [ours, ours, {}]

    def _open(self, number: int) -> BlobStore:
        secret = SECRET if number < 2 else b"t" * 32
        return BlobStore(self.folder, MB, [0, MB, 0][number], secret)

    def _see(self, number: int) -> BlobStore:
        """A store after all others have written what they had to."""
        for other in self.stores:
            if other is not self.stores[number]:
                assert other.flush(10)
        return self.stores[number]

    @rule(number=numbers, identity=identities, tokens=tokens, start=starts, data=st.binary())
    def write(
        self, number: int, identity: bytes, tokens: list[int], start: int, data: bytes
    ) -> None:
        if start < len(tokens):
            store = self._see(number)
            assert store.write(span(identity, tokens, start, len(tokens)), data)
            self.kept[number].setdefault((identity, tuple(tokens), start), []).append(data)

    @rule(number=numbers, identity=identities, tokens=tokens, start=starts)
    def read(self, number: int, identity: bytes, tokens: list[int], start: int) -> None:
        if start >= len(tokens):
            return
        wanted = span(identity, tokens, start, len(tokens))
        written = self.kept[number].get((identity, tuple(tokens), start))
        store = self._see(number)
        assert (wanted in store) == bool(written)
        found = store.read(wanted)
        if not written:
            assert found is None
        elif number == 1:  # memory may have an older one: any is right for its span
            assert found in written
        else:
            assert found == written[-1]

    @rule(number=numbers, identity=identities, tokens=tokens, start=starts)
    def longest(self, number: int, identity: bytes, tokens: list[int], start: int) -> None:
        ends = [
            end
            for end in range(len(tokens) + 1)
            if (identity, tuple(tokens[:end]), start) in self.kept[number]
        ]
        expected = span(identity, tokens, start, max(ends)) if ends else None
        assert self._see(number).longest(identity, tokens, start) == expected

    @rule(number=numbers)
    def restart(self, number: int) -> None:
        self.stores[number].close(10)
        self.stores[number] = self._open(number)

    @rule(theirs=st.booleans())
    def clear(self, theirs: bool) -> None:
        for number in [2] if theirs else [0, 1]:
            self._see(number).clear()
            self.kept[number].clear()

    @invariant()
    def all_are_counted(self) -> None:
        for number, kept in enumerate(self.kept):
            assert self._see(number).count() == len(kept)

    def teardown(self) -> None:
        for store in self.stores:
            store.close(10)
        shutil.rmtree(self.folder)


TestModel = Model.TestCase


# ---- the writer


def test_writing_waits_for_nothing_and_too_much_of_it_is_dropped(
    store: BlobStore,
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(blobs, "QUEUE", 250)
    assert store.write(named(0), bytes(300))  # one may be larger
    assert not store.write(named(1), bytes(1))
    assert not store.write(named(2), bytes(1))
    assert store.read(named(0)) == bytes(300)
    assert named(1) not in store
    assert not store.flush(0.05)
    gate.set()
    assert store.flush(10)
    for number in range(1, 4):
        assert store.write(named(number), bytes(80))
    assert [named(number) in reopened(store) for number in range(5)] == [True] * 4 + [False]
    assert [line.message for line in caplog.records] == [
        f"KV that was computed is not kept: 300 bytes wait for {store.folder} already"
    ]


def test_many_threads_use_one_store(store: BlobStore) -> None:
    wrong: list[int] = []

    def use(seed: int) -> None:
        choice = random.Random(seed)
        for _ in range(100):
            number = choice.randrange(20)
            if choice.random() < 0.5:
                store.write(named(number), bytes([number]) * 5000)
            elif store.read(named(number)) not in (None, bytes([number]) * 5000):
                wrong.append(number)
            store.longest(b"model", TOKENS, 0)

    threads = [threading.Thread(target=use, args=[seed]) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    other = reopened(store)
    assert other.count() == 20
    assert all(other.read(named(number)) == bytes([number]) * 5000 for number in range(20))
    assert len(list(store.folder.iterdir())) == 20


def test_after_closing_nothing_more_is_written(store: BlobStore) -> None:
    assert store.write(named(0), b"data")
    store.close()
    store.close()
    assert not store.write(named(1), b"data")
    assert store.read(named(0)) == b"data"
    assert reopened(store).count() == 1


def test_closing_does_not_wait_longer_than_told(store: BlobStore, gate: threading.Event) -> None:
    for number in range(3):
        store.write(named(number), b"data")
    started = time.monotonic()
    store.close(0.1)
    assert time.monotonic() - started < 5
    gate.set()
    assert store.flush(10)
    assert list(store.folder.iterdir()) == []


def test_a_store_that_is_dropped_leaves_no_thread(folder: Path) -> None:
    store = BlobStore(folder, MB, 0, SECRET)
    store.write(named(0), b"data")
    assert store.flush(10)
    assert not [thread for thread in threading.enumerate() if thread.name == "kvasir-blobs"]


def test_where_no_thread_can_be_had_the_caller_writes(
    store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert store.write(named(0), b"data")
    assert reopened(store).read(named(0)) == b"data"


# ---- trouble


def test_a_blob_larger_than_the_budget_is_kept_in_memory_only(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = BlobStore(folder / "kv", 1000, MB, SECRET)
    assert not store.write(named(0), bytes(2000))
    assert not store.write(named(1), bytes(2000))
    assert store.read(named(0)) == bytes(2000)
    assert store.write(named(2), bytes(500))
    assert reopened(store).count() == 1
    assert [line.message for line in caplog.records] == [
        "KV that was computed is not kept: a blob of 2000 bytes is larger than the budget of 1000"
    ]


def _a_file_in_the_way(path: Path) -> None:
    path.write_text("a file")


def _a_file_above(path: Path) -> None:
    path.parent.write_text("a file")


@pytest.mark.parametrize("spoil", [_a_file_in_the_way, _a_file_above])
def test_a_folder_that_cannot_be_had_is_warned_of_once(
    folder: Path,
    spoil: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(blobs, "RETRY_S", 0)
    path = folder / "above" / "kv" if spoil is _a_file_above else folder / "kv"
    spoil(path)
    store = BlobStore(path, MB, MB, SECRET)
    for number in range(3):
        store.write(named(number), b"data")
        assert store.flush(10)
        assert store.read(named(number)) == b"data"  # from memory
        assert store.longest(b"model", TOKENS, 0) == named(number)
    assert store.read(named(9)) is None
    assert (store.size(), store.count()) == (0, 0)
    store.clear()
    assert len(caplog.records) <= 2  # one of writing, one of reading
    assert f"{path} cannot be written" in caplog.records[0].message
    assert (path.parent if spoil is _a_file_above else path).read_text() == "a file"


def test_a_folder_that_vanishes_is_made_again(
    store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "RETRY_S", 0)
    store.write(named(0), b"data")
    assert store.flush(10)
    shutil.rmtree(store.folder)
    assert named(0) not in store
    assert store.read(named(0)) is None
    assert store.longest(b"model", TOKENS, 0) is None
    assert store.count() == 0
    assert store.write(named(1), b"data")
    assert reopened(store).read(named(1)) == b"data"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_no_more_rests_and_is_tried_again(
    folder: Path,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = BlobStore(folder, MB, MB, SECRET)
    assert store.write(named(0), b"data")
    assert store.flush(10)
    tried = []

    def refuse(*_: object) -> bool:
        tried.append(True)
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Seal, "write", refuse)
        assert store.write(named(1), bytes(2000))
        assert store.flush(10)
        assert not store.write(named(2), bytes(2000))
        assert store.flush(10)
    assert len(tried) == 1
    assert store.read(named(2)) == bytes(2000)
    assert len(list(folder.iterdir())) == 1
    assert len(caplog.records) == 1
    assert f"{folder} cannot be written" in caplog.records[0].message
    monkeypatch.setattr(store, "_rests_until", time.monotonic())
    assert store.write(named(2), b"data")
    assert reopened(store).read(named(2)) == b"data"


def test_a_damaged_blob_is_computed_and_kept_again(store: BlobStore) -> None:
    store.write(named(0), b"data")
    assert store.flush(10)
    (path,) = store.folder.iterdir()
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert store.read(named(0)) is None
        assert not path.exists()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert store.read(named(0)) is None
    assert store.longest(b"model", TOKENS, 0) is None
    assert store.write(named(0), b"again")
    assert reopened(store).read(named(0)) == b"again"


def test_blobs_of_another_secret_are_not_believed(store: BlobStore) -> None:
    theirs = BlobStore(store.folder, 100 * MB, 0, b"t" * 32)
    theirs.write(named(0), b"theirs")
    assert theirs.flush(10)
    assert named(0) not in store
    assert store.read(named(0)) is None
    store.write(named(0), b"ours")
    assert reopened(store).read(named(0)) == b"ours"
    assert theirs.read(named(0)) == b"theirs"


def test_the_secret_is_made_in_the_cache_folder(
    folder: Path, setting: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    setting(CACHE=folder / "cache")
    store = BlobStore(folder / "kv", MB)
    store.write(named(0), b"data")
    assert store.flush(10)
    assert (folder / "cache" / "blob-secret").stat().st_mode & 0o777 == 0o600
    assert BlobStore(folder / "kv", MB).read(named(0)) == b"data"
    (folder / "nowhere").write_text("a file")
    setting(CACHE=folder / "nowhere")
    without = BlobStore(folder / "kv", MB)
    assert without.read(named(0)) is None
    assert without.write(named(0), b"in memory")
    assert without.read(named(0)) == b"in memory"
    (line,) = caplog.records
    assert f"{folder / 'nowhere' / 'blob-secret'} cannot be used" in line.message


# ---- real disks and processes


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    path = folder / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a disk of its own can be mounted by root only")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_on_a_full_disk_the_newest_are_kept(
    disk: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = BlobStore(disk / "kv", 100 * MB, 4 * MB, SECRET)
    for number in range(6):
        store.write(named(number), bytes([number]) * 300_000)
        assert store.flush(10)
        time.sleep(0.02)  # so that none is as old as another
    assert not caplog.records
    other = reopened(store)
    assert [other.read(named(number)) is not None for number in range(6)] == [False] * 3 + [
        True
    ] * 3
    monkeypatch.setattr(blobs, "RETRY_S", 0)
    for _ in range(3):
        store.write(named(6), bytes(2 * MB))
        assert store.flush(10)
    assert store.read(named(6)) == bytes(2 * MB)
    assert other.read(named(6)) is None
    assert other.count() == 3
    assert len(list(store.folder.iterdir())) == 3
    (line,) = caplog.records
    assert f"{store.folder} cannot be written" in line.message


def test_a_disk_that_is_read_only_is_read(disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = BlobStore(disk / "kv", MB, 0, SECRET)
    first.write(named(0), b"data")
    first.write(named(1), b"data")
    assert first.flush(10)
    damaged = next(path for path in first.folder.glob("*.0.2.kv"))
    damaged.write_bytes(b"damaged")
    for path in first.folder.iterdir():
        os.utime(path, (1, 1))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    store = BlobStore(disk / "kv", MB, MB, SECRET)
    assert store.read(named(0)) == b"data"
    assert store.read(named(1)) is None
    store.write(named(2), b"data")
    assert store.flush(10)
    assert not store.write(named(3), b"data")
    assert store.read(named(3)) == b"data"
    store.clear()
    assert store.read(named(0)) == b"data"
    assert {line.message.split(": ")[-1] for line in caplog.records} == {"Read-only file system"}
    assert len(caplog.records) == 1


CHILD = """
import hashlib, logging, random, sys, time
from pathlib import Path
from models.engine.blobs import BlobStore, span
logging.basicConfig(level="WARNING")
folder, seed, budget = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
choice = random.Random(seed)
store = BlobStore(folder, budget, 0, b"s" * 32)
def content(number):
    return hashlib.shake_128(b"%d" % number).digest(20_000 * number)
def named(number):
    return span(b"model", range(100), 0, number + 1)
"""
WRITES_ON = """
store.write(named(0), content(0))
store.flush()
print("ready", flush=True)
while True:
    number = choice.randrange(30)
    store.write(named(number), content(number))
    if choice.random() < 0.3:
        store.flush()
"""
WRITES_AND_READS = """
print("ready", flush=True)
input()
read = 0
for _ in range(300):
    number = choice.randrange(30)
    if choice.random() < 0.3:
        assert store.write(named(number), content(number))
        store.flush()
    else:
        found = store.read(named(number))
        assert found is None or found == content(number)
        read += found is not None
print(read)
"""
AT_EXIT = """
for number in range(30):
    assert store.write(named(number), content(number))
"""
AT_EXIT_OF_ANOTHER = """
import atexit
atexit.register(lambda: [store.write(named(number), content(number)) for number in range(30)])
"""
STUCK = """
from models.engine.blob_file import Seal
Seal.write = lambda *_: time.sleep(60)
store.write(named(1), content(1))
"""


def content(number: int) -> bytes:
    return hashlib.shake_128(b"%d" % number).digest(20_000 * number)


def start(script: str, folder: Path, seed: int = 0, budget: int = 100 * MB) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + script, str(folder), str(seed), str(budget)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_at_any_moment_it_leaves_exact_blobs_only(folder: Path) -> None:
    choice = random.Random(7)
    path = folder / "kv"
    for seed in range(8):
        with start(WRITES_ON, path, seed, 8 * MB) as child:
            assert child.stdout
            assert child.stdout.readline() == "ready\n"
            time.sleep(choice.uniform(0.01, 0.15))
            child.kill()
        left = list(path.iterdir())
        store = BlobStore(path, 8 * MB, 0, SECRET)
        found = {number for number in range(30) if named(number) in store}
        assert len(found) == sum(file.suffix == ".kv" for file in left)
        for number in found:
            assert store.read(named(number)) == content(number)
    for file in path.iterdir():
        os.utime(file, (1, 1))
    store.write(named(0), b"data")
    assert store.flush(10)
    assert {file.suffix for file in path.iterdir()} == {".kv"}


def test_two_processes_write_and_read_at_once(folder: Path) -> None:
    children = [start(WRITES_AND_READS, folder / "kv", seed, 3 * MB) for seed in range(2)]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("\n")
        child.stdin.flush()
    results = [(*child.communicate(timeout=120), child.returncode) for child in children]
    for out, error, code in results:
        assert (error, code) == ("", 0)
        assert int(out) > 10
    files = list((folder / "kv").iterdir())
    assert {file.suffix for file in files} == {".kv"}
    assert sum(file.stat().st_size for file in files) < 4 * MB  # a blob too much for each


@pytest.mark.parametrize("script", [AT_EXIT, AT_EXIT_OF_ANOTHER], ids=["before", "at exit"])
def test_what_was_written_before_the_end_is_kept(folder: Path, script: str) -> None:
    with start(script, folder / "kv") as child:
        out, error = child.communicate(timeout=120)
    assert (child.returncode, out, error) == (0, "", "")
    store = BlobStore(folder / "kv", 100 * MB, 0, SECRET)
    for number in range(30):
        assert store.read(named(number)) == content(number)


def test_a_disk_that_hangs_does_not_keep_the_process(folder: Path) -> None:
    started = time.monotonic()
    with start(STUCK, folder / "kv") as child:
        out, error = child.communicate(timeout=120)
    assert (child.returncode, out, error) == (0, "", "")
    assert time.monotonic() - started < 20
