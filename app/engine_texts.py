"""Every word of the engine's page: the words are in engine_texts_en and engine_texts_zh."""

from dataclasses import dataclass

from app.texts import Tongue


@dataclass(frozen=True, kw_only=True)
class EngineTexts:
    """The page in one language."""

    lead: str
    runs_elsewhere: str
    overview: str
    answering: str
    asleep: str
    waking: str
    on_gpu: str
    on_cpu: str
    on_cpu_one: str

    # changing the model
    models: str
    models_lead: str
    adapters: str
    more_adapters: str
    use: str
    take_off: str
    in_use: str
    runs_for: str
    unusable: str
    kinds: dict[str, str]
    other_file: str
    other_path: str
    no_such_file: str
    trying: str
    waiting_for: str
    waiting_for_one: str
    loading: str
    call_off: str
    changed: str
    with_adapter: str
    not_changed: str
    called_off: str
    busy: str
    understood: str
    to_keep: str

    # the card
    card: str
    parameters: str
    quantization: str
    file_size: str
    parts: str
    context: str
    tokens: str
    architecture: str
    layers: str
    layers_value: str
    attention: str
    heads: str
    no_attention: str
    kv_cache: str
    per_token: str
    rope: str
    rope_value: str
    normalization: str
    normalization_value: str
    feed_forward: str
    feed_forward_value: str
    experts: str
    experts_value: str
    vocabulary: str
    template: str
    yes: str
    no: str
    licence: str
    not_given: str
    file: str
    shares: str

    # memory
    memory: str
    memory_needs: str
    memory_short: str
    memory_machine: str
    weights: str
    kv: str
    working: str
    others: str
    what_fits: str
    what_fits_note: str

    # speed and the cache
    speed: str
    no_answers: str
    median_first_word: str
    median_speed: str
    answers_counted: str
    first_words_chart: str
    speeds_chart: str
    seconds: str
    tokens_per_s: str
    cache: str
    reused_share: str
    reused_of: str
    on_disk: str
    on_disk_value: str
    no_budget: str
    in_memory: str
    reuse_setting: str
    kv_type: str
    shared_context: str
    warm_hint: str
    quotes_hint: str

    # the doctor
    doctor: str
    doctor_lead: str
    examining: str
    all_well: str
    found_one: str
    found_many: str
    examine_again: str
    topics: dict[str, str]


def engine_texts(tongue: Tongue) -> EngineTexts:
    """The words of a language."""
    from app.engine_texts_en import ENGLISH
    from app.engine_texts_zh import CHINESE

    return CHINESE if tongue == "zh" else ENGLISH
