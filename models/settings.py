"""Every setting, its default and its meaning: from KVASIR_* variables and kvasir.toml.

It does not know which models exist or what the settings do.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_cache_path, user_config_path
from pydantic import AfterValidator, ByteSize, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.engine.prompt import KVReuse, PassageReading
from models.errors import SettingsError

PREFIX = "KVASIR_"
FILE = "kvasir.toml"
Folder = Annotated[Path, AfterValidator(lambda path: Path(os.path.expanduser(path)))]


class Settings(BaseSettings):
    """What can be set, once: a variable KVASIR_NAME wins over `name` in kvasir.toml."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    library: Folder = Field(Path("~/kvasir-library"), description="The folder of the library.")
    model: str = Field(
        "smollm2-135m",
        description="The chat model: a bundled name, a path to a GGUF file, a GGUF on the hub as "
        "`owner/repository:file.gguf`, or `provider:model` for LangChain's `init_chat_model`.",
    )
    embedder: str = Field(
        "multilingual-e5-small",
        description="The embedder: a bundled name, a sentence-transformers folder, or its name "
        "on the hub. A library belongs to the embedder that it was built with.",
    )
    embedder_dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="What the embedder computes with: by default float16 on a GPU, bfloat16 on "
        "processors that have instructions for it, float32 elsewhere. Vectors of all are "
        "comparable.",
    )
    context: int = Field(
        8192,
        ge=512,
        description="Tokens of KV cache, shared by all conversations and passages that are read "
        "at once; one prompt and its answer take that many at most.",
    )
    gpu_layers: int = Field(
        -1, ge=-1, description="Layers that go to the GPU; -1 for as many as fit."
    )
    threads: int = Field(
        0,
        ge=0,
        description="Threads of the chat model; 0 for what `python models tune` found "
        "best, or one per core.",
    )
    batch: int = Field(
        0,
        ge=0,
        le=4096,
        description="Tokens in one decode call; 0 for what `python models tune` "
        "found best, or 256.",
    )
    flash_attention: bool | None = Field(
        None,
        description="Whether the chat model uses flash attention; by default, what "
        "`python models tune` found best, or wherever llama.cpp can.",
    )
    kv_type: Literal["f32", "f16", "bf16", "q8_0", "q4_0"] = Field(
        "f16", description="The type of the KV cache."
    )
    adapter: str = Field(
        "",
        description="An adapter for the chat model: a name in the cache's `adapters` folder, or a "
        "path to a GGUF file. By default the bundled model writes its answers with its own; `none` "
        "for none.",
    )
    passages: PassageReading = Field(
        "fused",
        description="How the chat model reads several passages: `fused`, each on its own and the "
        "answer from their mixture, or `joint`, all in one prompt.",
    )
    kv_reuse: KVReuse = Field(
        "exact",
        description="What is taken over from the KV cache and its blobs: `exact` changes no "
        "answer, `spliced` also moves the later passages of a joint prompt, `off` computes all.",
    )
    kv_budget: ByteSize = Field(
        ByteSize(4 * 2**30),
        ge=0,
        description="Bytes of saved KV in a library's folder `kv`, as in `4GiB`; 0 for none.",
    )
    answers: Literal["auto", "quoted", "written"] = Field(
        "auto",
        description="Whether the model quotes the sentences that answer, or writes its own: by "
        "default, models of less than a billion parameters quote.",
    )
    max_tokens: int = Field(256, ge=1, description="Tokens of an answer, at most.")
    temperature: float = Field(
        0.0, ge=0, le=2, description="0 always takes the likeliest token; higher varies more."
    )
    retrieve: int = Field(
        3, ge=1, le=20, description="Passages that are retrieved and read per answer."
    )
    rerank: str = Field(
        "auto",
        description="How the passages found are ranked again: by `likelihood`, how likely the "
        "question is after each to the chat model on this machine; by a sentence-transformers "
        "cross-encoder, given by its folder or its name on the hub; `off`; or `auto`, by "
        "likelihood where the ranking is unsure and the answer does not wait for it.",
    )
    refuse: bool = Field(
        True,
        description="Whether a question that nothing in the library bears on is answered by saying "
        "so, without asking the model.",
    )
    max_file_mb: int = Field(
        200,
        ge=1,
        description="Millions of bytes that a file may have to be read into the library; a larger "
        "one is named as failed.",
    )
    ocr: Literal["auto", "off"] = Field(
        "auto",
        description="Whether OCR reads pictures and pages without usable text, in seconds each; "
        "with `off`, such pages stay as they are and picture files are named as failed.",
    )
    cache: Folder = Field(
        user_cache_path("kvasir"), description="The folder for what can be computed again."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then ./kvasir.toml, then the user's own."""
        files = [user_config_path("kvasir") / FILE, Path(FILE)]
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, files)


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once. Raises SettingsError naming the bad one."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise SettingsError(
                f"{FILE} sets {name}, which is no setting. Run: python models settings --markdown"
            ) from error
        raise SettingsError(
            f"the setting {PREFIX}{name.upper()} = {first['input']!r} cannot be used: "
            f"{first['msg']}. Run: python models settings --markdown"
        ) from error
    except (OSError, ValueError) as error:  # a kvasir.toml that is no TOML, or may not be read
        raise SettingsError(f"{FILE} cannot be read: {error}") from error


def settings_table() -> str:
    """Markdown for docs/settings.md: each setting's variable, default and meaning."""
    lines = [
        "# Settings",
        "",
        f"Each is a variable `{PREFIX}NAME` or a line `name = value` in `{FILE}`, which is looked",
        "for where Kvasir is started and then in the user's configuration folder. Variables win.",
        "",
        "| variable | default | meaning |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        default = "the user's cache folder" if name == "cache" else f"`{_shown(field.default)}`"
        meaning = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def _shown(default: object) -> str:
    return default.human_readable() if isinstance(default, ByteSize) else str(default) or '""'
