"""A server that speaks OpenAI's chat completions, and says the words of the question in another order."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LONGEST = 50_000  # characters of a prompt


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = " ".join(message["content"] for message in asked["messages"])
        if len(prompt) > _LONGEST:
            self._send(
                400, {"error": {"message": "the prompt is too long", "code": "context_length_exceeded"}}
            )
            return
        choices = [self._choice(asked, n) for n in range(asked.get("n", 1))]
        written = sum(len(choice["message"]["content"].split()) for choice in choices)
        usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": written}
        self._send(200, {"choices": choices, "usage": usage})

    def _choice(self, asked: dict[str, Any], number: int) -> dict[str, Any]:
        words = f"{asked['model']} says {asked['messages'][-1]['content']}".split()
        if asked["temperature"]:
            random.Random(f"{asked.get('seed')} {number}").shuffle(words)
        text = " ".join(words[: asked["max_tokens"]])
        for stop in asked.get("stop", ()):
            text = text.partition(stop)[0]
        reason = "length" if len(words) > asked["max_tokens"] else "stop"
        return {"message": {"role": "assistant", "content": text}, "finish_reason": reason}

    def _send(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    """Serve on a free port, and give the address that ``/chat/completions`` is added to."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
