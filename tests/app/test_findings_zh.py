"""What the doctor says, in Chinese."""

import re

import pytest

from app.findings_zh import chinese
from models.finding import Finding

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("every value can be used", "所有设置都可用"),
        ("none is there: the processor computes", "没有 GPU，由处理器计算"),
        ("0.3.36-ab, for the processor alone: AVX2", "0.3.36-ab，仅用处理器：AVX2"),
        (
            "H100 with 70 GiB free: 31 of 31 layers go there",
            "H100，空闲 70 GiB：31 层中有 31 层在上面",
        ),
        (
            "H100 is idle: this build of llama.cpp cannot use it, and 31 of 31 layers would go "
            "there",
            "H100 闲置：当前的 llama.cpp 无法使用它；否则 31 层中可以放 31 层",
        ),
        ("m: Small, Q4_1, 94 MiB, loads in 2.2 s", "m: Small, Q4_1, 94 MiB，加载用时 2.2 秒"),
        (
            "BF16, threads 2, batches of 512: 2.0 s for a question, 4.2 s untuned; measured while "
            "other programs took 41% of the processors' time",
            "BF16，2 个线程，每批 512 个词元：每个问题 2.0 秒，调优前 4.2 秒；"
            "测量时其他程序占用了处理器 41% 的时间",
        ),
        (
            "1.04 GiB for 8,192 tokens of context in f16, 16.1 GiB of 23.5 GiB available",
            "上下文 8,192 个词元（f16）需要 1.04 GiB，可用 16.1 GiB，共 23.5 GiB",
        ),
        (
            "4 for the chat model, on 2 processors: they wait for each other",
            "对话模型用 4 个，处理器有 2 个：线程之间会互相等待",
        ),
        ("e5: bundled, converted", "e5：内置，已转换"),
        ("a-b: the model's own, /x y/a-b.gguf", "a-b：模型自带，/x y/a-b.gguf"),
        ("/x y/a-b.gguf is missing. Run: git checkout /x y", "缺少 /x y/a-b.gguf"),
        ("58.8 GiB free for /tmp/a b", "/tmp/a b 可用空间 58.8 GiB"),
        (
            "requantized models 87.5 MiB, passages' KV in /l/kv 258 MiB, KVASIR_KV_BUDGET is 4 GiB",
            "量化的模型 87.5 MiB, 段落的 KV（/l/kv）258 MiB，上限 KVASIR_KV_BUDGET 为 4 GiB",
        ),
    ],
)  # fmt: skip
def test_facts_keep_their_names_and_numbers(fact: str, said: str) -> None:
    assert chinese(Finding(True, "topic", fact)).fact == said


def test_remedies_are_said_and_commands_stay() -> None:
    told = Finding(False, "tuning", "?", "python models tune, when the machine is idle")
    assert chinese(told).remedy == "空闲时运行 python models tune"
    assert chinese(Finding(False, "x", "?", "make chat GPU=cuda")).remedy == "make chat GPU=cuda"


def test_what_is_not_known_stays_as_it_is() -> None:
    told = Finding(None, "topic", "something new", "do it")
    assert chinese(told) == told


def test_all_that_the_doctor_finds_here_is_said_in_chinese(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from models.doctor import examine

    for found in examine(loading=False):
        assert HAN.search(chinese(found).fact), found
