"""The job that asks the models' doctor."""

from __future__ import annotations

from app.job import Job
from models.doctor import Finding, examine


class Examination(Job):
    """`findings` are there when it has finished; `loading` loads the model once more, apart."""

    def __init__(self, *, loading: bool) -> None:
        super().__init__()
        self.loading = loading
        self.findings: list[Finding] = []

    def work(self) -> None:
        self.findings = examine(loading=self.loading)
