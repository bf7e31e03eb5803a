"""The doctor's checks of what computes: llama.cpp's build, GPUs, the chat model and its speed."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from models.card import Card, read_card
from models.errors import KvasirError, ModelError, first_line
from models.finding import Finding, Findings
from models.hardware import Hardware, visible_gpus
from models.machine import Gpu, Machine, in_units, this_machine
from models.plan import plan
from models.rehearsal import rehearse
from models.settings import Settings
from models.tuning import BUSY, cores, tuned
from models.weights import find_weights, is_on_hub, is_provider

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def engine() -> Findings:
    """Whether llama.cpp can be loaded, and what it was built for."""
    if reason := _broken():
        yield Finding(False, "llama.cpp", f"it cannot be loaded: {reason}", "make clean install")
        return
    from models.engine.backend import build, can_offload, system_info

    kind = "with a GPU's backend" if can_offload() else "for the processor alone"
    flags = [flag.rpartition(": ")[2] for flag in system_info().split(" | ")]
    features = " ".join(flag.removesuffix(" = 1") for flag in flags if flag.endswith(" = 1"))
    yield Finding(True, "llama.cpp", f"{build()}, {kind}: {features}")


def gpu(settings: Settings) -> Findings:
    """Whether there is a GPU, whether this build can use it, and how much of the model fits."""
    if _broken():
        return
    from models.engine.backend import can_offload

    machine, seen, card = this_machine(), visible_gpus(), _card(settings)
    names = ", ".join(found.name for found in seen)
    if machine.gpus:
        free = ", ".join(f"{found.name} with {in_units(found.free)} free" for found in machine.gpus)
        yield _used(settings, free, card, machine)
    elif seen and not can_offload():
        share = _share(settings, card, replace(machine, gpus=_as_gpus(seen, machine)))
        yield Finding(
            False,
            "GPU",
            f"{names} is idle: this build of llama.cpp cannot use it"
            + (f", and {share} would go there" if share else ""),
            f"make chat GPU={seen[0].build}",
        )
    elif seen:
        yield Finding(
            False,
            "GPU",
            f"{names} is there, and llama.cpp's backend finds none: it may be another maker's, or "
            "the driver too old for it",
            f"make chat GPU={seen[0].build}",
        )
    elif can_offload():
        fact = "llama.cpp was built for one, and none is there: the processor computes"
        yield Finding(False, "GPU", fact, "Check the driver, or: make chat GPU=none")
    else:
        yield Finding(None, "GPU", "none is there: the processor computes")


def _used(settings: Settings, free: str, card: Card | None, machine: Machine) -> Finding:
    if settings.gpu_layers == 0:
        return Finding(False, "GPU", f"{free}, kept idle", "Unset KVASIR_GPU_LAYERS")
    share = _share(settings, card, machine)
    return Finding(True, "GPU", f"{free}" + (f": {share} go there" if share else ""))


def _as_gpus(seen: list[Hardware], machine: Machine) -> tuple[Gpu, ...]:
    """GPUs as llama.cpp would report them; those that share the host's memory do so in full."""
    shared = {found: found.build == "metal" for found in seen}
    return tuple(
        Gpu(
            found.name,
            machine.available if shared[found] else found.free,
            machine.total if shared[found] else found.total,
            shared[found],
        )
        for found in seen
        if shared[found] or found.total
    )


def _share(settings: Settings, card: Card | None, machine: Machine) -> str:
    """How much of the chat model goes to the GPUs, "" where that cannot be told."""
    if card is None or not machine.gpus:
        return ""
    best = plan(card, machine, context=_context(settings, card), kv_type=settings.kv_type)
    layers = best.gpu_layers if settings.gpu_layers < 0 else settings.gpu_layers
    return f"{min(layers, best.all_layers)} of {best.all_layers} layers"


def chat_model(settings: Settings) -> Findings:
    """Whether the chat model is there and can be loaded."""
    name = settings.model
    if is_provider(name):
        from models.chat_model import chat_model as connect

        connect()  # connects to nothing yet
        yield Finding(None, "chat model", f"{name} runs elsewhere: it is not examined")
        return
    path = _file(settings)
    if path is None:
        yield Finding(None, "chat model", f"{name} is fetched from the hub at first use")
        return
    tuning = tuned(path)
    card = read_card(tuning.weights if tuning else path)
    what = f"{name}: {card.name}, {card.file_type or card.predominant}, {in_units(card.size)}"
    if _broken():
        yield Finding(None, "chat model", what)
        return
    try:
        seconds = rehearse(path)
    except ModelError as error:
        yield Finding(False, "chat model", f"{what}, does not load: {error}")
        return
    yield Finding(True, "chat model", f"{what}, loads in {seconds:.1f} s")


def tuning(settings: Settings) -> Findings:
    """Whether it was measured how the chat model runs best here."""
    path = _file(settings)
    if path is None:
        return
    found = tuned(path)
    if found is None:
        fact = "nothing was measured for this model, on this machine, with this llama.cpp"
        yield Finding(None, "tuning", fact, "python models tune")
        return
    fact = (
        f"{found.kind}, threads {found.threads}, batches of {found.batch}: {found.seconds:.1f} s "
        f"for a question, {found.seconds_before:.1f} s untuned"
    )
    if found.busy > BUSY:
        fact += f"; measured while other programs took {found.busy:.0%} of the processors' time"
        yield Finding(None, "tuning", fact, "python models tune, when the machine is idle")
        return
    yield Finding(True, "tuning", fact)


def memory(settings: Settings) -> Findings:
    """Whether the chat model with its context fits into what is free now."""
    card = _card(settings)
    if card is None or _broken():
        return
    machine, context = this_machine(), _context(settings, card)
    asked = plan(card, machine, context=context, kv_type=settings.kv_type)
    fact = (
        f"{in_units(asked.host_bytes)} for {context:,} tokens of context in {asked.kv_type}, "
        f"{in_units(machine.available)} of {in_units(machine.total)} available"
    )
    if asked.fits:
        yield Finding(True, "memory", fact)
        return
    less = plan(card, machine, at_most=context, kv_type=settings.kv_type)
    remedy = f"Set KVASIR_CONTEXT={less.context}" if less.fits else "Use a smaller quantization"
    yield Finding(False, "memory", f"{fact}: {asked.reason}", remedy)


def threads(settings: Settings) -> Findings:
    """Whether there are as many threads as processors to run them, or fewer."""
    path = _file(settings)
    found = tuned(path) if path else None
    count = settings.threads or (found.threads if found else cores())
    fact = f"{count} for the chat model, on {cores()} processors"
    quota = _quota()
    if count > cores():
        yield Finding(False, "threads", f"{fact}: they wait for each other", "Set KVASIR_THREADS=0")
    elif quota and count > max(1.0, quota):
        yield Finding(
            False,
            "threads",
            f"{fact}, of which this container may use {quota:g}: they wait for each other",
            f"Set KVASIR_THREADS={max(1, int(quota))}",
        )
    else:
        yield Finding(True, "threads", fact)


def _quota() -> float | None:
    """Processors' worth of time that a container has, None where it has no limit."""
    try:
        allowed, period = _CPU_MAX.read_text().split()
        return int(allowed) / int(period)
    except (OSError, ValueError):  # no cgroup, or "max"
        return None


def _broken() -> str:
    """Why llama.cpp cannot be loaded, "" if it can."""
    try:
        import models.engine.backend  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        return first_line(error)
    return ""


def _file(settings: Settings) -> Path | None:
    """The chat model's own file, None if it is not on this machine. Raises ModelError."""
    if is_provider(settings.model):
        return None
    if not is_on_hub(settings.model):
        return find_weights(settings.model)
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(*settings.model.rsplit(":", 1))
    except ValueError as error:  # no such name is possible on the hub
        raise ModelError(f"KVASIR_MODEL={settings.model}: {first_line(error)}") from error
    return Path(found) if isinstance(found, str) else None


def _card(settings: Settings) -> Card | None:
    """The card of the file that is run, None where there is none: the chat model's check says."""
    with suppress(KvasirError):
        path = _file(settings)
        found = tuned(path) if path else None
        return read_card(found.weights if found else path) if path else None
    return None


def _context(settings: Settings, card: Card) -> int:
    return min(settings.context, card.context or settings.context)
