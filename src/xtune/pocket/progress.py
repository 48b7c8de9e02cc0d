"""Progress with the time left: a bar in a terminal, a plain line for each tenth elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """One task's progress; a context manager.

    Args:
        console: Where to.
        what: Is done.
        total: How many steps it has.
    """

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console, self._what, self._total = console, what, total
        self._done, self._started = 0, time.monotonic()
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("[dim]{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=total, note="")

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._bar.stop()

    def advance(self, note: str) -> None:
        """One step more."""
        self.to(self._done + 1, note)

    def to(self, done: int, note: str) -> None:
        """So many steps are done; `note` says what of."""
        tenths = 10 * done // self._total - 10 * self._done // self._total
        self._done = done
        self._bar.update(self._task, completed=done, note=note)
        if tenths and not self._console.is_terminal:
            seconds = int((time.monotonic() - self._started) / done * (self._total - done))
            line = f"{self._what}  {done:,}/{self._total:,}  {seconds // 60}:{seconds % 60:02d} left  {note}"
            self._console.print(line, highlight=False, soft_wrap=True)
