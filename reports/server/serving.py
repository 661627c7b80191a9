"""Serving the pages on this machine, and on no other."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import uvicorn

from harness.errors import InputError
from reports.server.app import view_app

HOST = "127.0.0.1"
_TRIES = 50


def listening(port: int, exactly: bool) -> socket.socket:
    """Return a socket that listens on this machine only.

    Args:
        port: The port; 0 for any that is free.
        exactly: Fail if it is taken; else take the next free one.

    Raises:
        InputError: The port, or every one tried, is taken.
    """
    for candidate in range(port, min(port + (1 if exactly else _TRIES), 65536)):
        try:
            return socket.create_server((HOST, candidate))
        except OSError as error:
            problem = f"cannot be listened on: {error.strerror}"
    raise InputError("--port", "", problem, "name another port, or 0 for any that is free", port)


def serve(root: Path, listener: socket.socket) -> None:
    """Answer requests until Ctrl-C."""
    config = uvicorn.Config(
        view_app(root), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=3
    )
    with suppress(KeyboardInterrupt):  # uvicorn shuts down cleanly and then passes the signal on
        uvicorn.Server(config).run(sockets=[listener])
