"""Every word of the quality's page: the words are in quality_texts_en and quality_texts_zh."""

from dataclasses import dataclass

from app.texts import Tongue


@dataclass(frozen=True, kw_only=True)
class QualityTexts:
    """The page in one language; `figures` by the names that runs have for them."""

    lead: str

    # running an evaluation
    evaluate: str
    evaluate_lead: str
    how_many: str
    begin: str
    begin_again: str
    begin_again_help: str
    no_documents: str
    waiting: str
    drafting: str
    asking: str
    stop: str
    busy: str
    finished: str
    was_stopped: str
    nothing_stopped: str
    failed: str
    by_command: str

    # the runs
    no_runs: str
    no_runs_how: str
    run: str
    against: str
    nothing: str
    unreadable: str
    questions_asked: str
    incomplete: str
    quoting: str
    writing: str
    documents: str
    took: str
    same_questions: str
    no_same_questions: str
    settings_differ: str
    chart: str
    chart_note: str
    table: str
    value: str
    interval: str
    of: str
    before: str
    difference: str
    star: str
    seconds: str
    over_runs: str
    model: str
    questions: str
    figures: dict[str, str]
    in_short: dict[str, str]

    # the questions
    each_question: str
    missed: str
    all_questions: str
    changed: str
    none_such: str
    wanted: str
    unanswerable: str
    said: str
    refused: str
    went_wrong: str
    first_right: str
    not_found: str
    became_right: str
    became_wrong: str
    more: str
    download: str


def quality_texts(tongue: Tongue) -> QualityTexts:
    """The words of a language."""
    from app.quality_texts_en import ENGLISH
    from app.quality_texts_zh import CHINESE

    return CHINESE if tongue == "zh" else ENGLISH
