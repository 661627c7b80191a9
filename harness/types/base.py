"""What every record is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A record: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
