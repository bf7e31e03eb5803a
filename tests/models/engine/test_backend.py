import logging
import subprocess
import sys
from pathlib import Path

import llama_cpp
import pytest

from models.bundled import bundled_chat_model
from models.engine import backend
from models.engine.build import build
from models.errors import ModelError
from models.gguf_header import read_header
from models.quantize import KINDS

ROOT = Path(__file__).resolve().parents[3]


def weights(path: Path) -> int:
    return sum(tensor.bytes for tensor in read_header(path).tensors)


def test_starting_it_again_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    backend.initialise()
    starts: list[str] = []
    monkeypatch.setattr(llama_cpp, "llama_backend_init", lambda: starts.append("again"))
    backend.initialise()
    assert starts == []


def test_what_llama_cpp_says_goes_to_logging_and_not_to_the_terminal(
    folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    backend.initialise()
    with caplog.at_level(logging.DEBUG, "models.engine.backend"):
        params = llama_cpp.llama_model_default_params()
        assert not llama_cpp.llama_model_load_from_file(bytes(folder / "none.gguf"), params)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert any("none.gguf" in record.getMessage() for record in errors)
    assert capfd.readouterr() == ("", "")


def test_the_processor_is_a_device_with_memory() -> None:
    processors = [device for device in backend.devices() if device.kind == "cpu"]
    assert processors
    for device in processors:
        assert device.name
        assert 0 < device.free < device.total


def test_a_build_that_cannot_offload_finds_no_gpu() -> None:
    if backend.can_offload():
        pytest.skip("this build of llama.cpp can offload")
    assert all(device.kind == "cpu" for device in backend.devices())


def test_without_ggmls_functions_there_are_no_devices_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp._ggml", None)
    backend._ggml.cache_clear()
    try:
        assert backend.devices() == []
    finally:
        backend._ggml.cache_clear()


def test_the_features_of_the_build_are_named() -> None:
    assert backend.system_info().startswith("CPU : ")


def test_the_build_leaves_out_what_crashes() -> None:
    assert "AMX_INT8 = 1" not in backend.system_info()  # see .ci/install


def test_the_build_is_named_without_loading_it() -> None:
    program = "import sys; from models.engine.build import build; print(build())\n"
    program += "sys.exit('llama_cpp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.strip()) == (0, backend.build())
    assert backend.build().startswith(f"{llama_cpp.__version__}-")


def test_other_libraries_are_another_build(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {build()}
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(folder))
    for content in (b"", b"one", b"another"):
        (folder / "libllama.so").write_bytes(content)
        build.cache_clear()
        seen.add(build())
    monkeypatch.delenv("LLAMA_CPP_LIB_PATH")
    build.cache_clear()
    assert build() in seen
    assert len(seen) == 4


def test_quantizing_counts_every_tensor_once_and_gives_the_size_foretold(folder: Path) -> None:
    source, target, counts = bundled_chat_model(), folder / "q8.gguf", list[tuple[int, int]]()
    size = backend.quantized_size(source, KINDS["Q8_0"])
    backend.quantize_file(
        source, target, KINDS["Q8_0"], 1, lambda done, total: counts.append((done, total))
    )
    tensors = len(read_header(source).tensors)
    assert counts == [(done, tensors) for done in range(tensors + 1)]
    assert weights(target) == pytest.approx(size, abs=2**20 / 100)


def test_a_size_is_told_without_writing_anything(folder: Path) -> None:
    source = bundled_chat_model()
    before = source.stat()
    small, large = (backend.quantized_size(source, KINDS[kind]) for kind in ("Q4_0", "F16"))
    assert 0 < small < weights(source) < large
    assert source.stat() == before or source.stat().st_mtime_ns == before.st_mtime_ns
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no GGUF", b"GGUF" + bytes(60)])
def test_what_cannot_be_quantized_is_one_line(folder: Path, content: bytes) -> None:
    source = folder / "model.gguf"
    source.write_bytes(content)
    with pytest.raises(ModelError, match="cannot quantize") as caught:
        backend.quantize_file(source, folder / "new.gguf", 7, 1, lambda done, total: None)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    target = folder / "nowhere" / "new.gguf"
    with pytest.raises(ModelError, match="could not be written to the end") as caught:
        backend.quantize_file(bundled_chat_model(), target, 7, 1, lambda done, total: None)
    assert str(target.parent) in str(caught.value)
