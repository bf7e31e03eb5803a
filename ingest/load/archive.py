"""ZIP archives that come from strangers: opened only if what they unpack to is bearable."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import DocumentError

MAX_UNPACKED = 1 << 30  # bytes
# Office XML packs to a tenth or so; deflate's limit is a thousandth, and only bombs come near it.
MAX_RATIO = 200
SMALL_ENOUGH = 64 << 20  # bytes: below this the ratio does not matter


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, checked for bombs before anything is unpacked.

    Raises DocumentError where it is damaged, encrypted or would unpack to too much, on opening
    and while its members are read, through whatever library.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bombs(archive, path.stat().st_size)
            yield archive
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeDecodeError,
    ) as error:
        raise DocumentError(f"damaged: its ZIP container cannot be unpacked ({error})") from error
    except RuntimeError as error:  # what zipfile raises for a member with a password
        if "password" not in str(error) and "encrypted" not in str(error):
            raise
        raise DocumentError("protected by a password: save a copy without one") from error


def _refuse_bombs(archive: zipfile.ZipFile, packed: int) -> None:
    unpacked = sum(member.file_size for member in archive.infolist())
    suspicious = unpacked > SMALL_ENOUGH and unpacked > MAX_RATIO * packed
    if unpacked > MAX_UNPACKED or suspicious:
        raise DocumentError(
            f"refused: its {packed:,} bytes would unpack to {unpacked:,}, as a ZIP bomb's do"
        )
