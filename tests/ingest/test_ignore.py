import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.errors import LibraryError
from ingest.files import list_files
from ingest.ignore import NAME, passed_over_by_name, rules_in

TREE = ["a.txt", "b.md", "a/a.txt", "a/b.md", "a/b/a.txt", "a/b/c.txt", "b/a/a.txt", "b/c.txt"]
FOLDERS = ["", "a", "a/b", "b"]

part = st.sampled_from(["a", "b", "*", "**", "*.txt", "?.md", "[ab]", "[!a]*", "c.txt"])
line = st.builds(
    lambda no, root, parts, slash: no + root + "/".join(parts) + slash,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(part, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)
ignore_files = st.dictionaries(st.sampled_from(FOLDERS), st.lists(line, max_size=4), max_size=3)


def lay(root: Path, ignored: dict[str, list[str]]) -> None:
    for name in TREE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("text")
    for folder, lines in ignored.items():
        (root / folder / NAME).write_text("\n".join(lines) + "\n")


def listed(*tops: Path) -> list[str]:
    listing = list_files(tops, passing_over=tops[0] / "library")
    assert listing.unreadable == []
    return [path.relative_to(tops[0]).as_posix() for path in listing.files]


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@settings(max_examples=60, deadline=None)
@given(ignore_files)
@example({"": ["a/**", "!a/b.md"]})
@example({"": ["*", "!*/", "!*.txt"]})
@example({"": ["a/**/"]})
@example({"": ["a/**", "!a/**/", "!a/**/c.txt"]})
@example({"": ["*.txt"], "a": ["!b/"]})
@example({"": ["/a/"], "a": ["!a.txt"]})
@example({"": ["*/"], "b": ["!a"]})
def test_what_is_ignored_is_what_git_would_ignore(ignored: dict[str, list[str]]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        lay(root, ignored)
        git = ["git", "-c", "core.excludesFile=", "-C", str(root)]
        subprocess.run([*git, "init", "-q"], check=True, env={**os.environ, "GIT_DIR": ".git"})
        told = subprocess.run(
            [*git, "ls-files", "-z", "--others", f"--exclude-per-directory={NAME}"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        names = [name for name in told.split("\0") if name and not name.endswith(NAME)]
        assert sorted(listed(root)) == sorted(names)


def test_rules_of_folders_above_the_path_given_do_not_count(tmp_path: Path) -> None:
    lay(tmp_path, {"": ["*.txt", "b/"], "a": ["b"]})
    assert listed(tmp_path) == ["a/b.md", "b.md"]
    assert listed(tmp_path / "a") == ["a.txt", "b.md"]


def test_a_path_that_is_given_is_taken_whatever_the_rules_say(tmp_path: Path) -> None:
    lay(tmp_path, {"": ["*.txt", "b/"]})
    assert listed(tmp_path, tmp_path / "a.txt", tmp_path / "b") == [
        "a/b.md",
        "a.txt",
        "b/a/a.txt",
        "b/c.txt",
        "b.md",
    ]


def test_what_is_ignored_is_counted_once_and_a_folder_as_one(tmp_path: Path) -> None:
    lay(tmp_path, {"": ["/a/", "*.md"]})
    listing = list_files([tmp_path, tmp_path], passing_over=tmp_path / "library")
    assert listing.passed_over == {"ignored": 2}


def test_crlf_a_byte_order_mark_and_a_link_are_read(tmp_path: Path) -> None:
    lay(tmp_path, {})
    (tmp_path / "rules").write_bytes(b"\xef\xbb\xbf*.txt\r\nrules\r\n")
    (tmp_path / NAME).symlink_to(tmp_path / "rules")
    assert listed(tmp_path) == ["a/b.md", "b.md"]


@pytest.mark.parametrize(
    "data", [b"\xff\xfe*", b"a\0b", b"#" * (1 << 20) + b"\n"], ids=["no text", "NUL", "too large"]
)
def test_rules_that_cannot_be_read_are_a_named_failure_and_nothing_below_is_listed(
    tmp_path: Path, data: bytes
) -> None:
    lay(tmp_path, {})
    (tmp_path / "a" / NAME).write_bytes(data)
    listing = list_files([tmp_path], passing_over=tmp_path / "library")
    ((failure),) = listing.unreadable
    assert failure.source == str(tmp_path / "a")
    assert failure.reason.startswith("its .kvasirignore is no")
    assert [path.name for path in listing.files] == ["a.txt", "a.txt", "c.txt", "b.md"]


def test_rules_that_are_a_link_to_nothing_keep_out_everything(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to(tmp_path / "unplugged")
    with pytest.raises(LibraryError, match="is a link to nothing"):
        rules_in(str(tmp_path), None)


def test_a_pipe_in_the_place_of_rules_is_not_opened(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(LibraryError, match="is no text file"):
        rules_in(str(tmp_path), None)


@pytest.mark.parametrize(
    "pattern", ["!", "a[", "[]", "\\", "**", "/", "//", " ", "[z-a]", "[[a]", "[a--b]"]
)
def test_odd_patterns_are_rules_or_named(tmp_path: Path, pattern: str) -> None:
    (tmp_path / NAME).write_text(pattern)
    (tmp_path / "kept.txt").write_text("text")
    listing = list_files([tmp_path], passing_over=tmp_path / "library")
    assert len(listing.files) + len(listing.unreadable) + listing.passed_over["ignored"] == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".git", "hidden"),
        (".~lock.a.odt#", "temporary"),
        ("~$a.docx", "temporary"),
        ("a.TMP", "temporary"),
        ("a.pdf.crdownload", "temporary"),
        ("a.txt~", "temporary"),
        ("#a.txt#", "temporary"),
        ("Thumbs.db", "temporary"),
        ("__MACOSX", "temporary"),
        ("a.txt", ""),
        ("parts", ""),
        ("~", "temporary"),
        ("a#", ""),
    ],
)
def test_hidden_and_temporary_names_are_known(name: str, reason: str) -> None:
    assert passed_over_by_name(name) == reason
