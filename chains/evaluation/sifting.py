"""A person's choice among drafted questions, one by one, in a terminal."""

from collections.abc import Callable, Iterable, Iterator

from pydantic import ValidationError

from chains.errors import QuestionError
from chains.evaluation.gold import Gold
from chains.evaluation.validation import first_problem

Say = Callable[[str], None]
Ask = Callable[[str], str]
KEYS = "keep it? y yes, n no, e edit, q end: "


def sift(drafts: Iterable[Gold], say: Say, ask: Ask) -> Iterator[Gold]:
    """The drafts that are kept, as they are or edited.

    `say` shows a line, `ask` gives what is typed. The end of the input ends it, as q does.
    """
    try:
        for number, draft in enumerate(drafts, 1):
            say(shown(draft, number))
            choice = _choice(ask)
            if choice == "q":
                return
            if choice == "e":
                yield _edited(draft, say, ask)
            elif choice == "y":
                yield draft
    except EOFError:
        return


def shown(draft: Gold, number: int) -> str:
    """A draft with its answer and where that stands."""
    place = draft.source + (f", page {draft.page}" if draft.page else "")
    return f"\n{number}. {draft.question}\n   → {draft.answers[0]}\n   “{draft.quote}”\n   {place}"


def _choice(ask: Ask) -> str:
    while True:
        key = ask(KEYS).strip().lower()[:1]
        if key in ("y", "n", "e", "q"):
            return key


def _edited(draft: Gold, say: Say, ask: Ask) -> Gold:
    """The draft with what was typed; an empty line leaves a part as it was."""
    while True:
        question = ask("question (empty: as it is): ").strip() or draft.question
        answer = ask("answer (empty: as it is): ").strip() or draft.answers[0]
        fields = draft.model_dump() | {"question": question, "answers": (answer,)}
        try:
            return Gold.model_validate(fields)
        except ValidationError as error:
            say(first_problem(error))
        except QuestionError as error:
            say(str(error))
