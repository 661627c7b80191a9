"""Base of every record."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

LARGEST = 16 << 20
"""Most characters of a record as JSON."""


class Frozen(BaseModel):
    """A record: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def check_kept(self) -> None:
        """Check that it can be written and read back: records of plug-ins may hold anything.

        Raises:
            ValueError: It holds a value of another type, a number that is not finite, half of a surrogate
                pair, or more than fits a row.
        """
        text = self.model_dump_json(warnings=False)
        if len(text) > LARGEST:
            raise ValueError(f"it has more than {LARGEST >> 20} MiB")
        type(self).model_validate_json(text)
