"""Whatever a model, a document or a user wrote, the page shows it and does nothing else with it."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import html
from reports._data import RunData, load_run
from reports._text import harmless
from tests.unit._report import Words, made_run

INJECTIONS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</details></section></main><h1>forged</h1>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://example.org/beacon.png'>",
    "<svg onload=alert(1)>",
    "<svg><use href='https://example.org/#x'/></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<base href='https://example.org/'>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<form action=https://example.org><button>go</button></form>",
    "<object data=https://example.org></object><embed src=https://example.org>",
    "<a href='javascript:alert(1)'>press</a>",
    "<style>*{display:none}</style>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "--><script>alert(1)</script><!--",
    "<!-- a comment that never ends",
    "]]><script>alert(1)</script>",
    "{{ 7 * 7 }}{% for x in [] %}{{ summary.name }}{# note #}",
    "${alert(1)} `backticks` \\u003cscript\\u003e",
    "&lt;script&gt; &#60;script&#62; &amp;",
    "<plaintext>",
    "<textarea><xmp><noscript><template>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\u202egnp.exe\u202c \u2066isolated\u2069 \u200f",
    "\x1b[31mred\x1b[0m \x07\x08\x7f\x85\x9b",
)
FORBIDDEN_TAGS = {
    *("script", "img", "iframe", "object", "embed", "base", "form", "button", "template", "noscript", "use"),
    *("plaintext", "textarea", "xmp", "input", "video", "audio", "frame", "applet", "math", "foreignobject"),
}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action", "data")}

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


@pytest.fixture(scope="module")
def peaceful(tmp_path_factory: pytest.TempPathFactory) -> Tags:
    return read(html.render(load_run(made_run(tmp_path_factory.mktemp("peaceful") / "run"))))


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_text_is_shown_and_changes_no_tag(tmp_path: Path, peaceful: Tags, text: str) -> None:
    words = Words(
        task=text, label=text, question=text, passage=text, answer=text, error=text, description=text
    )
    page = html.render(load_run(made_run(tmp_path / "run", words)))
    found = read(page)
    assert found.tags == peaceful.tags
    assert not FORBIDDEN_TAGS & set(found.tags)
    assert found.attributes == peaceful.attributes
    assert found.links == peaceful.links
    assert not [name for name in found.attributes if name.startswith("on")]
    assert harmless(text) in found.text
    assert harmless(page) == page  # no control character anywhere, in attributes neither


def test_a_lone_surrogate_does_not_break_the_file(tmp_path: Path) -> None:
    run = load_run(made_run(tmp_path / "run"))
    broken = dataclasses.replace(run.preparations[3], record={"lora": {"note\ud800": "half \udc00 pair"}})
    summary = run.summary.model_copy(update={"name": "made\udfff"})
    page = html.render(
        dataclasses.replace(run, summary=summary, preparations=(*run.preparations[:3], broken))
    )
    assert "half \N{REPLACEMENT CHARACTER} pair" in page
    page.encode("utf-8")


def test_examples_may_hold_any_character(tmp_path: Path) -> None:
    run: RunData = load_run(made_run(tmp_path / "run"))
    nasty = "".join(map(chr, range(0x20))) + "\x7f\x80\ud800\ufffe\u202e end"
    (name, (first, *others)), *_ = run.examples.items()
    generation = first.results[0].generation
    assert generation is not None
    result = first.results[0].model_copy(update={"generation": generation.model_copy(update={"text": nasty})})
    example = dataclasses.replace(first, results=(result, *first.results[1:]))
    page = html.render(dataclasses.replace(run, examples={**run.examples, name: (example, *others)}))
    page.encode("utf-8")
    assert "⟨U+0000⟩⟨U+0001⟩" in page
    assert "⟨U+202E⟩ end" in page


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())))
def test_harmless_text_can_be_written_and_keeps_what_can_be_seen(text: str) -> None:
    clean = harmless(text)
    clean.encode("utf-8")
    assert harmless(clean) == clean
    assert not [c for c in clean if ord(c) < 0x20 and c not in "\n\t"]
    if text.isascii() and text.isprintable():
        assert clean == text
