"""The conversations that are kept: laws of the store, against a dictionary."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.chats import UNDO_S, Chats, Row
from app.chats_file import APPLICATION, VERSION
from app.errors import ChatsError
from app.open_chats import open_chats

ROOT = Path(__file__).resolve().parents[2]
WORDS = some.text(some.characters(codec="utf-8", exclude_characters="\0"), min_size=0, max_size=30)


def turn(name: str, question: str = "Who?", answer: str = "", state: str = "writing") -> Row:
    return Row(name, "turn", question, state, answer, "{}", 1.0, "me")


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[Chats]:
    opened = Chats(tmp_path / "chats.db")
    yield opened
    opened.close()


class AgainstADictionary(RuleBasedStateMachine):
    """Whatever is done, the store holds what a dictionary would, and nobody sees another's."""

    @initialize()
    def begin(self) -> None:
        self.now = 1000.0
        self.store = Chats(None, now=lambda: self.now)
        self.rows: dict[str, list[Row]] = {}
        self.titles: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.last: dict[str, float] = {}
        self.deleted: dict[str, float] = {}
        self.count = 0

    @rule(number=some.integers(0, 3), question=WORDS, title=WORDS)
    def ask(self, number: int, question: str, title: str) -> None:
        self.count += 1
        chat, row = f"chat{number}", turn(f"turn{self.count}", question)
        self.now += 1
        self.store.add(chat, row, title=title, person=f"p{number % 2}")
        self.rows.setdefault(chat, []).append(row)
        self.titles.setdefault(chat, title)
        self.owners[chat] = f"p{number % 2}"
        self.last[chat] = self.now
        self.deleted.pop(chat, None)

    @rule(number=some.integers(0, 3), place=some.integers(0, 5), answer=WORDS)
    def write(self, number: int, place: int, answer: str) -> None:
        rows = self.rows.get(f"chat{number}", [])
        if place < len(rows):
            rows[place] = replace(rows[place], answer=answer, state="done")
            assert self.store.update(rows[place]) is False

    @rule(number=some.integers(0, 3), place=some.integers(0, 5))
    def replaced(self, number: int, place: int) -> None:
        rows = self.rows.get(f"chat{number}", [])
        if place < len(rows):
            self.store.replace_from(f"chat{number}", rows[place].id)
            assert self.store.entry(rows[place].id) == rows[place]
            del rows[place:]

    @rule(number=some.integers(0, 3), place=some.integers(0, 5), thumb=some.sampled_from([0, 1]))
    def rate(self, number: int, place: int, thumb: int) -> None:
        rows = self.rows.get(f"chat{number}", [])
        if place < len(rows):
            rows[place] = replace(rows[place], thumb=thumb, comment="why")
            self.store.rate(rows[place].id, thumb, "why")

    @rule(number=some.integers(0, 3), title=WORDS)
    def rename(self, number: int, title: str) -> None:
        self.store.rename(f"chat{number}", title)
        if f"chat{number}" in self.titles:
            self.titles[f"chat{number}"] = title

    @rule(number=some.integers(0, 3), later=some.sampled_from([1.0, UNDO_S + 1]))
    def delete(self, number: int, later: float) -> None:
        chat = f"chat{number}"
        for gone in [c for c, at in self.deleted.items() if at < self.now - UNDO_S]:
            for known in (self.rows, self.titles, self.owners, self.last, self.deleted):
                known.pop(gone)
        self.store.delete(chat)
        if chat in self.rows:
            self.deleted[chat] = self.now
        self.now += later

    @rule(number=some.integers(0, 3))
    def restore(self, number: int) -> None:
        self.store.restore(f"chat{number}")
        self.deleted.pop(f"chat{number}", None)

    @invariant()
    def it_holds_what_was_put_in(self) -> None:
        for person in ("p0", "p1"):
            there = [c for c in self.rows if c not in self.deleted and self.owners[c] == person]
            newest = sorted(there, key=lambda chat: -self.last[chat])
            listed = self.store.listed(person)
            assert [(line.id, line.title) for line in listed] == [
                (chat, self.titles[chat]) for chat in newest
            ]
            for chat in self.rows:
                expected = self.titles[chat] if chat in there else None
                assert self.store.title(chat, person) == expected
        for chat, rows in self.rows.items():
            assert self.store.entries(chat) == rows


AgainstADictionary.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
test_the_store_is_a_dictionary_of_conversations = AgainstADictionary.TestCase


@given(title=WORDS, question=WORDS, answer=WORDS, data=some.data())
def test_a_conversation_is_found_by_any_piece_of_what_was_said(
    title: str, question: str, answer: str, data: some.DataObject
) -> None:
    store = Chats(None)
    store.add("a", turn("t", question, answer), title=title)
    store.add("b", turn("u", "0", "0"), title="0")
    words = f"{title}\n{question}\n{answer}".casefold().split()
    wanted = data.draw(some.lists(some.sampled_from(words), max_size=3)) if words else []
    assert "a" in [line.id for line in store.listed(search=" ".join(wanted))]
    assert store.listed(search="nobody-said-this " + " ".join(wanted)) == []
    store.close()


def test_search_knows_no_case_no_width_and_chinese(chats: Chats) -> None:
    chats.add("a", turn("t", "Ｑ８＿０ 每块占多少字节？", "34 字节"), title="Sizes of BLOCKS")
    for search in ("blocks", "每块占", "q8_0", "字节 sizes", "100% _"):
        found = [line.id for line in chats.listed(search=search)]
        assert found == ([] if "%" in search else ["a"])


def test_what_was_replaced_is_not_found_but_kept_with_its_feedback(chats: Chats) -> None:
    chats.add("a", turn("t", "the first wording"), title="x")
    chats.rate("t", 0, "wrong page")
    chats.replace_from("a", "t")
    chats.add("a", turn("u", "the second wording"), title="y")
    assert chats.listed(search="first") == []
    kept = chats.entry("t")
    assert kept is not None
    assert (kept.thumb, kept.comment) == (0, "wrong page")


def test_what_is_deleted_for_good_is_not_in_the_file(tmp_path: Path) -> None:
    clock = [0.0]
    store = Chats(tmp_path / "chats.db", now=lambda: clock[0])
    store.add("a", turn("t", "a very private question", "xylophone"), title="private")
    store.delete("a")
    clock[0] += UNDO_S + 1
    store.delete("nothing")  # whatever is deleted next takes it along
    store.close()
    assert b"xylophone" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_who_writes_an_entry_hears_that_it_is_to_stop(chats: Chats) -> None:
    chats.add("a", turn("t"), title="x")
    assert chats.update(turn("t", answer="so far")) is False
    chats.ask_to_stop("t")
    assert chats.update(turn("t", answer="so far so good")) is True
    assert chats.update(turn("never added")) is False


def test_everything_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    first = Chats(tmp_path / "chats.db")
    first.add("a", turn("t", answer="half an ans"), title="x")  # and no close: the process dies
    second = Chats(tmp_path / "chats.db")
    assert second.entries("a") == [turn("t", answer="half an ans")]
    first.close()
    second.close()


def test_threads_and_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "chats.db"
    script = (
        "import sys; from pathlib import Path; from app.chats import Chats, Row\n"
        "store = Chats(Path(sys.argv[1]))\n"
        "for n in range(30):\n"
        "    row = Row(f'{sys.argv[2]}-{n}', 'turn', 'q', 'done', 'a', '{}', 0.0, '')\n"
        "    store.add(f'chat{n % 3}', row, title='t')\n"
        "    store.update(row)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    others = [subprocess.Popen([*command, f"process{n}"], cwd=ROOT) for n in range(2)]
    store = Chats(path)

    def work(name: str) -> None:
        for n in range(30):
            store.add(f"chat{n % 3}", turn(f"{name}-{n}"), title="t")

    threads = [Thread(target=work, args=(f"thread{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait(120) for other in others] == [0, 0]
    entries = [row.id for n in range(3) for row in store.entries(f"chat{n}")]
    assert len(entries) == len(set(entries)) == 150
    for name in ("process0", "process1", "thread0", "thread1", "thread2"):
        mine = [entry for entry in entries if entry.startswith(f"{name}-")]
        assert [m for m in mine if int(m.split("-")[1]) % 3 == 0] == [
            f"{name}-{n}" for n in range(0, 30, 3)
        ]
    store.close()


VERSION_1 = (
    "CREATE TABLE chats (id TEXT PRIMARY KEY, person TEXT NOT NULL, title TEXT NOT NULL, "
    "created_at REAL NOT NULL, changed_at REAL NOT NULL, deleted_at REAL)",
    "CREATE TABLE entries (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, "
    "chat TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE, "
    "kind TEXT NOT NULL CHECK (kind IN ('turn', 'delivery')), question TEXT NOT NULL, "
    "state TEXT NOT NULL, answer TEXT NOT NULL, details TEXT NOT NULL, asked_at REAL NOT NULL, "
    "owner TEXT NOT NULL, stopping INTEGER NOT NULL DEFAULT 0, replaced_at REAL, thumb INTEGER, "
    "comment TEXT NOT NULL DEFAULT '')",
    "CREATE INDEX entries_by_chat ON entries (chat, seq)",
    "CREATE INDEX chats_by_change ON chats (person, changed_at)",
    f"PRAGMA application_id = {APPLICATION}",
    "PRAGMA user_version = 1",
)
OLD_CHAT = "INSERT INTO chats (id, person, title, created_at, changed_at) VALUES (?, 'p', ?, 1, 2)"


def test_a_file_of_version_1_is_brought_up_to_date_and_loses_nothing(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "chats.db", isolation_level=None)
    for statement in VERSION_1:
        old.execute(statement)
    old.execute(OLD_CHAT, ("a", "kept"))
    old.execute(
        "INSERT INTO entries (id, chat, kind, question, state, answer, details, asked_at, owner, "
        "thumb, comment) VALUES ('t', 'a', 'turn', 'Who?', 'done', 'Ada.', '{}', 1.0, 'me', 1, 'y')"
    )
    stores = [Chats(tmp_path / "chats.db") for _ in range(2)]
    for store in stores:
        assert [(line.id, line.title) for line in store.listed("p")] == [("a", "kept")]
        row = replace(turn("t", answer="Ada.", state="done"), thumb=1, comment="y")
        assert (store.entries("a"), store.choice("a")) == ([row], "")
    stores[0].choose("a", "some")
    assert stores[1].choice("a") == "some"
    old.execute(OLD_CHAT, ("b", "of an older process"))  # that has the file open
    assert [line.id for line in stores[0].listed("p")] == ["a", "b"]
    for connection in (old, *stores):
        connection.close()
    with sqlite3.connect(tmp_path / "chats.db") as file:
        assert file.execute("PRAGMA user_version").fetchone() == (VERSION,)
    file.close()


def test_a_choice_is_kept_from_the_first_entry_on(chats: Chats) -> None:
    chats.choose("a", "too early")
    assert chats.choice("a") == ""
    chats.add("a", turn("t"), title="x", choice="one")
    chats.add("a", turn("u"), title="x", choice="of a tab that knows no better")
    assert chats.choice("a") == "one"
    chats.choose("a", "")
    assert chats.choice("a") == ""


@pytest.mark.parametrize("damage", ["garbage", "cut", "newer", "foreign", "folder"])
def test_a_file_that_cannot_be_used_is_left_and_a_new_one_begun(
    tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "chats.db"
    if damage == "garbage":
        path.write_bytes(b"\0no database at all" * 500)
    elif damage == "cut":
        store = Chats(path)
        for n in range(200):
            store.add("a", turn(f"t{n}", "why " * 200), title="x")
        store.close()
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage == "folder":
        path.mkdir()
    else:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE something (else_ TEXT)")
        if damage == "newer":
            other.execute(f"PRAGMA application_id = {APPLICATION}")
            other.execute(f"PRAGMA user_version = {VERSION + 1}")
        other.commit()
        other.close()
    before = path.read_bytes() if path.is_file() else b""

    chats, trouble = open_chats(tmp_path)
    assert chats.path == tmp_path / "chats-2.db"
    assert "chats.db" in trouble
    assert trouble.endswith("Conversations are kept in chats-2.db")
    assert "\n" not in trouble
    chats.add("a", turn("t"), title="kept")
    chats.close()
    if path.is_file():
        assert path.read_bytes() == before

    again, _ = open_chats(tmp_path)
    assert [line.title for line in again.listed()] == ["kept"]
    again.close()


def test_where_nothing_can_be_written_conversations_are_kept_in_memory(tmp_path: Path) -> None:
    chats, trouble = open_chats(tmp_path / "no" / "such" / "folder")
    assert chats.path is None
    assert "until the chat is ended" in trouble
    chats.add("a", turn("t"), title="x")
    assert len(chats.entries("a")) == 1
    chats.close()


def test_a_good_file_is_no_trouble(tmp_path: Path) -> None:
    chats, trouble = open_chats(tmp_path)
    assert (chats.path, trouble) == (tmp_path / "chats.db", "")
    chats.close()


def test_damage_that_comes_later_is_one_line(tmp_path: Path) -> None:
    store = Chats(tmp_path / "chats.db")
    other = sqlite3.connect(tmp_path / "chats.db")
    other.execute("DROP TABLE entries")
    other.commit()
    other.close()
    with pytest.raises(ChatsError, match=r"chats\.db cannot be used: no such table"):
        store.add("a", turn("t"), title="x")
    assert store.listed() == []  # nothing of it is left half done
    store.close()
