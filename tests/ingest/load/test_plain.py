from ingest.load.plain import parse


def test_text_stands_as_it_is(write) -> None:
    pages, title = parse(write("a.py", "def f():\r\n\treturn '值'\n"))
    assert pages[0].text == "def f():\n\treturn '值'\n"
    assert (pages[0].number, pages[0].label, title) == (1, "", "")


def test_the_declared_encoding_is_heeded(write) -> None:
    pages, _ = parse(
        write(
            "a.xml", '<?xml version="1.0" encoding="windows-1250"?><a>Zażółć</a>'.encode("cp1250")
        )
    )
    assert "Zażółć" in pages[0].text
