"""What is taken of what a browser gives."""

from dataclasses import dataclass

from app.dropped import delivery_of


@dataclass
class Given:
    name: str

    def getvalue(self) -> bytes:
        return self.name.encode()


def taken(*names: str) -> tuple[list[str], int]:
    delivery = delivery_of(map(Given, names))
    assert all(file.data == file.name.encode() for file in delivery.files)
    return [file.name for file in delivery.files], delivery.passed_over


def test_files_that_are_given_by_themselves_are_all_taken() -> None:
    names = ["a.pdf", "photo.raw", "Makefile", ".profile"]
    assert taken(*names) == (names, 0)


def test_of_folders_what_is_hidden_temporary_or_unreadable_is_passed_over() -> None:
    wanted = ["d/a.PDF", "d/deep/er/b.md", "d/a.txt"]
    passed = ["d/.git/a.txt", "d/.DS_Store", "d/~$a.docx", "d/Thumbs.db", "d/a.exe", "d/Makefile"]
    assert taken(*wanted, *passed) == (wanted, len(passed))
    assert taken("d/.hidden") == ([], 1)
    assert taken() == ([], 0)
