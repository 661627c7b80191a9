"""The pages of ``trilemma view``: the runs, a report, a comparison, and a run in progress."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.errors import InputError
from reports._pages import WORDS, page, style_source
from reports.history.changes import load_history
from reports.history.page import render_history
from reports.html import load_run, render
from reports.server.folders import Entry, entries
from reports.server.memory import Pages, Rates, stamp_of
from reports.server.status import status_of

HOSTS = ["127.0.0.1", "localhost", "[::1]"]
"""Names that a browser on this machine uses; any other belongs to another site that points here."""
REFRESH_S = 3
_SCREEN_ORDER = {"running": 0, "finished": 1, "stopped": 1, "unreadable": 2}
_POLICY = (
    f"default-src 'none'; style-src {style_source()}; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def view_app(root: Path) -> ASGIApp:
    """Return the application over a folder of runs; it answers GET and HEAD only, and writes nothing."""
    view = _View(root)
    app = Starlette(
        routes=[
            Route("/", view.runs),
            Route("/runs/{key}", view.report),
            Route("/runs/{key}/follow", view.follow),
            Route("/compare", view.compare),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
        exception_handlers={
            404: _not_found,
            405: _only_reading,
            InputError: _refused,
            Exception: _broken,
        },
    )
    return _WithHeaders(app)


class _View:
    """The endpoints; Starlette runs each request in a thread of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pages = Pages()
        self._rates = Rates()

    def runs(self, request: Request) -> Response:  # noqa: ARG002
        """List the runs: those that are running first, then the newest."""
        found = [status_of(entry) for entry in entries(self._root).values()]
        found.sort(key=lambda status: status.created, reverse=True)
        found.sort(key=lambda status: _SCREEN_ORDER[status.state])
        return HTMLResponse(page("view_runs.html.jinja", root=str(self._root), runs=found))

    def report(self, request: Request) -> Response:
        """Show a run's report; only its own Content-Security-Policy applies, as another could break it."""
        entry = self._entry(request.path_params["key"])
        html = self._pages.get(entry.key, stamp_of(entry.path), lambda: render(load_run(entry.path)))
        return HTMLResponse(html, headers={"Content-Security-Policy": "frame-ancestors 'none'"})

    def follow(self, request: Request) -> Response:
        """Show how far a run is; the page reloads itself while the run is going on."""
        status = status_of(self._entry(request.path_params["key"]))
        rate = self._rates.note(status.entry.key, status.done)
        again = status.state == "running" and "still" not in request.query_params
        html = page(
            "view_follow.html.jinja",
            run=status,
            rate=rate,
            left_s=(status.total - status.done) / rate if rate else None,
            refresh_s=REFRESH_S if again else None,
        )
        return HTMLResponse(html)

    def compare(self, request: Request) -> Response:
        """Show the history of the chosen runs."""
        chosen = dict.fromkeys(request.query_params.getlist("run"))
        if len(chosen) < 2:
            return _page_of(WORDS("choose_two"), 400)
        history = load_history([self._entry(key).path for key in chosen])
        return HTMLResponse(render_history(history, back="/"))

    def _entry(self, key: str) -> Entry:
        """Return a run folder that exists now.

        Raises:
            HTTPException: There is none with that key (404).
            InputError: It must not be read.
        """
        entry = entries(self._root).get(key)
        if entry is None:
            raise HTTPException(404)
        if entry.refusal:
            raise InputError(entry.path, "", entry.refusal, "put the files themselves there")
        return entry


# --- What cannot be shown ---


def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _page_of(WORDS("not_found"), 404)


def _only_reading(request: Request, error: Exception) -> Response:  # noqa: ARG001
    answer = _page_of(WORDS("only_reading"), 405)
    answer.headers["Allow"] = "GET, HEAD"
    return answer


def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _page_of(str(error), 422)


def _broken(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _page_of(WORDS("broken"), 500)


def _page_of(problem: str, status: int) -> Response:
    return HTMLResponse(page("view_problem.html.jinja", problem=problem), status)


class _WithHeaders:
    """Adds the headers of every response, including those to refused hosts and failures."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending)
