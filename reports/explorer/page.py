"""The explorer as a template takes it: words, data, and the one script with its digest."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from reports._language import texts
from reports.explorer.payload import LIMIT_BYTES, Payload, payload_of
from reports.run_data import RunData

_REPORTS = Path(__file__).parent.parent


@dataclass(frozen=True)
class Explorer:
    """What the template needs. ``script_hash`` names the script in a Content-Security-Policy."""

    text: dict[str, str]
    payload: Payload
    script: Markup
    script_hash: str
    style: Markup


def explorer_of(run: RunData, limit: int = LIMIT_BYTES) -> Explorer:
    """Make the explorer of a run, with data of at most ``limit`` bytes."""
    text, script = texts("explorer"), _template("explorer.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return Explorer(
        text=text,
        payload=payload_of(run.manifest, run.items, text, limit),
        script=Markup(script),
        script_hash=f"sha256-{digest}",
        style=Markup(_template("explorer.css")),
    )


def _template(name: str) -> str:
    return (_REPORTS / "templates" / name).read_text(encoding="utf-8")
