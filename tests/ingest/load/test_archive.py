import zipfile
from pathlib import Path

import pytest

from ingest.errors import DocumentError
from ingest.load.archive import open_archive


def _zip(path: Path, name: str, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return path


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = _zip(tmp_path / "bomb.docx", "word/document.xml", b"\0" * (80 << 20))
    with pytest.raises(DocumentError, match=r"would unpack to 83,886,080, as a ZIP bomb's do"):
        open_archive(path).__enter__()


def test_an_archive_that_lies_about_its_sizes_is_damaged(tmp_path: Path) -> None:
    path = _zip(tmp_path / "liar.zip", "a.txt", b"a" * 5000)
    data = path.read_bytes().replace((5000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    path.write_bytes(data)
    with pytest.raises(DocumentError, match="damaged"), open_archive(path) as archive:
        archive.read("a.txt")


def test_what_small_archives_unpack_to_is_their_own_affair(tmp_path: Path) -> None:
    with open_archive(_zip(tmp_path / "ok.zip", "a", b"\0" * (1 << 20))) as archive:
        assert archive.namelist() == ["a"]


def test_a_cut_archive_is_damaged(tmp_path: Path) -> None:
    path = _zip(tmp_path / "cut.zip", "a", bytes(range(256)) * 40)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DocumentError, match="damaged: its ZIP container cannot be unpacked"):
        open_archive(path).__enter__()
