import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests
from sentence_transformers import SentenceTransformer

sys.path.insert(0, str(Path(__file__).parent))

import tiny_container

from models import embeddings
from models.bundled import EMBEDDER, bundled_embedder
from models.embeddings import KvasirEmbeddings, bundled_folder
from models.errors import ModelError

ROOT = Path(__file__).resolve().parent.parent.parent


class TestUnit(EmbeddingsUnitTests):
    """LangChain's own laws for embeddings."""

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return KvasirEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": EMBEDDER}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"KVASIR_EMBEDDER": "some/folder"}, {}, {"name": "some/folder"}


class TestIntegration(EmbeddingsIntegrationTests):
    """The same on the bundled model, loaded once."""

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return KvasirEmbeddings

    @pytest.fixture
    def model(self, embedder: KvasirEmbeddings) -> Embeddings:
        return embedder


def test_an_answer_is_nearer_to_its_question_than_other_texts_across_languages(
    embedder: KvasirEmbeddings,
) -> None:
    passages = embedder.embed_array(
        [
            "Paris is the capital and largest city of France.",
            "巴黎是法国的首都，也是法国最大的城市。",
            "Bread is made of flour, water, salt and yeast.",
            "面包由面粉、水、盐和酵母制成。",
        ]
    )
    for question, nearest, across in [
        ("What is the capital of France?", 0, 1),
        ("法国的首都是哪里？", 1, 0),
        ("What do I need to bake bread?", 2, 3),
        ("做面包需要什么？", 3, 2),
    ]:
        likeness = passages @ np.array(embedder.embed_query(question), np.float32)
        assert likeness.argmax() == nearest
        # A text of the question's own language starts ahead: compare within the other one.
        assert likeness[across] > likeness[(across + 2) % 4]


def test_questions_and_passages_have_prefixes_of_their_own(embedder: KvasirEmbeddings) -> None:
    folder = str(bundled_folder(bundled_embedder()))
    model = SentenceTransformer(folder, model_kwargs={"dtype": "float32"})
    plain = model.encode(
        ["query: a tower", "passage: a tower"], prompt="", normalize_embeddings=True
    )
    np.testing.assert_allclose(embedder.embed_query("a tower"), plain[0], atol=1e-5)
    np.testing.assert_allclose(embedder.embed_array(["a tower"])[0], plain[1], atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_vectors_and_tokens_are_those_of_sentence_transformers(dtype: str) -> None:
    """In batches of texts of all lengths, too, where the shorter ones are padded."""
    bundled = KvasirEmbeddings(EMBEDDER, dtype=dtype)
    folder = KvasirEmbeddings(str(bundled_folder(bundled_embedder())), dtype=dtype)
    texts = ["红茶起源于哪里？", "x", "", "The tide mill was built in 1792.", "too long " * 600]
    near = 1 - 1e-5 if dtype == "float32" else 0.9999
    assert (bundled.embed_array(texts) * folder.embed_array(texts)).sum(axis=1).min() > near
    assert np.dot(bundled.embed_query(texts[0]), folder.embed_query(texts[0])) > near
    assert (bundled.dimensions, bundled.max_tokens) == (folder.dimensions, folder.max_tokens)
    assert all(bundled.token_starts(text) == folder.token_starts(text) for text in texts)


def test_the_bundled_embedder_starts_without_what_takes_seconds_to_import() -> None:
    code = (
        "import sys; from models.embeddings import KvasirEmbeddings; "
        f"KvasirEmbeddings({EMBEDDER!r}).embed_query('x'); "
        "print(*{'torch', 'sentence_transformers', 'transformers'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "torch\n"


def test_vectors_have_length_one_and_stand_in_the_order_of_the_texts(
    embedder: KvasirEmbeddings,
) -> None:
    texts = ["word " * (1 + 7 * n % 23) + str(n) for n in range(11)]
    vectors = embedder.embed_array(texts)
    assert vectors.shape == (11, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.vstack([embedder.embed_array([text]) for text in texts[:3]])
    np.testing.assert_allclose(vectors[:3], alone, atol=1e-4)
    np.testing.assert_allclose(embedder.embed_documents(texts[:2]), vectors[:2], atol=1e-4)


def test_what_it_computes_with_changes_vectors_little(embedder: KvasirEmbeddings) -> None:
    texts = ["The tide mill was built in 1792.", "潮汐磨坊建于1792年。", "a b c " * 200]
    half = KvasirEmbeddings(EMBEDDER, dtype="bfloat16")
    vectors = half.embed_array(texts)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosines = (vectors * embedder.embed_array(texts)).sum(axis=1)
    assert cosines.min() > 0.99
    assert cosines.min() < 1 - 1e-6
    assert half.name == embedder.name


@pytest.mark.parametrize(
    ("supported", "dtype"), [((), "float32"), (("_is_avx512_bf16_supported",), "bfloat16")]
)
def test_bfloat16_is_for_processors_that_have_it(
    monkeypatch: pytest.MonkeyPatch, supported: tuple[str, ...], dtype: str
) -> None:
    for name in embeddings._NATIVE_BFLOAT16:
        monkeypatch.setattr(torch.cpu, name, lambda name=name: name in supported, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert embeddings._quickest_dtype() == dtype
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert embeddings._quickest_dtype() == "float16"


def test_no_texts_are_no_rows_of_the_models_width(embedder: KvasirEmbeddings) -> None:
    assert embedder.embed_array([]).shape == (0, embedder.dimensions)
    assert embedder.embed_documents([]) == []


def test_progress_counts_every_text_once(embedder: KvasirEmbeddings) -> None:
    counts: list[int] = []
    embedder.embed_array(["text"] * 9, progress=counts.append)
    assert sum(counts) == 9


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\0", "\ud83d broken", "🧠" * 30])
def test_odd_texts_have_vectors_and_tokens_too(embedder: KvasirEmbeddings, text: str) -> None:
    assert np.isfinite(embedder.embed_array([text])).all()
    assert np.isfinite(embedder.embed_query(text)).all()
    assert all(0 <= start <= len(text) for start in embedder.token_starts(text))


@settings(deadline=None, max_examples=50)
@given(text=st.text(st.sampled_from("ab c。注意力é\u0301ﬁ①\n\u3000🧠"), max_size=40))
def test_tokens_start_inside_the_text_and_in_order(embedder: KvasirEmbeddings, text: str) -> None:
    starts = embedder.token_starts(text)
    assert list(starts) == sorted(starts)
    assert all(0 <= start < max(1, len(text)) for start in starts)


def test_tokens_are_those_that_the_model_reads(embedder: KvasirEmbeddings) -> None:
    for text in ("Attention is all you need.", "注意力机制是什么？", "a  b\n\nc"):
        read = embedder._model.tokenizer.encode("passage: " + text).ids
        prefix = len(embedder.token_starts("passage:"))
        assert len(embedder.token_starts(text)) == len(read) - 2 - prefix


def test_long_texts_are_counted_whole_before_and_after_an_embedding(
    embedder: KvasirEmbeddings,
) -> None:
    text = "The quick brown fox. " * 200
    before = embedder.token_starts(text)
    embedder.embed_array([text, "short"])
    assert embedder.token_starts(text) == before
    assert len(before) > 2 * embedder.max_tokens
    assert len(embedder.token_starts("short")) <= 2


def test_threads_may_count_and_embed_at_once(embedder: KvasirEmbeddings) -> None:
    expected = embedder.token_starts("one two three")
    found: list[list[int]] = []
    threads = [
        threading.Thread(
            target=lambda: found.extend(embedder.token_starts("one two three") for _ in range(50))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for n in range(3):
        embedder.embed_query("question " * n)
    for thread in threads:
        thread.join()
    assert found == [expected] * 150


def test_a_question_leaves_torch_its_threads(embedder: KvasirEmbeddings) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        embedder.embed_query("question")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_bundled_model_is_converted_into_the_cache_once(
    folder: Path, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = folder / "tiny.bin"
    source.write_bytes(tiny_container.container())
    monkeypatch.setattr(embeddings, "bundled_embedder", lambda: source)
    monkeypatch.setenv("HOME", str(folder))
    setting(CACHE="~/cache")
    assert KvasirEmbeddings(EMBEDDER).dimensions == tiny_container.HIDDEN
    (made,) = (folder / "cache").iterdir()
    first = made.stat().st_mtime_ns
    assert KvasirEmbeddings(EMBEDDER).dimensions == tiny_container.HIDDEN
    assert [path.stat().st_mtime_ns for path in (folder / "cache").iterdir()] == [first]


@pytest.mark.parametrize("name", ["./nothing", "/nowhere/at/all", "~/nothing"])
def test_a_path_that_is_no_folder_is_named(name: str) -> None:
    with pytest.raises(ModelError, match=r"is no folder. Set KVASIR_EMBEDDER to one") as caught:
        KvasirEmbeddings(name).embed_query("x")
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", b"{not json"),
        ("modules.json", b"[]"),
        ("tokenizer.json", b"{}"),
        ("model.safetensors", b""),
        ("model.safetensors", b"\x10" + bytes(40)),
        ("model.safetensors", None),
        (".", None),
    ],
)
def test_a_folder_that_holds_no_whole_model_is_a_model_error_in_one_line(
    folder: Path, file: str, content: bytes | None, source_folder: Path
) -> None:
    made = folder / "copy"
    if file == ".":
        made.mkdir()
    else:
        shutil.copytree(source_folder, made)
        (made / file).unlink()
        if content is not None:
            (made / file).write_bytes(content)
    with pytest.raises(ModelError, match="copy cannot be loaded: ") as caught:
        KvasirEmbeddings(str(made)).embed_query("x")
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def source_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from models.e5_container import read_container, write_folder

    base = tmp_path_factory.mktemp("tiny")
    (base / "tiny.bin").write_bytes(tiny_container.container())
    write_folder(read_container(base / "tiny.bin"), base / "made")
    return base / "made"


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{}"])
def test_a_damaged_folder_of_the_bundled_embedder_is_a_model_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    whole = bundled_folder(bundled_embedder())
    for file in whole.glob("*.*"):
        if file.is_file():
            (folder / file.name).symlink_to(file)
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    monkeypatch.setattr(embeddings, "bundled_folder", lambda _: folder)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        KvasirEmbeddings(EMBEDDER).embed_query("x")
    assert "\n" not in str(caught.value)
