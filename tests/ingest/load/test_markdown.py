from ingest.load.markdown import find_headings, parse

TEXT = """---
title: "The guide"
# a comment
---
Intro
=====

## Set-up ##
```sh
# not a heading
```
~~~
## nor this
```
~~~
A **bold** [link](http://x)
---
- item
---
    # code
#hashtag
| a |
---
### 中文 `标题`
"""


def test_headings_are_found_outside_of_fences_and_front_matter() -> None:
    found = list(find_headings(TEXT))
    assert [(h.level, h.title) for h in found] == [
        (1, "Intro"),
        (2, "Set-up"),
        (2, "A bold link"),
        (3, "中文 标题"),
    ]
    lines = [TEXT[h.start :].split("\n")[0] for h in found]
    assert lines == ["Intro", "## Set-up ##", "A **bold** [link](http://x)", "### 中文 `标题`"]


def test_the_title_is_the_front_matters_or_the_first_heading(write) -> None:
    assert parse(write("a.md", TEXT))[1] == "The guide"
    assert parse(write("b.md", "## Two\n\n# One\n"))[1] == "One"
    assert parse(write("c.md", "words"))[1] == ""


def test_text_is_kept_as_it_stands(write) -> None:
    assert parse(write("a.md", TEXT))[0][0].text == TEXT
