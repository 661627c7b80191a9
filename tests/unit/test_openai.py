"""A model behind an OpenAI-compatible server, against a real HTTP server on this machine."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.backends import Opening
from harness.cli import main
from harness.errors import InputError
from harness.models.openai import EndpointModel, OpenAI, OpenAIOptions
from harness.runs.store import Store
from harness.types import Decoding, Failure, Message, Request
from tests.conftest import TaskWriter

KEY = "sk-not-to-be-told"
Answer = Callable[[dict[str, Any]], tuple[int, Any, dict[str, str]]]


def completion(*texts: str, finish: str = "stop") -> dict[str, Any]:
    return {
        "choices": [{"message": {"role": "assistant", "content": t}, "finish_reason": finish} for t in texts],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 3 * len(texts) + 1,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }


class Server:
    """Answers by ``answer(body)`` with a status, JSON and headers; notes what was sent."""

    def __init__(self) -> None:
        self.answer: Answer = lambda body: (200, completion("Paris"), {})
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.most_at_once = self._now = 0
        lock, server = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    server.bodies.append(body)
                    server.keys.append(self.headers.get("Authorization"))
                    server._now += 1
                    server.most_at_once = max(server.most_at_once, server._now)
                status, found, headers = server.answer(body)
                with lock:
                    server._now -= 1
                data = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(data))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.http.serve_forever, daemon=True)
    thread.start()
    yield found
    found.http.shutdown()
    found.http.server_close()


def model_of(server: Server, **options: Any) -> EndpointModel:
    return OpenAI(OpenAIOptions(base_url=server.url, model="m", **options)).open(Opening("e.yaml"))


def request(text: str = "Where?", n: int = 1, **decoding: Any) -> Request:
    message = Message(role="user", content=text)
    return Request(task="t", item_id=text, messages=(message,), decoding=Decoding(**decoding), n=n)


def test_it_asks_for_what_the_request_says_and_reads_answer_and_usage(server: Server) -> None:
    server.answer = lambda body: (200, completion(" Paris\nQuestion", finish="length"), {})
    (found,) = model_of(server).generate([request(max_new_tokens=7, stop=("\nQ",))])
    assert isinstance(found, tuple)
    (answer,) = found
    assert (answer.text, answer.stop_reason) == ("Paris", "stop")  # it had ended before its length did
    assert (answer.usage.prompt, answer.usage.cached_prompt, answer.usage.completion) == (10, 4, 4)
    assert server.bodies == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Where?"}],
            "max_tokens": 7,
            "temperature": 0.0,
            "stop": ["\nQ"],
        }
    ]


@pytest.mark.parametrize("at_once", [3, 1])
def test_samples_are_asked_for_until_there_are_all(server: Server, at_once: int) -> None:
    server.answer = lambda body: (200, completion(*["a", "b", "c"][:at_once]), {})
    (found,) = model_of(server).generate([request(n=3, temperature=0.7)])
    assert isinstance(found, tuple)
    assert len(found) == 3
    assert [body.get("n") for body in server.bodies] == ([3] if at_once == 3 else [3, 2, None])
    assert len({body["seed"] for body in server.bodies}) == len(server.bodies)
    assert sum(each.usage.completion for each in found) == (10 if at_once == 3 else 12)
    assert sum(each.usage.prompt for each in found) == 10 * len(server.bodies)


def test_a_busy_server_is_asked_again_and_a_garbled_answer_fails_its_item_alone(server: Server) -> None:
    busy = iter([429, 503])

    def answer(body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        text = body["messages"][0]["content"]
        if text == "busy" and (status := next(busy, None)):
            return status, {}, {"Retry-After": "0.01"}
        if text == "long":
            return 400, {"error": {"message": f"too many tokens, {KEY}"}}, {}
        return {"garbled": (200, b"<html>", {}), "empty": (200, {"choices": []}, {})}.get(
            text, (200, completion(text), {})
        )

    server.answer = answer
    texts = ["busy", "garbled", "empty", "long", "fine"]
    found = model_of(server, concurrency=2).generate([request(text) for text in texts])
    told = [each.kind if isinstance(each, Failure) else each[0].text for each in found]
    assert told == ["busy", "malformed_response", "malformed_response", "http_400", "fine"]
    assert 1 <= server.most_at_once <= 2
    assert len(server.bodies) == 7


def test_what_no_other_question_would_mend_ends_the_run_in_one_line(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", KEY)
    server.answer = lambda body: (401, {"error": f"bad key {KEY}"}, {})
    with pytest.raises(InputError, match=r"e.yaml: model: cannot be used: the server answers 401") as caught:
        model_of(server, api_key_env="THE_KEY").generate([request()])
    assert KEY not in str(caught.value)
    assert server.keys == [f"Bearer {KEY}"]
    server.http.server_close()
    with pytest.raises(InputError, match="cannot be reached"):
        EndpointModel(OpenAIOptions(base_url="http://127.0.0.1:9/v1", model="m", retries=0), "e").generate(
            [request()]
        )


def test_the_key_goes_to_no_other_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", KEY)
    server.answer = lambda body: (302, {}, {"Location": f"{server.url}/elsewhere"})
    (found,) = model_of(server, api_key_env="THE_KEY").generate([request()])
    assert isinstance(found, Failure)
    assert found.kind == "http_302"
    assert len(server.keys) == 1


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"base_url": "127.0.0.1:1"}, "model.base_url: is no http address"),
        ({"base_url": "http://me:secret@host/v1"}, "model.base_url: holds credentials"),
        ({"api_key_env": "NOT_SET_HERE"}, "model.api_key_env: names an environment variable that is not set"),
    ],
)
def test_a_wrong_address_or_key_is_refused_before_anything_is_asked(
    options: dict[str, str], line: str
) -> None:
    given = OpenAIOptions(**({"base_url": "http://127.0.0.1:1/v1", "model": "m"} | options))
    with pytest.raises(InputError) as caught:
        OpenAI(given).check("e.yaml", "model")
    assert line in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_whole_run_answers_choices_in_words_and_says_so(
    server: Server, tmp_path: Path, write_task: TaskWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"test": [{"id": f"q{i}", "input": f"{i}?", "target": "yes"} for i in range(6)]}
    keys = {"kind": "choice", "choices": ["yes", "no"]}
    task = write_task("choosing", rows, metrics=["choice_accuracy"], **keys)
    pmi = write_task("pmi", rows, metrics=["choice_accuracy_pmi"], **keys)
    server.answer = lambda body: (200, completion("The answer is yes."), {})

    def run(folder: Path, out: str) -> int:
        model = {"use": "openai", "base_url": server.url, "model": "m", "api_key_env": "THE_KEY"}
        written = {"name": "a", "model": model, "tasks": [str(folder)], "strategies": {"zero_shot": {}}}
        (tmp_path / "a.yaml").write_text(json.dumps(written))
        monkeypatch.setattr("sys.argv", ["trilemma", "run", str(tmp_path / "a.yaml"), "--out", out])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0)

    monkeypatch.setenv("THE_KEY", KEY)
    out = tmp_path / "out"
    assert run(task, str(out)) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["models"]["model"]["identity"]["origin"] == "endpoint"
    assert "cannot score choices, so it is answered in words" in manifest["remarks"]["choosing"][0]
    assert server.bodies[0]["messages"][-1]["content"].endswith("- yes\n- no")
    recipe = manifest["recipes"]["zero_shot"]["choosing"]
    with Store.open(out, read_only=True) as store:
        results = list(store.results([recipe], manifest["judging"]["choosing"]))
    assert [row.answer.text for row in results if row.answer] == ["The answer is yes."] * 6
    assert "cannot score choices" in (out / "report.html").read_text()
    assert all(KEY.encode() not in path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert run(pmi, str(tmp_path / "pmi")) == 2


# --- Hostile servers ---


class Raw:
    """Sends ``parts`` to whoever connects, a moment apart, and closes."""

    def __init__(self, *parts: bytes) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"
        threading.Thread(target=self._serve, args=(parts,), daemon=True).start()

    def _serve(self, parts: tuple[bytes, ...]) -> None:
        while True:
            with suppress(OSError), self.socket.accept()[0] as client:
                client.recv(1 << 16)
                for part in parts:
                    client.sendall(part)
                    time.sleep(0.05)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ((), "connection_lost"),
        ((HEAD, b'{"choices"'), "connection_lost"),
        ((b"nonsense " + KEY.encode() + b"\r\n\r\n",), "connection_lost"),
        ((HEAD, *[b" "] * 100), "timeout"),
    ],
)
def test_an_answer_that_breaks_off_or_never_ends_fails_its_item(
    parts: tuple[bytes, ...], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    options = OpenAIOptions(
        base_url=Raw(*parts).url, model="m", retries=0, timeout_s=0.5, api_key_env="MY_KEY"
    )
    started = time.monotonic()
    (found,) = OpenAI(options).open(Opening("e.yaml")).generate([request()])
    assert isinstance(found, Failure)
    assert found.kind == kind
    assert KEY not in found.message
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("stated", ["0", "nan", "-5", "Mon, 99 Foo 0000", "soon"])
def test_a_server_that_stays_busy_is_asked_so_often_and_no_more(
    server: Server, stated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.models._http.time.sleep", lambda _: None)
    server.answer = lambda body: (429, {}, {"Retry-After": stated})
    (found,) = model_of(server, retries=3).generate([request()])
    assert isinstance(found, Failure)
    assert (found.kind, len(server.bodies)) == ("http_429", 4)


def test_half_a_character_is_shown_as_one_that_is_not_known(server: Server) -> None:
    server.answer = lambda body: (200, completion("a\ud83d"), {})
    (found,) = model_of(server).generate([request()])
    assert isinstance(found, tuple)
    assert found[0].text == "a?"


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}\u00e9", f"Bearer {KEY}"])
def test_a_key_that_no_header_holds_is_refused_and_not_told(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", key)
    options = OpenAIOptions(base_url="http://127.0.0.1:1/v1", model="m", api_key_env="MY_KEY")
    with pytest.raises(InputError, match="api_key_env") as refused:
        OpenAI(options).open(Opening("e.yaml"))
    assert KEY not in str(refused.value)


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"base_url: has no such port"):
        OpenAI(OpenAIOptions(base_url="http://127.0.0.1:99999/v1", model="m")).check("e.yaml", "model")
