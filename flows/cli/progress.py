"""Talk on standard error: one line that is rewritten on a terminal, and notes that stay."""

from __future__ import annotations

from types import TracebackType
from typing import Self, TextIO

from evidence.verification import printable

MAX_NOTES = 20


class Progress:
    """Shows what is being done, on a terminal only; notes are always written, printable and bounded."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._shown = False

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Remove the line, so that what follows starts clean."""
        self._wipe()

    def tell(self, text: str) -> None:
        """Replace the line."""
        if self._live:
            self._stream.write(f"\r\x1b[2K{printable(text)[:100]}")
            self._stream.flush()
            self._shown = True

    def note(self, *texts: str) -> None:
        """Write notes that stay; beyond a number they are counted, not written."""
        self._wipe()
        for text in texts[:MAX_NOTES]:
            for line in text.splitlines():
                self._stream.write(f"{printable(line)}\n")
        if len(texts) > MAX_NOTES:
            self._stream.write(f"… and {len(texts) - MAX_NOTES} more; all are in the bundle's cards.json\n")
        self._stream.flush()

    def _wipe(self) -> None:
        if self._shown:
            self._stream.write("\r\x1b[2K")
            self._shown = False
