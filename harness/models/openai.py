"""Models behind a server that speaks OpenAI's chat completions: vLLM, llama.cpp, Ollama, or a service."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from harness.backends import KnownModel, Opening
from harness.config import Options
from harness.digests import digest_of
from harness.errors import InputError
from harness.models._http import HttpError, Poster
from harness.protocols import Capabilities
from harness.types import Failure, Generation, ModelIdentity, Request, TokenUsage

__all__ = ["OpenAI"]

_MOST_STOPS = 4
"""Stop strings that the protocol takes; answers are cut at all of them here."""


class OpenAIOptions(Options):
    """Which model of which server.

    ``base_url`` is what ``/chat/completions`` is added to. ``api_key_env`` names the environment variable
    that holds the key, which is written nowhere; left out, none is sent. ``concurrency`` requests wait at a
    time, each at most ``timeout_s`` seconds; one that meets a busy or failing server is sent up to
    ``retries`` times more.
    """

    base_url: str
    model: str = Field(min_length=1)
    api_key_env: str | None = None
    concurrency: int = Field(default=8, ge=1, le=256)
    timeout_s: float = Field(default=120.0, gt=0.0, le=3600.0)
    retries: int = Field(default=4, ge=0, le=20)


class OpenAI:
    """A model behind an OpenAI-compatible server."""

    options_type = OpenAIOptions
    scores_choices = False

    def __init__(self, options: OpenAIOptions) -> None:
        self._options = options

    def check(self, place: str, key: str) -> None:
        """Refuse a malformed address, one with a password in it, and a key that is not in the environment."""
        parts = urlsplit(self._options.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            remedy = "write it as http://127.0.0.1:8000/v1"
            raise InputError(place, f"{key}.base_url", "is no http address", remedy, self._options.base_url)
        if parts.username or parts.password or parts.query:
            remedy = "leave them out, and name an environment variable under api_key_env"
            raise InputError(place, f"{key}.base_url", "holds credentials or a query", remedy)
        try:
            _ = parts.port
        except ValueError:
            remedy = "write it as http://127.0.0.1:8000/v1"
            raise InputError(
                place, f"{key}.base_url", "has no such port", remedy, self._options.base_url
            ) from None
        if (name := self._options.api_key_env) is None:
            return
        if not (secret := os.environ.get(name)):
            problem = "names an environment variable that is not set"
            raise InputError(place, f"{key}.api_key_env", problem, f"export {name}=...", name)
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            problem = (
                "names an environment variable whose value is no key: it has a space, a line end or the like"
            )
            raise InputError(place, f"{key}.api_key_env", problem, f"export {name} again", name)

    def known(self, place: str, key: str) -> KnownModel:
        """Return what is known from address and name."""
        del place, key
        identity = _identity(self._options)
        return KnownModel(identity.name, identity.weights_digest, "", identity.dtype, 0)

    def open(self, opening: Opening) -> EndpointModel:
        """Return the model; the server is first contacted with the first question."""
        self.check(opening.place, opening.key)
        return EndpointModel(self._options, opening.place, opening.key)


def _identity(options: OpenAIOptions) -> ModelIdentity:
    return ModelIdentity(
        name=options.model,
        origin="endpoint",
        weights_digest=digest_of([options.base_url.rstrip("/"), options.model]),
        quantization="unknown",
        dtype="unknown",
    )


class EndpointModel:
    """Generates answers over HTTP; it scores no choices, counts no tokens and trains nothing.

    Args:
        options: Which model of which server.
        place: The experiment file, for errors.
        key: Where in it the model stands.
    """

    capabilities = Capabilities()

    def __init__(self, options: OpenAIOptions, place: str, key: str = "model") -> None:
        self._options, self._place, self._key = options, place, key
        self.identity = _identity(options)
        self._post = Poster(
            f"{options.base_url.rstrip('/')}/chat/completions",
            os.environ.get(options.api_key_env or "", ""),
            options.timeout_s,
            options.retries,
        )

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        """Ask for all requests, several at a time; a refused or malformed answer fails its item.

        Raises:
            InputError: The server cannot be reached, or does not know key or model.
        """
        with ThreadPoolExecutor(self._options.concurrency) as threads:
            waiting = [threads.submit(self._one, request) for request in requests]
            try:
                return [each.result() for each in waiting]
            finally:
                threads.shutdown(wait=False, cancel_futures=True)

    def _one(self, request: Request) -> tuple[Generation, ...] | Failure:
        found: list[Generation] = []
        try:
            while len(found) < request.n_samples:  # some servers give one answer, however many were requested
                left = request.n_samples - len(found)
                found += self._asked(request, left, len(found))[:left]
        except HttpError as error:
            if error.fatal:
                problem = f"cannot be used: {error}"
                remedy = "see that the server runs, and check base_url, model and api_key_env"
                raise InputError(self._place, self._key, problem, remedy, self._options.base_url) from None
            return Failure(kind=error.kind, message=str(error))
        return tuple(found)

    def _asked(self, request: Request, n: int, done: int) -> list[Generation]:
        decoding = request.decoding
        body = {
            "model": self._options.model,
            "messages": [message.model_dump() for message in request.messages],
            "max_tokens": decoding.max_new_tokens,
            "temperature": decoding.temperature,
        }
        if decoding.temperature > 0:
            seed = digest_of([request.item_id, request.seed, request.repeat, done])
            body |= {"top_p": decoding.top_p, "seed": int(seed[:7], 16)}
        body |= {"n": n} if n > 1 else {}
        body |= {"stop": list(decoding.stop[:_MOST_STOPS])} if decoding.stop else {}
        reply, elapsed_s = self._post(body)
        try:
            return _read(reply, decoding.stop, elapsed_s)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            problem = f"the server's answer is no chat completion: {type(error).__name__}: {error}"
            raise HttpError("malformed_response", problem) from None


def _read(reply: dict[str, Any], stops: Sequence[str], elapsed_s: float) -> list[Generation]:
    """Return the answers of a reply; its time is shared equally, and the prompt counts for the first.

    Raises:
        ValueError: It has no answer.
    """
    choices = reply["choices"]
    if not isinstance(choices, list) or not choices:
        raise ValueError("it has no choices")
    usage = reply.get("usage") or {}
    completion = _count(usage.get("completion_tokens"))
    cached = _count((usage.get("prompt_tokens_details") or {}).get("cached_tokens"))
    found = []
    for at, choice in enumerate(choices):
        text = choice["message"].get("content") or ""
        if not isinstance(text, str):
            raise TypeError("the content of a message is no text")
        text = text.encode("utf-8", "replace").decode()  # JSON can hold lone surrogates
        cuts = [place for stop in stops if (place := text.find(stop)) >= 0]
        n, more = divmod(completion, len(choices))
        own = TokenUsage(completion=n + (at < more))
        read = TokenUsage(prompt=_count(usage.get("prompt_tokens")), cached_prompt=cached)
        found.append(
            Generation(
                text=text[: min(cuts, default=len(text))].strip(),
                usage=own if at else own + read,
                latency_s=elapsed_s / len(choices),
                stop_reason="length" if choice.get("finish_reason") == "length" and not cuts else "stop",
            )
        )
    return found


def _count(value: Any) -> int:
    """Return a number of tokens; 0 where the server gives none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
