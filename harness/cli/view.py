"""``trilemma view``: a folder of runs in the browser, on this machine only."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import MissingDependencyError

DEFAULT_PORT = 8321


@click.command()
@click.argument("runs_dir", default="runs", type=click.Path(path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="N",
    help=f"Port to listen on, 0 for any [default: {DEFAULT_PORT}, or the next one that is free].",
)  # fmt: skip
@click.option("--open/--no-open", "opens", default=False, help="Open the page in the browser.")
def view(runs_dir: Path, port: int | None, opens: bool) -> None:
    """Show the runs of the folder RUNS_DIR in the browser.

    Lists them, opens their reports, compares any of them, and follows a run that is going on. The page is
    served to this machine only, reads and never writes. Ctrl-C ends it.
    """
    from reports.server.folders import check_root

    check_root(runs_dir)
    try:
        from reports.server.serving import listening, serve
    except ModuleNotFoundError as error:
        raise MissingDependencyError("trilemma view", str(error.name), "view") from None

    listener = listening(DEFAULT_PORT if port is None else port, exactly=port is not None)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    click.echo(f"{runs_dir}: {address} (Ctrl-C ends it)")
    if opens:
        click.launch(address)
    serve(runs_dir, listener)
