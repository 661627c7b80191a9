"""JSON over HTTP with bounded retries."""

from __future__ import annotations

import json
import random
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, build_opener
from urllib.request import Request as HttpRequest

from harness.errors import shorten

_BUSY = {408, 409, 425, 429, 500, 502, 503, 504}
_NOT_FOR_US = {401, 403, 404}
_LONGEST_WAIT_S = 60.0
_LARGEST = 32 << 20
"""Bytes of an answer."""
_HERE = ("localhost", "127.0.0.1", "::1")


class HttpError(Exception):
    """A request without an answer; ``fatal`` where no other request would get one either."""

    def __init__(self, kind: str, message: str, fatal: bool = False) -> None:
        super().__init__(message)
        self.kind, self.fatal = kind, fatal


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow no redirect: it would send the key to another server."""


class Poster:
    """Posts JSON to one address.

    Args:
        url: The address.
        key: Sent as a bearer token; "" for none. It appears in no message.
        timeout_s: Seconds that an answer may take.
        retries: How often a request is sent again where the server is busy, fails or cannot be reached.
    """

    def __init__(self, url: str, key: str, timeout_s: float, retries: int) -> None:
        self._url, self._key, self._timeout_s, self._retries = url, key, timeout_s, retries
        here = urlsplit(url).hostname in _HERE
        self._opener: OpenerDirector = build_opener(_NoRedirect(), *([ProxyHandler({})] if here else []))

    def __call__(self, body: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """Return the returned object, and the seconds that its request took.

        Raises:
            HttpError: No object came back.
        """
        for again in range(self._retries + 1):
            started = time.perf_counter()
            try:
                return self._once(body), time.perf_counter() - started
            except _AgainError as error:
                if again == self._retries or error.wait_s > _LONGEST_WAIT_S:
                    raise error.cause from None
                backoff_s = 0.5 * 2**again * random.uniform(0.5, 1.0)
                time.sleep(error.wait_s if error.wait_s >= 0 else min(backoff_s, _LONGEST_WAIT_S))
        raise AssertionError("unreachable")

    def _once(self, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {self._key}"} if self._key else {}
        request = HttpRequest(self._url, json.dumps(body).encode(), headers, method="POST")
        try:
            ends = time.monotonic() + self._timeout_s
            with self._opener.open(request, timeout=self._timeout_s) as reply:
                text = _read(reply, ends)
        except HTTPError as error:
            failed = HttpError(f"http_{error.code}", self._told(error), error.code in _NOT_FOR_US)
            if error.code in _BUSY:
                raise _AgainError(failed, _wait_s(error.headers.get("Retry-After"))) from None
            raise failed from None
        except TimeoutError:
            raise _AgainError(HttpError("timeout", f"no answer in {self._timeout_s:g} s")) from None
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise _AgainError(HttpError("timeout", f"no answer in {self._timeout_s:g} s")) from None
            told = shorten(self._without_key(str(reason)))
            if isinstance(error, URLError):
                failed = HttpError("unreachable", f"the server cannot be reached: {told}", True)
            else:  # the server answered, and another question may succeed
                failed = HttpError("connection_lost", f"the server broke off its answer: {told}")
            raise _AgainError(failed) from None
        return _object(text)

    def _told(self, error: HTTPError) -> str:
        """Return what a server says about an error, without the key."""
        try:
            text = error.read(2000).decode("utf-8", "replace")
        except (OSError, HTTPException):
            text = ""
        said = shorten(self._without_key(text), 300)
        return f"the server answers {error.code}{f': {said}' if text.strip() else ''}"

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "...") if self._key else text


class _AgainError(Exception):
    def __init__(self, cause: HttpError, wait_s: float = -1.0) -> None:
        super().__init__(str(cause))
        self.cause, self.wait_s = cause, wait_s


def _read(reply: Any, ends: float) -> bytes:
    """Return what a server sends until the monotonic time ``ends``; a socket's timeout is only for each part.

    Raises:
        TimeoutError: It is not complete by then.
        IncompleteRead: The connection ended early.
    """
    parts, n = [], 0
    while n <= _LARGEST and (part := reply.read1(1 << 16)):
        parts.append(part)
        n += len(part)
        if time.monotonic() > ends:
            raise TimeoutError
    if reply.length and n <= _LARGEST:
        raise IncompleteRead(b"", reply.length)
    return b"".join(parts)


def _object(text: bytes) -> dict[str, Any]:
    if len(text) > _LARGEST:
        raise HttpError("malformed_response", f"the server's answer has more than {_LARGEST >> 20} MiB")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise HttpError("malformed_response", "the server's answer is malformed JSON") from None
    if not isinstance(found, dict):
        raise HttpError("malformed_response", "the server's answer is no JSON object")
    return found


def _wait_s(stated: str | None) -> float:
    """Return the seconds that a server asks to wait, from a number or a date; -1.0 where it states none."""
    if not stated:
        return -1.0
    try:
        return max(0.0, float(stated))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(stated).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return -1.0
