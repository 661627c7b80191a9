"""Opening what somebody else may have written: a regular file of a bounded size, or one line at once."""

import os
import socket

import pytest

from harness.errors import InputError
from harness.files import check_input, open_input, read_input, read_input_text

MOST = 1000


def refusal(path, largest=MOST, **options) -> str:
    with pytest.raises(InputError) as caught:
        open_input(path, largest, **options)
    return str(caught.value)


def test_a_regular_file_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfgr\xc3\xbcn")
    assert read_input(tmp_path / "a", 8) == b"\xef\xbb\xbfgr\xc3\xbcn"
    assert read_input_text(tmp_path / "a", 8) == "grün"
    assert check_input(tmp_path / "a", 8) == 8


def test_a_link_within_the_folder_is_followed(tmp_path):
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert read_input_text(tmp_path / "b", MOST, within=tmp_path) == "x"


def test_what_is_no_regular_file_is_named_and_never_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # the name of a socket must be short
        listener.bind("socket")
        assert "is a socket, not a regular file" in refusal(tmp_path / "socket")
    assert "is a named pipe, not a regular file" in refusal(tmp_path / "pipe")
    assert "is a folder, not a regular file" in refusal(tmp_path / "folder")
    assert "is a device, not a regular file" in refusal(type(tmp_path)("/dev/zero"))
    assert "cannot be read" in refusal(tmp_path / "loop")
    assert "there is no such file; look elsewhere" in refusal(tmp_path / "none", missing="look elsewhere")
    assert "cannot be read" in refusal(tmp_path / ("x" * 300))
    assert "cannot be read" in refusal(tmp_path / "a\0b")


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret").write_text("x")
    (inside / "link").symlink_to("../secret")
    (inside / "deep").symlink_to(tmp_path)
    assert "is a link that leads out of" in refusal(inside / "link", within=inside)
    assert "is a link that leads out of" in refusal(inside / "deep" / "secret", within=inside)
    assert read_input_text(inside / "link", MOST) == "x"


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert "has 1,099,511,627,776 bytes, more than the 1,000" in refusal(tmp_path / "sparse")


def test_a_file_without_a_size_of_its_own_is_read_to_the_bound(tmp_path):
    with pytest.raises(InputError, match="has more than the 10 bytes"):
        read_input(type(tmp_path)("/proc/self/environ"), 10)
