"""What decides which adapter comes of given lessons."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["lora", "qlora", "prompt", "prefix"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


# What stands before a prompt learns in larger steps than matrices beside layers do.
RATES: dict[Method, float] = {"lora": 4e-4, "qlora": 4e-4, "prompt": 0.02, "prefix": 5e-3}


@dataclass(frozen=True)
class Recipe:
    """How an adapter is trained. The same recipe, lessons and model give the same one on a CPU.

    LoRA's matrices have the rank `rank` and weigh `alpha` / `rank`; the methods "prompt" and
    "prefix" learn what stands in place of `tokens` tokens before every prompt. The learning rate
    `rate`, or for 0 that of the method, is reached after the share
    `warmup` of the steps and falls to nothing by a cosine. A step learns from `lessons` answers or
    a few more, `batch_tokens` tokens at a time; training ends after `steps`, or for 0 after
    `epochs` rounds. The share `held_back` of the lessons, at most `held_most`, is looked at
    `looks` times; after `patience` looks without gain it ends, too. Prompts that are longer than
    `longest` tokens with their answer are left out. `less_memory` computes twice what it would
    have to remember.
    """

    method: Method = "lora"
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    tokens: int = 32
    rate: float = 0.0
    warmup: float = 0.06
    epochs: float = 2.0
    steps: int = 0
    lessons: int = 32
    batch_tokens: int = 2048
    longest: int = 1024
    held_back: float = 0.05
    held_most: int = 150
    looks: int = 10
    patience: int = 3
    seed: int = 0
    precision: Precision = "auto"
    less_memory: bool = False

    @property
    def learning_rate(self) -> float:
        """The highest of the training."""
        return self.rate or RATES[self.method]
