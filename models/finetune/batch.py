"""Trees as the tensors that a model reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.finetune.trees import Tree

PADDING = -1


@dataclass(frozen=True)
class Batch:
    """Rows of trees. `mask` is true where a token may be looked at from another.

    The state at `places` (row, column) foretells `targets`; `lessons` says whose they are.
    """

    tokens: Tensor  # (rows, width)
    positions: Tensor  # (rows, width)
    mask: Tensor  # (rows, 1, width, width)
    places: tuple[Tensor, Tensor]  # (targets,) each
    targets: Tensor  # (targets,)
    lessons: Tensor  # (targets,)
    size: int  # tokens without padding


def make_batch(trees: Sequence[Tree], device: torch.device) -> Batch:
    """The trees, one in a row."""
    width = max(tree.size for tree in trees)
    tokens = torch.zeros(len(trees), width, dtype=torch.long)
    positions = torch.zeros_like(tokens)
    parts = torch.full_like(tokens, PADDING)  # 0 for the trunk, then the branch's number
    rows: list[int] = []
    columns: list[int] = []
    targets: list[int] = []
    lessons: list[int] = []
    lesson = 0
    for row, tree in enumerate(trees):
        end = len(tree.trunk)
        tokens[row, :end] = torch.tensor(tree.trunk)
        positions[row, :end] = torch.arange(end)
        parts[row, :end] = 0
        for number, branch in enumerate(tree.branches, 1):
            start, end = end, end + len(branch.tokens)
            tokens[row, start:end] = torch.tensor(branch.tokens)
            positions[row, start:end] = len(tree.trunk) + torch.arange(end - start)
            parts[row, start:end] = number
            rows += [row] * branch.learnt
            columns += range(end - branch.learnt - 1, end - 1)
            targets += branch.tokens[-branch.learnt :]
            lessons += [lesson] * branch.learnt
            lesson += 1
    return Batch(
        tokens.to(device),
        positions.to(device),
        _mask(parts).to(device),
        (torch.tensor(rows, device=device), torch.tensor(columns, device=device)),
        torch.tensor(targets, device=device),
        torch.tensor(lessons, device=device),
        sum(tree.size for tree in trees),
    )


def _mask(parts: Tensor) -> Tensor:
    """What each token sees: earlier ones of the trunk and of its own part; padding, its like."""
    alike = parts[:, :, None] == parts[:, None, :]
    trunk = (parts == 0)[:, None, :]
    return ((alike | trunk).tril())[:, None]
