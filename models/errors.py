"""The errors that Kvasir shows to people as they stand: one line, the fact and the remedy.

    KvasirError
    ├── SettingsError        a setting that cannot be used
    ├── ModelError           a model or embedder that is missing, damaged or too large
    ├── (ingest.errors)
    │   ├── LibraryError     a library that cannot be opened, or another embedder's
    │   └── DocumentError    one file that cannot be read: the sync names it and goes on
    │       ├── FileGone     its page cannot be shown: the file is not there any more
    │       └── FileChanged  its page cannot be shown: the file is another by now
    ├── (chains.errors)
    │   ├── QuestionError    a question that cannot be asked
    │   ├── EvaluationError  a file of questions, or a stored run, that cannot be used
    │   └── LessonError      data that nothing can be learnt from
    └── (app.errors)
        └── ChatsError       conversations that cannot be kept: the chat goes on without

Any other exception is a bug and keeps its traceback.
"""


class KvasirError(Exception):
    """Its message is one line for the person who runs Kvasir; never shown with a traceback."""


class SettingsError(KvasirError):
    """A setting has a value that cannot be used."""


class ModelError(KvasirError):
    """A model file or an embedder cannot be found, read or run."""


def first_line(error: BaseException) -> str:
    """What another library's error says, in one line; its type where it says nothing."""
    return (str(error).strip() or repr(error)).splitlines()[0]
