import io

from harness.progress import PlainProgress


def test_plain_lines_tell_count_rate_time_left_and_note_and_end_once() -> None:
    stream = io.StringIO()
    with PlainProgress(stream, every_s=0.0).step("training", 4, done=1) as step:
        step.advance(note="loss 2.5")
        step.advance(2)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("training: 2/4, ")
    assert "s left, loss 2.5" in lines[0]
    assert lines[1].startswith("training: 4/4, ")


def test_a_step_that_stops_short_still_says_where() -> None:
    stream = io.StringIO()
    with PlainProgress(stream, every_s=99.0).step("rag", 10) as step:
        step.advance(3)
    assert stream.getvalue().startswith("rag: 3/10, ")
