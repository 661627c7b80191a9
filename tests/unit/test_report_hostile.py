"""Whatever a model, a document or a user wrote, the page shows it and does nothing else with it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import tango_interval
from reports import html
from reports.page_text import harmless
from reports.run_data import load_run
from tests.unit._explorer import data_in
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
    "</script\t><script>alert(1)//",
    "<!--<script>",
    "<script type=module>import 'https://example.org/x.js'</script>",
    "<script src=data:text/javascript,alert(1)></script>",
    "</noscript><img src=x onerror=alert(1)>",
    "</dialog></form><form action=https://example.org>",
    "</option></select><img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href='javascript:alert(1)'>press</math>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<input autofocus onfocus=alert(1)><body onload=alert(1)>",
    "<dialog open onclose=alert(1)><button formaction='javascript:alert(1)'>go</button></dialog>",
    "<p style=\"background:url('https://example.org/x.png')\">styled</p>",
    "<style>@import 'https://example.org/x.css'; #items { display: none }</style>",
    "red; background: url(https://example.org/x.png); } * { display: none",
    "data:text/html,<script>alert(1)</script>",
    "javascript:alert(document.domain)//https://example.org",
    "&#x3c;img src=x onerror=alert(1)&#x3e; &lt/script&gt",
    "%3Cscript%3Ealert(1)%3C/script%3E %00 %E0%A4%A",
    "#item=handbook/handbook-00 #items?q=%",
    "\u2028alert(1)\u2029",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\ufeff\u200f\u2067</script>\u2069",
    "zalgo h\u0336\u0321e\u0334\u0322l\u0335\u0323p \U0001f469\u200d\U0001f4bb",
    "__proto__",
    "constructor",
    "prototype.toString",
    '{"__proto__": {"polluted": true}}',
    "hasOwnProperty",
    "$& $1 $$ {n} {all} \\u0022",
)
FORBIDDEN_TAGS = {
    *("script", "img", "iframe", "object", "embed", "base", "form", "button", "template", "noscript", "use"),
    *("plaintext", "textarea", "xmp", "input", "video", "audio", "frame", "applet", "math", "foreignobject"),
}
OWN_TAGS = {"script", "noscript", "form", "input", "button"}
"""Those of them that the item explorer has."""


def hostile(text: str) -> Words:
    """Return words that are all the same text."""
    return Words(text, text, text, text, text, text, text, text)


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

    def places(self) -> set[str]:
        """Where the links lead, without the names that they filter by."""
        return {link.partition("?")[0] for link in self.links}

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


@pytest.fixture(scope="module", autouse=True)
def computed_once() -> Iterator[None]:
    """The statistics of all these runs are the same, and take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("harness.stats.paired"), "tango_interval", cache(tango_interval))
        yield


@pytest.fixture(scope="module")
def peaceful(tmp_path_factory: pytest.TempPathFactory) -> Tags:
    return read(html.render(load_run(made_run(tmp_path_factory.mktemp("peaceful") / "run"))))


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_text_is_shown_and_changes_no_tag(tmp_path: Path, peaceful: Tags, text: str) -> None:
    page = html.render(load_run(made_run(tmp_path / "run", hostile(text))))
    found = read(page)
    assert found.tags == peaceful.tags
    assert FORBIDDEN_TAGS & set(found.tags) == OWN_TAGS
    assert found.attributes == peaceful.attributes
    assert found.places() == peaceful.places()
    assert all(re.fullmatch(r"(data:,|#[a-z-]+(\?[\w.~%&=-]*)?)", link, re.ASCII) for link in found.links)
    assert not [name for name in found.attributes if name.startswith("on")]
    assert harmless(text) in found.text
    data = data_in(page)
    assert harmless(text) in {*data.index["tasks"]} & {*data.index["strategies"]} & {*data.index["tags"]}
    assert harmless(f"never: {text}") in data.texts()
    assert all(harmless(shown) == shown for shown in data.texts())
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


def test_an_answer_may_hold_any_character(tmp_path: Path) -> None:
    nasty = "".join(map(chr, range(0x20))) + "\x7f\x80\ud800\ufffe\u202e end"
    run = load_run(made_run(tmp_path / "run"))
    first, *others = run.items
    shown = first.shown["rag"]
    assert shown.result.answer is not None
    answer = shown.result.answer.model_copy(update={"text": nasty})
    result = shown.result.model_copy(update={"answer": answer})
    changed = dataclasses.replace(
        first, shown={**first.shown, "rag": dataclasses.replace(shown, result=result)}
    )
    page = html.render(dataclasses.replace(run, items=(changed, *others)))
    page.encode("utf-8")
    (text,) = [text for text in data_in(page).texts() if "⟨U+0000⟩⟨U+0001⟩" in text]
    assert text.endswith("\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}⟨U+202E⟩ end")


WAYS_TO_MARKUP = (
    *("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "parseFromString"),
    *("createContextualFragment", "setHTML", "srcdoc", "</script", "<!--"),
    *("eval(", "new Function", "setTimeout", "import("),
)


def test_the_script_puts_nothing_in_as_markup_and_runs_no_text() -> None:
    script = Path(html.__file__).parent.joinpath("templates", "explorer.js").read_text(encoding="utf-8")
    assert [way for way in WAYS_TO_MARKUP if way in script] == []


def test_there_are_many_injections_and_none_twice() -> None:
    assert len(set(INJECTIONS)) == len(INJECTIONS) >= 60


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())))
def test_harmless_text_can_be_written_and_keeps_what_can_be_seen(text: str) -> None:
    clean = harmless(text)
    clean.encode("utf-8")
    assert harmless(clean) == clean
    assert not [c for c in clean if ord(c) < 0x20 and c not in "\n\t"]
    if text.isascii() and text.isprintable():
        assert clean == text
