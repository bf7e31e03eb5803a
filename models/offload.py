"""How many layers of a model go to the GPU: by the settings, or as many as fit."""

from models.card import Card
from models.machine import this_machine
from models.plan import Work, plan
from models.settings import get_settings


def gpu_layers(card: Card, batch: int, flash_attention: bool | None) -> int:
    """The number for llama.cpp; 0 where this build has no GPU to put them on."""
    settings = get_settings()
    if settings.gpu_layers >= 0:
        return settings.gpu_layers
    machine = this_machine()
    if not machine.gpus:
        return 0
    context = min(settings.context, card.context or settings.context)
    work = Work(batch=batch, flash_attention=flash_attention is not False)
    return plan(card, machine, context=context, kv_type=settings.kv_type, work=work).gpu_layers
