"""What decides which adapter comes of given lessons."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["lora"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Recipe:
    """How an adapter is trained. The same recipe, lessons and model give the same one on a CPU.

    What is learnt weighs `alpha` / `rank`. The learning rate `rate` is reached after the share
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
    rate: float = 4e-4
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
