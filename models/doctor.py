"""Why models do not run, or not as fast as they could: findings, each with what helps.

Nothing is changed and nothing is fetched. Of documents it knows nothing.
"""

from collections.abc import Callable

from models.doctor_files import adapter, disk, embedder, kept
from models.doctor_running import chat_model, engine, gpu, memory, threads, tuning
from models.errors import KvasirError, SettingsError, first_line
from models.finding import Finding, Findings
from models.settings import Settings, get_settings

__all__ = ["Finding", "examine"]

_CHECKS: dict[str, Callable[[Settings], Findings]] = {
    "GPU": gpu,
    "chat model": chat_model,
    "tuning": tuning,
    "memory": memory,
    "threads": threads,
    "embedder": embedder,
    "adapter": adapter,
    "disk": disk,
    "kept": kept,
}


def examine(*, loading: bool = True) -> list[Finding]:
    """Everything that can be found out about the models in use, however broken the rest is.

    Without `loading` the chat model is not loaded once more, where it is known to be.
    """
    return [*_examine(loading)]


def _examine(loading: bool) -> Findings:
    yield from engine()
    try:
        settings = get_settings()
    except SettingsError as error:
        yield Finding(False, "settings", str(error))
        return
    yield Finding(True, "settings", "every value can be used")
    for topic, check in _CHECKS.items():
        if check is chat_model and not loading:
            continue
        try:
            yield from check(settings)
        except (KvasirError, OSError) as error:
            yield Finding(False, topic, first_line(error))
