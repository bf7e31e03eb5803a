"""The doctor's findings in Chinese. It says them in English; what is not known here stays so."""

from __future__ import annotations

import re
from dataclasses import replace

from models.finding import Finding

Rule = tuple[re.Pattern[str], str]


def _rules(*pairs: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple((re.compile(english), chinese) for english, chinese in pairs)


# Rules without an end take a part of a fact: they are put in place one after the other.
_FACTS = _rules(
    (r"^it cannot be loaded: (.*)$", r"无法加载：\1"),
    (r"^(\S+), with a GPU's backend: (.*)$", r"\1，支持 GPU：\2"),
    (r"^(\S+), for the processor alone: (.*)$", r"\1，仅用处理器：\2"),
    (r"^every value can be used$", "所有设置都可用"),
    (r"^none is there: the processor computes$", "没有 GPU，由处理器计算"),
    (
        r"^llama\.cpp was built for one, and none is there: the processor computes$",
        "llama.cpp 按使用 GPU 构建，但没有找到 GPU，由处理器计算",
    ),
    (
        r"^(.*) is idle: this build of llama\.cpp cannot use it, and (\d+) of (\d+) layers would "
        r"go there$",
        r"\1 闲置：当前的 llama.cpp 无法使用它；否则 \3 层中可以放 \2 层",
    ),
    (
        r"^(.*) is idle: this build of llama\.cpp cannot use it$",
        r"\1 闲置：当前的 llama.cpp 无法使用它",
    ),
    (
        r"^(.*) is there, and llama\.cpp's backend finds none: .*$",
        r"\1 存在，但 llama.cpp 没有找到它：可能是其他厂商的 GPU，或驱动太旧",
    ),
    (r"^(.*), kept idle$", r"\1，按设置闲置"),
    (r" with (\S+ \S+) free: (\d+) of (\d+) layers go there$", r"，空闲 \1：\3 层中有 \2 层在上面"),
    (r" with (\S+ \S+) free", r"，空闲 \1"),
    (r"^(.*) runs elsewhere: it is not examined$", r"\1 在别处运行，不作检查"),
    (r"^(.*) is fetched from the hub at first use$", r"\1 会在首次使用时从模型库下载"),
    (r", loads in (\S+) s$", r"，加载用时 \1 秒"),
    (r", does not load: ", "，无法加载："),
    (
        r"^nothing was measured for this model, on this machine, with this llama\.cpp$",
        "还没有在这台电脑上用当前的 llama.cpp 测量过这个模型",
    ),
    (
        r"^(\S+), threads (\d+), batches of (\d+): (\S+) s for a question, (\S+) s untuned",
        r"\1，\2 个线程，每批 \3 个词元：每个问题 \4 秒，调优前 \5 秒",
    ),
    (
        r"; measured while other programs took (\S+) of the processors' time$",
        r"；测量时其他程序占用了处理器 \1 的时间",
    ),
    (
        r"^(\S+ \S+) for (\S+) tokens of context in (\w+), (\S+ \S+) of (\S+ \S+) available",
        r"上下文 \2 个词元（\3）需要 \1，可用 \4，共 \5",
    ),
    (
        r": it needs (\S+ \S+) of memory and (\S+ \S+) are available: .*$",
        r"：需要 \1 内存，只有 \2 可用；调小上下文、KV 类型或量化会有帮助",
    ),
    (r"^(\d+) for the chat model, on (\d+) processors", r"对话模型用 \1 个，处理器有 \2 个"),
    (r", of which this container may use (\S+): ", r"，容器只能用其中 \1 个："),
    (r"(：|: )they wait for each other$", "：线程之间会互相等待"),
    (r"^(.*): in the hub's cache$", r"\1：已在模型库缓存中"),
    (r"^(.*): bundled, converted$", r"\1：内置，已转换"),
    (
        r"^(.*): bundled, is converted into the cache at first use$",
        r"\1：内置，首次使用时转换到缓存",
    ),
    (r"^(.*): the model's own, (.*)$", r"\1：模型自带，\2"),
    (r"^(.*\.gguf) is missing\. .*$", r"缺少 \1"),
    (r"^(.*): a folder$", r"\1：文件夹"),
    (r"^(.*) holds no model: .*$", r"\1 中没有模型"),
    (r"^(.*) cannot be written: (.*) is no folder of yours$", r"\1 无法写入：\2 不是您的文件夹"),
    (r"^(\S+ \S+) free for (.*)$", r"\2 可用空间 \1"),
    (r"^nothing yet$", "还没有"),
    (r"\brequantized models (?=\d)", "量化的模型 "),
    (r"\btuned copies (?=\d)", "调优的副本 "),
    (r"\badapters (?=\d)", "适配器 "),
    (r"\bthe embedder (?=\d)", "嵌入模型 "),
    (r"\bpassages' KV in (.*?) (?=[\d.]+ (?:bytes|[KMGT]iB))", r"段落的 KV（\1）"),
    (r", KVASIR_KV_BUDGET is ", "，上限 KVASIR_KV_BUDGET 为 "),
    (r"^there is no adapter '(.*)': .*$", r"没有适配器 \1"),
    (r"^there is no model (.*): it is neither .*$", r"没有模型 \1"),
)
_REMEDIES = _rules(
    (r"^Set (KVASIR_\w+)$", r"设置 \1"),
    (r"^Set (KVASIR_\w+=\S+)$", r"设置 \1"),
    (r"^Set (KVASIR_\w+) to a folder$", r"把 \1 设为一个文件夹"),
    (r"^Unset (KVASIR_\w+)$", r"取消设置 \1"),
    (r"^(python models tune), when the machine is idle$", r"空闲时运行 \1"),
    (r"^Make room, or set (KVASIR_\w+) to another disk$", r"腾出空间，或把 \1 设到其他磁盘"),
    (r"^Check the driver, or: (.*)$", r"检查驱动，或运行 \1"),
    (r"^Use a smaller quantization$", "使用更小的量化"),
)


def chinese(finding: Finding) -> Finding:
    """The finding with its fact and remedy in Chinese, as far as they are known."""
    return replace(
        finding, fact=_said(finding.fact, _FACTS), remedy=_said(finding.remedy, _REMEDIES)
    )


def _said(text: str, rules: tuple[Rule, ...]) -> str:
    for english, words in rules:
        text = english.sub(words, text)
    return text
