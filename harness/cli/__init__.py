"""The command line: the only place where parts are composed. Commands are imported when called."""

from __future__ import annotations

import atexit
import gc
import importlib
import sys
from typing import Any

import click

from harness.cli._ending import ReaderGone, ended, stop_at_term
from harness.threads import share_processors

_COLLECT_EVERY = 100_000
"""Allocations between two garbage collections: importing makes a million objects and no garbage."""

# name: (module, one line of help). The help is here so that `--help` imports no command.
COMMANDS = {
    "run": ("harness.cli.run", "Run an experiment: every strategy on every item, then the report."),
    "score": ("harness.cli.score", "Judge the answers of a run anew, when its tasks' metrics have changed."),
    "report": ("harness.cli.report", "Write the report of a run folder, or the history of several."),
    "view": ("harness.cli.view", "Show a folder of runs in the browser: reports, comparisons, progress."),
    "decide": (
        "harness.cli.decide",
        "Say which strategy to take, how sure that is, and what would change it.",
    ),
    "gate": ("harness.cli.gate", "Stop a bad adapter in CI: PASS, FAIL or INCONCLUSIVE against a baseline."),
    "baseline": (
        "harness.cli.baseline",
        "Promote a strategy of a run to be the gate's baseline, or show one.",
    ),
    "compare": (
        "harness.cli.compare",
        "Compare the strategies of several runs on the items that they share.",
    ),
    "tasks": ("harness.cli.tasks", "List and validate tasks; print the task format's JSON Schema."),
    "index": ("harness.cli.index", "Build, change and search a retrieval index."),
    "init": ("harness.cli.init", "Write a commented experiment and an example task to start from."),
    "doctor": ("harness.cli.doctor", "Say what this machine has and what can be run on it."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order in which a new user needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the command list without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; on a closed output click itself would exit with 1, which means a verdict."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGone from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, naming the nearest one when there is none."""
        from harness.errors import nearest

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"{args[0]!r} is not a command; {nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="trilemma", message="trilemma %(version)s")
def cli() -> None:
    """Prompt it, retrieve for it, or fine-tune it?

    Runs one task suite through every strategy on the same items and says which one wins, by how much, at
    what cost, what it makes the model forget, and how sure that is.
    """


def main() -> None:
    """Run the command line; it always ends with a documented exit code (`harness.cli._ending`)."""
    sys.exit(ended(_started))


def _started() -> object:
    share_processors()
    stop_at_term()
    gc.set_threshold(_COLLECT_EVERY, 20, 50)
    atexit.register(gc.freeze)  # else a garbage collection at exit takes a second
    return cli.main(standalone_mode=False)
