"""The option of every command that loads an experiment or a task: which third-party code may run."""

from __future__ import annotations

from typing import Any

import click

from harness.plugins import ALLOW, allowing


def _allow(context: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    context.with_resource(allowing(*names))


def allow_plugin(command: Any) -> Any:
    """Add to a command the option that allows code named in its files."""
    option = click.option(
        ALLOW, metavar="NAME", multiple=True, expose_value=False, callback=_allow,
        help="Let the files name this code: MODULE, MODULE:CLASS or evaluate:NAME; may be repeated.",
    )  # fmt: skip
    return option(command)
