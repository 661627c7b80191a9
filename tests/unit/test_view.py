"""`trilemma view`: what it shows, and that it shows it to this machine only and changes nothing."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import json
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from harness.cli.view import view
from harness.errors import InputError, MissingDependencyError
from harness.runs.lock import locked
from harness.runs.store import Store
from reports.server.app import view_app
from reports.server.folders import Entry, entries
from reports.server.memory import Pages, Rates, stamp_of
from reports.server.serving import listening
from reports.server.status import status_of
from tests.unit._gate import first, made
from tests.unit._report import Words, made_run
from tests.unit.test_history import run_on
from tests.unit.test_report_hostile import FORBIDDEN_TAGS, INJECTIONS, read

ROOT = Path(__file__).parents[2]
HOST = "http://127.0.0.1:8321"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


def client_of(runs: Path, host: str = HOST) -> TestClient:
    return TestClient(view_app(runs), base_url=host, raise_server_exceptions=False)


def text_of(runs: Path, address: str) -> str:
    answer = client_of(runs).get(address)
    assert answer.status_code == 200, answer.text[-500:]
    return " ".join(read(answer.text).text.split())


@contextmanager
def at_work(run: Path) -> Iterator[None]:
    """Hold the run folder as a run does."""
    with (run / "run.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- The list ---


def test_the_list_shows_every_run_with_its_state_and_verdict(runs: Path) -> None:
    done = run_on(1, runs / "done", 100)
    (done / "summary.json").write_text(json.dumps({"verdict": {"line": "Take tuned.", "winner": "tuned"}}))
    made(runs / "half", {"plain": {"a": first(2)}}, {"a": 8}, missing={("plain", "a"): range(5)})
    made(runs / "live", {"plain": {"a": first(2)}}, {"a": 8}, missing={("plain", "a"): range(6)})
    (runs / "broken").mkdir()
    (runs / "broken" / "manifest.json").write_text("{")
    (runs / "no run at all").mkdir()
    (runs / "a file").write_text("")
    with at_work(runs / "live"):
        text = text_of(runs, "/")
    live, finished, half, broken = (text.index(word) for word in ("live", "done", "half", "broken"))
    assert live < finished < half < broken  # at work first, then the newest
    assert "in progress 2026-01-01 00:00 1 tasks × 1 strategies 2 of 8 answers Follow" in text
    assert "finished 2026-05-01 10:00 2 tasks × 2 strategies 800 of 800 answers Take tuned." in text
    assert "stopped 2026-01-01 00:00 1 tasks × 1 strategies 3 of 8 answers" in text
    assert "not readable" in text
    assert "manifest.json: cannot be read" in text
    assert "no run at all" not in text
    assert "a file" not in text


def test_a_long_verdict_ends_between_words(runs: Path) -> None:
    line = "Take tuned. " + "unending " * 100
    (run_on(1, runs / "done", 100) / "summary.json").write_text(
        json.dumps({"verdict": {"line": line, "winner": "tuned"}})
    )
    assert "unending unending …" in text_of(runs, "/")


def test_an_empty_folder_says_how_to_begin(runs: Path) -> None:
    assert "There are no runs here yet." in text_of(runs, "/")


def test_a_run_that_ended_with_a_strategy_missing_is_finished(runs: Path) -> None:
    run = made(runs / "r", {"plain": {"a": first(2)}, "lora": {}}, {"a": 8})
    assert status_of(entries(runs)["r"]).state == "stopped"
    (run / "summary.json").write_text("{}")
    assert status_of(entries(runs)["r"]).state == "finished"


def test_answers_of_an_older_limit_are_not_counted_as_more_than_all(runs: Path) -> None:
    run = made(runs / "r", {"plain": {"a": first(2)}}, {"a": 8}, failed={("plain", "a"): range(2)})
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["experiment"] |= {"limit": 5}
    manifest["asked"] = {"a": 5}
    (run / "manifest.json").write_text(json.dumps(manifest))
    status = status_of(entries(runs)["r"])
    assert (status.done, status.total, status.errors) == (5, 5, 2)


# --- A report ---


def test_a_report_is_the_one_that_the_command_writes(runs: Path) -> None:
    from reports.html import load_run, render

    run = made_run(runs / "made")
    answer = client_of(runs).get("/runs/made")
    assert answer.text == render(load_run(run))
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"


def test_a_report_is_made_once_until_the_run_changes(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reports.server import app

    run = run_on(1, runs / "r", 100)
    pages = (f"page {number}" for number in itertools.count(1))
    monkeypatch.setattr(app, "load_run", lambda path: path)
    monkeypatch.setattr(app, "render", lambda path: next(pages))
    client = client_of(runs)
    assert [client.get("/runs/r").text for _ in range(2)] == ["page 1", "page 1"]
    with Store.open(run) as store:
        store.forget_errors("tuned/a", 0)
        store._db.execute("DELETE FROM answers WHERE task = 'kept'")
    assert client.get("/runs/r").text == "page 2"


def test_a_run_that_cannot_be_reported_says_why(runs: Path) -> None:
    run = made(runs / "r", {"plain": {"a": first(2)}}, {"a": 8}, missing={("plain", "a"): range(8)})
    answer = client_of(runs).get("/runs/r")
    assert answer.status_code == 422
    assert f"{run}: holds no results yet" in read(answer.text).text


def test_only_the_last_pages_are_kept() -> None:
    pages, numbers = Pages(), itertools.count()
    asked = [pages.get(str(key), (), lambda: str(next(numbers))) for key in (*range(20), 19, 0)]
    assert asked == [*map(str, range(20)), "19", "20"]


# --- A comparison ---


def test_two_chosen_runs_are_compared(runs: Path) -> None:
    run_on(1, runs / "one", 160)
    run_on(2, runs / "two", 90)
    page = client_of(runs).get("/compare", params={"run": ["two", "one"]}).text
    assert "▼ regression" in page
    assert "All runs" in page
    assert "History of 2 runs" in page


@pytest.mark.parametrize("query", ["", "?run=one", "?run=one&run=one"])
def test_fewer_than_two_runs_are_no_comparison(runs: Path, query: str) -> None:
    run_on(1, runs / "one", 160)
    answer = client_of(runs).get(f"/compare{query}")
    assert answer.status_code == 400
    assert "Choose at least two runs" in answer.text


def test_a_comparison_with_a_damaged_run_says_which(runs: Path) -> None:
    run_on(1, runs / "one", 160)
    run_on(2, runs / "two", 90)
    (runs / "two" / "results.sqlite").write_bytes(b"x" * 9000)
    answer = client_of(runs).get("/compare?run=one&run=two")
    assert answer.status_code == 422
    assert "two/results.sqlite: cannot be opened" in read(answer.text).text


# --- A run in progress ---


def test_a_run_at_work_is_followed(runs: Path) -> None:
    rules = {"plain": {"a": first(9), "b": first(9)}}
    run = made(
        runs / "live", rules, {"a": 10, "b": 10},
        missing={("plain", "a"): range(4), ("plain", "b"): range(10)}, failed={("plain", "a"): (8, 9)},
    )  # fmt: skip
    with at_work(run):
        page = client_of(runs).get("/runs/live/follow").text
        assert '<meta http-equiv="refresh" content="3">' in page
        text = " ".join(read(page).text.split())
        assert "in progress 6 of 20 2 failed" in text
        assert "a 6 of 10 2 failed b 0 of 10" in text
        still = client_of(runs).get("/runs/live/follow?still").text
        assert "http-equiv" not in still
        assert "Go on" in still
    assert "http-equiv" not in client_of(runs).get("/runs/live/follow").text


def test_following_does_not_hold_up_the_writer(runs: Path) -> None:
    run = made(runs / "live", {"plain": {"a": first(9)}}, {"a": 10}, missing={("plain", "a"): range(10)})
    client = client_of(runs)
    with locked(run), Store.open(run) as store:
        for number in range(3):
            key = f"{number}"
            store._db.execute(
                "INSERT INTO answers VALUES "
                "('plain/a', 'plain', 0, 0, 'a', ?, '', NULL, NULL, NULL, NULL, '{}')",
                (key,),
            )
            assert f"{number + 1} of 10" in client.get("/runs/live/follow").text
        before = sorted(path.name for path in run.iterdir())
        client.get("/")
        assert sorted(path.name for path in run.iterdir()) == before


def test_a_run_that_has_only_begun_is_in_progress(runs: Path) -> None:
    (runs / "new").mkdir()
    with locked(runs / "new"):
        assert "new in progress Follow" in text_of(runs, "/")
        assert "has not written its first answer" in text_of(runs, "/runs/new/follow")
    (runs / "new" / "run.lock").touch()  # what a run that was killed leaves
    assert status_of(entries(runs)["new"]).state == "unreadable"


def test_a_look_at_a_run_does_not_keep_another_from_starting(runs: Path) -> None:
    (runs / "r").mkdir()
    lock = runs / "r" / "run.lock"
    lock.touch()
    watcher = subprocess.Popen(
        [
            sys.executable, "-c",
            "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_SH); "
            "print(flush=True); time.sleep(0.03)",
            str(lock),
        ],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    with watcher:
        assert watcher.stdout is not None
        watcher.stdout.readline()
        with locked(runs / "r"):
            pass


def test_the_rate_is_what_the_last_minutes_have_shown() -> None:
    now = [0.0]
    rates = Rates(clock=lambda: now[0])
    seen = []
    for moment, done in ((0, 100), (10, 150), (20, 200), (200, 200), (205, 300), (210, 40), (220, 50)):
        now[0] = float(moment)
        seen.append(rates.note("r", done))
    assert seen == [None, 5.0, 5.0, None, 20.0, None, 1.0]


# --- What is kept out ---


SECRET = "a line from outside"


@pytest.fixture
def beside(runs: Path) -> Path:
    """A complete run beside the folder, and a file; neither is to be reached."""
    run_on(1, runs.parent / "outside", 100, name=SECRET)
    (runs.parent / "secret.txt").write_text(SECRET)
    run_on(1, runs / "inside", 100)
    return runs


def asked_raw(runs: Path, path: str, query: str = "") -> tuple[int, str]:
    """Ask for a path as it stands: a client would tidy it up first."""
    sent: list[Any] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "root_path": "", "raw_path": path.encode(),
        "query_string": query.encode(), "headers": [(b"host", b"127.0.0.1:8321")],
    }  # fmt: skip

    async def ask() -> None:
        await view_app(runs)(scope, receive, send)

    asyncio.run(ask())
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


@pytest.mark.parametrize(
    "path",
    [
        "/runs/../outside",
        "/runs/..",
        "/runs/.",
        "/runs/..%2foutside",
        "/runs/%2e%2e",
        "/runs/inside/../../outside",
        "/runs/inside\x00",
        "/runs/..\\outside",
        "/runs//outside",
        "/runs/inside/manifest.json",
        "/secret.txt",
        "/../secret.txt",
        "//127.0.0.1/secret.txt",
    ],
)
def test_no_address_leads_out_of_the_folder(beside: Path, path: str) -> None:
    status, text = asked_raw(beside, path)
    assert status == 404
    assert SECRET not in text
    assert asked_raw(beside, "/runs/inside/follow")[0] == 200


@pytest.mark.parametrize("key", ["../outside", "{root}/outside", "..", "inside/../../outside"])
def test_no_chosen_run_leads_out_of_the_folder(beside: Path, key: str) -> None:
    status, text = asked_raw(beside, "/compare", f"run=inside&run={key.format(root=beside.parent)}")
    assert status == 404
    assert SECRET not in text


def test_no_link_leads_out_of_the_folder(beside: Path) -> None:
    (beside / "linked").symlink_to(beside.parent / "outside")
    run_on(2, beside / "partly", 100)
    (beside / "partly" / "results.sqlite").unlink()
    (beside / "partly" / "results.sqlite").symlink_to(beside.parent / "outside" / "results.sqlite")
    text = text_of(beside, "/")
    assert "linked is a link that leads out" in text
    assert "results.sqlite is a link that leads out" in text
    assert SECRET not in text
    for address in ("/runs/linked", "/runs/partly", "/runs/partly/follow", "/compare?run=inside&run=linked"):
        answer = client_of(beside).get(address)
        assert answer.status_code == 422
        assert SECRET not in answer.text


def test_a_link_inside_the_folder_is_followed(beside: Path) -> None:
    (beside / "latest").symlink_to("inside")
    assert client_of(beside).get("/runs/latest/follow").status_code == 200


@pytest.mark.parametrize("host", ["http://127.0.0.1:8321", "http://localhost:1", "http://[::1]:8321"])
def test_this_machine_is_answered(runs: Path, host: str) -> None:
    assert client_of(runs, host).get("/").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8321", "0.0.0.0", "", "[::2]"]
)
def test_another_host_name_is_refused(beside: Path, host: str) -> None:
    answer = client_of(beside).get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "inside" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("address", ["/", "/runs/inside", "/compare"])
def test_only_reading_is_answered(beside: Path, method: str, address: str) -> None:
    answer = client_of(beside).request(method, address)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("address", ["/", "/runs/inside", "/runs/none", "/runs/inside/follow", "/compare"])
def test_every_page_carries_the_headers_and_head_has_no_body(beside: Path, address: str) -> None:
    answer = client_of(beside).get(address)
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    if address != "/runs/inside":
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    head = client_of(beside).head(address)
    assert (head.status_code, head.content) == (answer.status_code, b"")


def test_a_page_that_breaks_tells_the_browser_nothing(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reports.server import app

    def break_down(path: Path) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(app, "load_run", break_down)
    answer = client_of(beside).get("/runs/inside")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


def test_nothing_in_the_folder_is_written(beside: Path) -> None:
    def state() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(beside.rglob("*")) if path.is_file()}

    run_on(2, beside / "two", 100)
    before = state()
    for address in ("/", "/runs/inside", "/runs/inside/follow", "/compare?run=inside&run=two"):
        assert client_of(beside).get(address).status_code == 200
    assert state() == before


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_content_does_nothing(tmp_path: Path, text: str) -> None:
    def pages(word: str, folder: Path) -> list[str]:
        run = made_run(folder / "run", Words(*[word] * 7))
        manifest = json.loads((run / "manifest.json").read_text()) | {"name": word}
        (run / "manifest.json").write_text(json.dumps(manifest))
        (run / "summary.json").write_text(json.dumps({"verdict": {"line": word, "winner": None}}))
        with at_work(run):
            return [client_of(folder).get(address).text for address in ("/", "/runs/run/follow")]

    for page, peaceful in zip(pages(text, tmp_path / "a"), pages("peace", tmp_path / "b"), strict=True):
        found, expected = read(page), read(peaceful)
        assert found.tags == expected.tags
        assert found.attributes == expected.attributes
        assert found.links == expected.links


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a b", "ä\n\x1b[31m", '"><img src=x>', "%2e%2e", "-x", "a" * 200]
)
def test_folders_of_any_name_are_reached_by_a_plain_key(runs: Path, name: str) -> None:
    name = name.replace("/", "∕")
    run_on(1, runs / name, 100)
    (key,) = entries(runs)
    assert key.removeprefix("~").isalnum()
    page = client_of(runs).get("/").text
    assert not (FORBIDDEN_TAGS - {"form", "button", "input"}) & set(read(page).tags)
    assert f"/runs/{key}" in read(page).links
    assert client_of(runs).get(f"/runs/{key}/follow").status_code == 200


# --- The command ---


def call(*arguments: object) -> None:
    CliRunner().invoke(view, [str(each) for each in arguments], catch_exceptions=False, standalone_mode=False)


def test_what_is_no_folder_of_runs_is_refused(runs: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        call(runs / "nowhere")
    with pytest.raises(InputError, match="is itself a run folder"):
        call(run_on(1, runs / "r", 100))


def test_a_missing_library_is_named_with_its_remedy(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "reports.server.serving", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingDependencyError, match=r'uvicorn.*pip install "trilemma\[view\]"'):
        call(runs)


def test_a_port_that_is_taken_is_refused_when_named_and_else_passed_over() -> None:
    with listening(0, exactly=True) as taken:
        assert taken.getsockname()[0] == "127.0.0.1"
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match="--port: cannot be listened on"):
            listening(port, exactly=True)
        with listening(port, exactly=False) as other:
            assert port < other.getsockname()[1] < port + 50


def test_ctrl_c_ends_it_in_good_order(runs: Path) -> None:
    run_on(1, runs / "r", 100)
    start = "from harness.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", start, "view", str(runs), "--port", "0"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith(f"{runs}: http://127.0.0.1:")
        port = int(line.split("127.0.0.1:")[1].split("/")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=20)
    assert (server.returncode, errors) == (0, "")


def test_a_store_of_another_schema_is_a_state(runs: Path) -> None:
    run = run_on(1, runs / "r", 100)
    db = sqlite3.connect(run / "results.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    status = status_of(Entry("r", run))
    assert status.state == "unreadable"
    assert "schema version 99" in status.reason
    assert stamp_of(run) != stamp_of(runs)
