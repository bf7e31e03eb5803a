"""Conversations as data."""

from langchain_core.documents import Document

from app.conversation import Answer, Conversation, Delivery, File, Turn


def test_an_answer_is_the_sum_of_its_parts() -> None:
    answer = Answer()
    answer.take({"sources": [Document("a")]})
    assert (answer.state, len(answer.sources)) == ("starting", 1)
    answer.take({"answer": "Cats "})
    answer.take({"answer": "sleep."})
    assert (answer.state, answer.text) == ("writing", "Cats sleep.")
    answer.take({"answer": "", "citations": [], "grounded": 0.5, "timings": {"total_s": 1.0}})
    assert (answer.text, answer.grounded, answer.timings) == ("Cats sleep.", 0.5, {"total_s": 1.0})


def test_progress_tells_the_place_in_the_queue_and_the_prefill() -> None:
    answer = Answer()
    answer.progress({"step": "waiting", "ahead": 2})
    assert (answer.state, answer.ahead) == ("waiting", 2)
    answer.progress({"step": "prefill", "done": 5, "total": 9, "reused": 3})
    assert (answer.state, answer.done, answer.total, answer.reused) == ("reading", 5, 9, 3)
    answer.progress({"step": "something new"})
    assert answer.state == "reading"


def test_the_history_is_what_was_said_before() -> None:
    first = Turn("Who?", Answer(state="done", text="Cats."))
    stopped = Turn("When?", Answer(state="stopped", text="In 19"))
    silent = Turn("Why?", Answer(state="stopped"))
    failed = Turn("What?", Answer(state="failed", error="no model"))
    last = Turn("And dogs?")
    talk = Conversation([first, Delivery([File("a.txt")]), stopped, silent, failed, last])
    assert talk.history(last) == [
        ("human", "Who?"),
        ("ai", "Cats."),
        ("human", "When?"),
        ("ai", "In 19"),
    ]
    assert talk.history(first) == []


def test_a_file_gets_further_with_every_passage() -> None:
    file = File("a.txt")
    shares = [file.share]
    for state, embedded in (("reading", 0), ("embedding", 1), ("embedding", 4), ("indexing", 0)):
        file.state, file.embedded, file.chunks = state, embedded, 4  # type: ignore[assignment]
        shares.append(file.share)
    file.state = "added"
    shares.append(file.share)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
