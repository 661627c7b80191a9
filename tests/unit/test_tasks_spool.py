"""Items in a file are the items that were put there, in any order of asking."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.tasks.spool import Spooled
from harness.types import TaskItem

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
ITEMS = st.lists(
    st.builds(
        TaskItem,
        id=TEXT,
        input=TEXT,
        targets=st.lists(TEXT, max_size=2).map(tuple),
        split=st.just("test"),
        metadata=st.dictionaries(TEXT, st.none() | st.integers() | TEXT | st.lists(TEXT), max_size=2),
    ),
    max_size=8,
)


def numbered(n: int) -> list[TaskItem]:
    return [TaskItem(id=f"i{k}", input="?" * (k % 7), targets=("yes",), split="test") for k in range(n)]


@given(items=ITEMS, start=st.integers(-9, 9), stop=st.integers(-9, 9), step=st.sampled_from([-2, -1, 1, 3]))
@settings(deadline=None)
def test_it_behaves_as_a_tuple_of_its_items(items: list[TaskItem], start: int, stop: int, step: int) -> None:
    spooled = Spooled(items)
    assert len(spooled) == len(items)
    assert list(spooled) == items
    assert spooled[start:stop:step] == tuple(items[start:stop:step])
    for place in range(-len(items), len(items)):
        assert spooled[place] == items[place]
    with pytest.raises(IndexError):
        spooled[len(items)]


def test_more_items_than_are_written_or_read_at_once_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.tasks.spool._WRITE_BYTES", 100)
    monkeypatch.setattr("harness.tasks.spool._READ_ITEMS", 3)
    items = numbered(50)
    assert list(Spooled(iter(items))) == items


def test_threads_may_read_at_once() -> None:
    items = numbered(2000)
    spooled = Spooled(items)
    with ThreadPoolExecutor(4) as threads:
        assert all(found == items for found in threads.map(lambda _: list(spooled), range(8)))


def test_the_file_has_no_name_and_goes_with_the_sequence(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spooled = Spooled(numbered(3))
    descriptor = spooled._file
    assert list(tmp_path.iterdir()) == []
    del spooled
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
