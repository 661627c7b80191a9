"""``trilemma init``: an example experiment and task that run unchanged, to be filled with one's own data."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from harness.errors import InputError

_TEMPLATES = Path(__file__).parent / "templates"


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=True))
def init(folder: Path) -> None:
    """Write a commented experiment and an example task into FOLDER (by default the current one).

    Nothing that is there already is overwritten.
    """
    written = write_example(folder)
    click.echo(f"wrote {len(written)} files into {folder}")
    click.echo("\nNext steps")
    click.echo(f"  1. trilemma run {folder / 'experiment.yaml'}")
    click.echo(f"  2. put your own items into {folder / 'tasks' / 'tool_library'}, or a copy of it")
    click.echo(f"  3. trilemma tasks validate {folder / 'tasks' / 'tool_library'}")
    click.echo(f"  4. name your own model in {folder / 'experiment.yaml'} and run it again")


def write_example(folder: Path) -> list[Path]:
    """Copy the example into ``folder`` and return the files written.

    Raises:
        InputError: A file of the example is there already, or the folder cannot be written to. When a file is
            there already, nothing has been written.
    """
    sources = sorted(path for path in _TEMPLATES.rglob("*") if path.is_file() and path.suffix != ".pyc")
    targets = [folder / path.relative_to(_TEMPLATES) for path in sources]
    for target in targets:
        if target.exists() or target.is_symlink():
            raise InputError(target, "", "is there already", "name another folder: `trilemma init FOLDER`")
    try:
        for source, target in zip(sources, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    except OSError as error:
        problem = f"cannot be written to: {error.strerror}"
        raise InputError(folder, "", problem, "name a folder that you may write to") from None
    return targets
