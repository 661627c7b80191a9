"""The item explorer in a real browser: finding, opening, addresses, keys, hostile text, accessibility."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from reports.explorer.items import AskedItem, Outcome
from reports.explorer.links import item_link, items_link
from reports.html import render
from reports.run_data import load_run
from reports.writing import write_report
from tests.browser._browser import NEEDS_CHROMIUM, grave_violations, opened
from tests.unit._explorer import asked
from tests.unit._report import N_ITEMS, Words, made_run
from tests.unit.test_report_hostile import INJECTIONS, hostile

pytestmark = NEEDS_CHROMIUM
Open = Callable[..., Any]
ALL = 3 * N_ITEMS
ITEM = item_link("handbook", "handbook-05")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(made_run(tmp_path_factory.mktemp("explorer") / "run"))


@pytest.fixture
def go(browser: Any, report: Path) -> Iterator[Open]:
    """Open the report at an address; afterwards it must not have asked for or complained of anything."""
    visits: list[tuple[Any, list[str]]] = []

    def visit(address: str = "", width: int = 1100, file: Path = report) -> Any:
        visits.append(opened(browser, file, width, address))
        return visits[-1][0]

    yield visit
    for page, complaints in visits:
        assert complaints == []
        page.close()


def page_of(report: Path, items: Sequence[AskedItem], file: Path) -> Path:
    """Write the report of the same run with other items."""
    run = dataclasses.replace(load_run(report.parent), items=tuple(items))
    file.write_text(render(run), encoding="utf-8")
    return file


def count(page: Any) -> int:
    status = page.locator("#items-status").inner_text()
    return 0 if status == "No item matches." else int(status.split()[0])


def ids(page: Any) -> list[str]:
    return [row.split(" · ")[1].split(" → ")[0] for row in page.locator(".items-id").all_inner_texts()]


def opened_item(page: Any) -> str:
    page.wait_for_selector("dialog[open]")
    return str(page.locator("#item-title").inner_text())


def choose(page: Any, **values: str) -> int:
    for name, value in values.items():
        page.locator(f"#items-form [name={name}]").select_option(value)
    return count(page)


# --- Finding ---


def test_all_items_are_listed_those_with_most_disagreement_first(go: Open) -> None:
    page = go()
    assert count(page) == ALL
    signs = [text.replace("\n", "") for text in page.locator(".items-signs").all_inner_texts()]
    assert {signs[0].count("✓"), signs[1].count("✓")} == {2}


def right(strategy: str, number: int) -> bool:
    """Whether the made run has a handbook item right; an item fails with few_shot."""
    share = {"zero_shot": 2, "few_shot": 4, "rag": 10, "lora": 5}[strategy]
    return (number * 7 + 3) % 12 < share and (strategy, number) != ("few_shot", 5)


def numbers(holds: Callable[[int], bool]) -> int:
    return sum(map(holds, range(N_ITEMS)))


def test_filters_by_task_strategy_and_outcome(go: Open) -> None:
    page = go()
    assert choose(page, task="handbook") == N_ITEMS
    assert choose(page, strategy="rag") == N_ITEMS
    assert choose(page, outcome="right") == numbers(lambda n: right("rag", n))
    assert choose(page, outcome="wrong") == numbers(lambda n: not right("rag", n))
    assert choose(page, outcome="error") == 0
    assert choose(page, strategy="few_shot") == 1
    assert choose(page, strategy="", outcome="error") == 1
    assert ids(page) == ["handbook-05"]
    assert choose(page, task="") == 3
    page.get_by_role("button", name="Show all").click()
    assert count(page) == ALL


def test_changes_between_any_two_strategies(go: Open) -> None:
    page = go()
    choose(page, task="handbook", a="lora", b="rag")
    found = {}
    changes = {
        "gained": (False, True),
        "lost": (True, False),
        "both-right": (True, True),
        "both-wrong": (False, False),
    }
    for flip, wanted in changes.items():
        found[flip] = choose(page, flip=flip)
        assert found[flip] == [(right("lora", n), right("rag", n)) for n in range(N_ITEMS)].count(wanted)
    assert sum(found.values()) == N_ITEMS
    assert found["gained"] > 0 == found["lost"]
    assert choose(page, a="rag", b="lora", flip="lost") == found["gained"]


def test_tags_and_refusals(go: Open, report: Path, tmp_path: Path) -> None:
    items = [asked(number, (1.0, 0.0)) for number in range(9)]
    tagged = items[7].item.model_copy(update={"tags": ("hard",)})
    refused = dataclasses.replace(items[2].shown["zero_shot"], outcome=Outcome.ANSWERED | Outcome.REFUSED)
    items[7] = dataclasses.replace(items[7], item=tagged)
    items[2] = dataclasses.replace(items[2], shown={**items[2].shown, "zero_shot": refused})
    file = page_of(report, items, tmp_path / "page.html")
    page = go(file=file)
    assert (choose(page, tag="hard"), ids(page)) == (1, ["item-0007"])
    assert (choose(page, tag="", outcome="refused"), ids(page)) == (1, ["item-0002"])
    assert choose(page, strategy="few_shot") == 0
    assert choose(page, outcome="", strategy="lora") == 0  # was not asked
    assert choose(page, strategy="", a="zero_shot", b="few_shot", flip="both-wrong") == 1
    assert choose(page, b="lora") == 0


def test_search_finds_all_words_in_any_part_without_case(go: Open) -> None:
    page = go()
    search = page.get_by_label("Search")
    search.fill("HANDBOOK-05")
    assert ids(page) == ["handbook-05"]
    search.fill("(7) drill")  # of the question
    assert count(page) == 3
    search.fill("toolong")  # of an error
    assert count(page) == 3
    search.fill("repairs")  # of an answer
    assert 0 < count(page) <= N_ITEMS
    search.fill("nowhere")
    assert count(page) == 0
    assert not page.locator("#items-list").is_visible()


def test_sorting(go: Open) -> None:
    page = go()
    choose(page, task="handbook", sort="item")
    assert ids(page)[:3] == ["handbook-00", "handbook-01", "handbook-02"]
    choose(page, strategy="rag", sort="score-low")
    lowest = int(ids(page)[0][-2:])
    assert not right("rag", lowest)
    choose(page, sort="score-high")
    assert right("rag", int(ids(page)[0][-2:]))
    choose(page, task="", strategy="", sort="task")
    assert ids(page)[0].startswith("handbook")
    choose(page, sort="tokens")
    assert not ids(page)[0].startswith("sums")  # no passages there
    choose(page, sort="latency")
    assert not ids(page)[0].startswith("sums")


def test_of_a_long_list_only_what_can_be_seen_stands_in_the_page(
    go: Open, report: Path, tmp_path: Path
) -> None:
    items = [asked(number, (1.0, 0.0)) for number in range(5000)]
    page = go(file=page_of(report, items, tmp_path / "page.html"))
    assert page.locator("#items-status").inner_text() == "5,000 of 5,000 items"
    assert page.locator("[role=option]").count() < 40
    page.locator("#items-list").evaluate("list => { list.scrollTop = list.scrollHeight }")
    page.wait_for_selector("#items-row-4999")
    assert page.locator("[role=option]").count() < 40
    assert page.locator("#items-row-4999").get_attribute("aria-posinset") == "5000"
    page.locator("#items-row-4999").click()
    assert "item-4999" in opened_item(page)
    assert page.locator(".items-answer").first.inner_text().count("yes") == 1


# --- One item ---


def test_an_item_shows_prompts_passages_answers_and_figures_side_by_side(go: Open) -> None:
    page = go(ITEM)
    assert opened_item(page) == "handbook · handbook-05"
    page.evaluate("() => document.querySelectorAll('#item details').forEach(d => { d.open = true })")
    zero, few, rag, lora = page.locator(".items-answer").all_inner_texts()
    assert [each.split("\n")[0] for each in (zero, few, rag, lora)] == [
        "zero_shot",
        "few_shot",
        "rag",
        "lora",
    ]
    assert "never: 3 days" in zero
    assert "48 in the prompt (16 cached), 5 in the answer" in zero
    assert "12 ms" in zero
    assert "at its end" in zero
    assert "exact_match 0.0, token_f1 25.0" in zero
    assert "PromptTooLong: the answer has no end" in few
    assert "assistant\n\n2" in few  # every message of the prompt, with its role
    assert "[1] billing · score 0.8 ★ cited ● of a document that holds the answer" in rag
    assert "[2] billing · score 0.7 ● of" in rag
    assert "user\n\n[1] billing: A drill may be kept for 3 days.\n[2] billing" in rag
    boxes = [answer.bounding_box() for answer in page.locator(".items-answer").all()]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] < boxes[1]["x"]


def test_choices_stand_with_their_log_likelihoods(go: Open) -> None:
    page = go(item_link("routing", "routing-01"))
    opened_item(page)
    assert page.locator(".items-answer").first.locator("li").all_inner_texts() == [
        "repairs -0.5", "billing -1.5", "sales -2.5",
    ]  # fmt: skip


def test_an_answer_is_compared_word_by_word_with_its_nearest_target(go: Open) -> None:
    page = go(ITEM)
    opened_item(page)
    zero = page.locator(".items-answer").first
    assert zero.locator("ins").inner_text().split() == ["in", "the", "answer", "only:", "never:", "end,"]
    assert zero.locator("del").count() == 0
    assert zero.locator(".items-difference").inner_text().endswith("3 days")
    styles = page.evaluate(
        "() => ['ins', 'del'].map(tag => document.querySelector(`#item ${tag}`))"
        ".map(element => getComputedStyle(element).textDecorationLine)"
    )
    assert styles == ["underline", "line-through"]
    assert "The same as the accepted answer." in page.locator(".items-answer").nth(2).inner_text()


STEPS = """
p => [...p.childNodes].map(node => {
  const parts = [...(node.childNodes.length ? node.childNodes : [node])].filter(part => part.nodeType === 3);
  return ({ INS: "+", DEL: "-" }[node.nodeName] ?? "=") + parts.map(part => part.data).join("");
})
"""


@pytest.mark.parametrize(
    ("target", "answer", "steps"),
    [
        ("the red house", "the blue house", ["=the ", "-red ", "+blue ", "=house"]),
        ("not found", "140 orrins", ["-not found", "+140 orrins"]),
        ("three days", "three", ["=three", "-days"]),
        ("a b c d", "b d e", ["-a ", "=b ", "-c ", "=d ", "+e"]),
    ],
)
def test_the_difference_is_the_shortest_one(
    go: Open, report: Path, tmp_path: Path, target: str, answer: str, steps: list[str]
) -> None:
    file = page_of(report, [asked(0, (0.0,), answers=(target, answer))], tmp_path / "page.html")
    page = go(item_link("sums", "item-0000"), file=file)
    opened_item(page)
    found = page.locator(".items-difference").evaluate(STEPS)
    assert found == steps


# --- Addresses ---


def test_an_address_opens_an_item_and_back_leads_back(go: Open) -> None:
    page = go(items_link(task="handbook", strategy="rag", outcome="wrong"))
    n = count(page)
    assert n == numbers(lambda number: not right("rag", number))
    page.locator("[role=option]").first.click()
    first = opened_item(page)
    assert page.evaluate("() => location.hash").startswith("#item=handbook/handbook-")
    page.get_by_role("button", name="Next").click()
    page.wait_for_function("title => document.querySelector('#item-title').textContent !== title", arg=first)
    page.go_back()
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert count(page) == n
    page.go_forward()
    assert opened_item(page) != first
    page.evaluate("address => { location.hash = address }", ITEM)
    page.wait_for_function("() => document.querySelector('#item-title').textContent.includes('-05')")
    assert opened_item(page) == "handbook · handbook-05"


def test_a_link_within_the_page_sets_all_filters(go: Open) -> None:
    page = go()
    choose(page, task="sums", sort="tokens")
    address = items_link(task="handbook", a="zero_shot", b="rag", flip="gained", q="drill")
    page.evaluate("address => { location.hash = address }", address)
    page.wait_for_function("() => document.querySelector('#items-form').q.value === 'drill'")
    assert count(page) == numbers(lambda n: right("rag", n) and not right("zero_shot", n))
    form = {
        name: page.locator(f"#items-form [name={name}]").input_value() for name in ("task", "sort", "a", "b")
    }
    assert form == {"task": "handbook", "sort": "disagreement", "a": "zero_shot", "b": "rag"}
    assert page.locator("#items").bounding_box()["y"] < 100


def test_filters_stand_in_the_address(go: Open) -> None:
    page = go()
    choose(page, task="handbook", flip="lost")
    page.get_by_label("Search").fill("a & b/c")
    assert page.evaluate("() => location.hash") == "#items?q=a+%26+b%2Fc&task=handbook&flip=lost"


@pytest.mark.parametrize(
    "address", ["#item=handbook/none", "#item=%", "#item=%E0%A4%A/x", "#item=__proto__/x"]
)
def test_an_unknown_item_is_said_to_be_unknown(go: Open, address: str) -> None:
    page = go(address)
    page.wait_for_function(
        "() => document.querySelector('#items-status').textContent.startsWith('There is no')"
    )
    assert not page.locator("dialog").is_visible()


def test_unknown_filters_are_passed_over(go: Open) -> None:
    assert count(go("#items?task=none&outcome=__proto__&flip=constructor&sort=valueOf&x=y&tag=%")) == ALL


# --- Keys ---


def test_everything_can_be_done_by_keys(go: Open) -> None:
    page = go()
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.name") == "q"
    page.keyboard.type("handbook-0 /j")
    assert page.get_by_label("Search").input_value() == "handbook-0 /j"
    page.get_by_label("Search").fill("handbook-0")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "items-list"
    listed = ids(page)
    for key in ("j", "ArrowDown", "k", "j"):
        page.keyboard.press(key)
    assert page.locator("#items-list").get_attribute("aria-activedescendant") == "items-row-2"
    assert page.locator("[aria-selected=true]").count() == 1
    page.keyboard.press("Enter")
    assert opened_item(page).endswith(listed[2])
    page.keyboard.press("j")
    page.wait_for_function(
        "id => document.querySelector('#item-title').textContent.endsWith(id)", arg=listed[3]
    )
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert page.evaluate("() => document.activeElement.id") == "items-list"
    assert page.locator("#items-list").get_attribute("aria-activedescendant") == "items-row-3"
    page.keyboard.press("End")
    assert (
        page.locator("#items-list").get_attribute("aria-activedescendant") == f"items-row-{len(listed) - 1}"
    )


def test_single_keys_can_be_switched_off(go: Open) -> None:
    page = go()
    page.get_by_label("Use the keys").uncheck()
    page.locator("#items-list").focus()
    page.keyboard.press("/")
    page.keyboard.press("j")
    assert page.evaluate("() => document.activeElement.id") == "items-list"
    assert page.locator("#items-list").get_attribute("aria-activedescendant") == "items-row-0"
    page.keyboard.press("ArrowDown")
    assert page.locator("#items-list").get_attribute("aria-activedescendant") == "items-row-1"


def test_tab_reaches_every_control_in_order(go: Open) -> None:
    page = go()
    page.get_by_label("Search").focus()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.name || document.activeElement.id"))
    assert reached[:8] == ["task", "role", "strategy", "outcome", "tag", "sort", "a", "b"]
    assert reached[8:] == ["flip", "", "items-list", "items-keys"]  # the button has no name


# --- What a model wrote ---


def walk(page: Any) -> None:
    """Use everything once: filters of every value, search, every item opened."""
    page.evaluate(
        """async () => {
          const form = document.querySelector("#items-form"), dialog = document.querySelector("#item");
          const change = () => form.dispatchEvent(new Event("input", { bubbles: true }));
          for (const select of form.querySelectorAll("select")) {
            for (const option of select.options) { select.value = option.value; change(); }
            form.reset();
          }
          for (let n = 0; n < 4; n++) {
            document.querySelectorAll("[role=option]")[n * 3].click();
            while (!dialog.open) await new Promise(requestAnimationFrame);
            dialog.querySelectorAll("details").forEach(each => { each.open = true; });
            dialog.querySelector("button:last-of-type").focus();
            dialog.querySelectorAll("button")[2].click();
          }
        }"""
    )


TAGS = """
() => [...new Set([...document.querySelectorAll("#items *")].map(element => element.localName))].sort()
"""


def test_no_injection_of_all_together_does_anything(go: Open, report: Path, tmp_path: Path) -> None:
    peaceful = go()
    walk(peaceful)
    text = "\n".join(INJECTIONS)
    page = go(file=write_report(made_run(tmp_path / "run", hostile(text))))
    walk(page)
    page.get_by_label("Search").fill("onerror=alert(1)")
    assert count(page) == ALL
    page.locator("[role=option]").first.click()
    assert "<script>alert(1)</script>" in opened_item(page)
    page.wait_for_timeout(200)
    assert page.evaluate(TAGS) == peaceful.evaluate(TAGS)
    assert page.evaluate(HANDLERS) == []


HANDLERS = """
() => [...document.querySelectorAll("*")].filter(each => [...each.attributes].some(a => /^on/i.test(a.name)))
"""
NAMES = [
    *("__proto__", "constructor", "hasOwnProperty"),
    *("#item=a/b?x=%&y", "{n} $& {all}", "</script><script>alert(1)</script>"),
]


@pytest.mark.parametrize("text", NAMES)
def test_names_may_be_anything(go: Open, tmp_path: Path, text: str) -> None:
    file = write_report(made_run(tmp_path / "run", hostile(text)))
    page = go(items_link(task=text, strategy=text, tag=text), file=file)
    assert count(page) == N_ITEMS
    walk(page)
    page.evaluate("address => { location.hash = address }", item_link(text, f"{text}-05"))
    assert opened_item(page) == f"{text} · {text}-05"
    assert text in page.locator(".items-answer").last.locator("h4").inner_text()
    assert page.evaluate("() => ({}).polluted === undefined && Object.keys(Object.prototype).length === 0")


def test_without_scripts_the_page_says_where_the_items_are(browser: Any, report: Path) -> None:
    session = browser.new_page()
    client = browser.new_cdp_session(session)
    client.send("Emulation.setScriptExecutionDisabled", {"value": True})
    session.goto(report.as_uri())
    assert session.locator("#items noscript").is_visible()
    assert "--format csv" in session.locator("#items noscript").inner_text()
    assert not session.locator("#items-form").is_visible()
    session.close()


def test_on_paper_a_line_stands_for_the_explorer(go: Open) -> None:
    page = go()
    page.emulate_media(media="print")
    assert page.locator(".items-printed").is_visible()
    assert not page.locator("#items-form").is_visible()
    assert not page.locator("#items-table").is_visible()
    page.emulate_media(media="screen")


# --- Look ---


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_nothing_scrolls_sideways(go: Open, width: int, tmp_path: Path) -> None:
    words = Words(answer="a" * 400, question="q" * 900, passage="p" * 900)
    page = go(item_link("handbook", "handbook-05"), width, write_report(made_run(tmp_path / "run", words)))
    opened_item(page)
    page.evaluate("() => document.querySelectorAll('#item details').forEach(d => { d.open = true })")
    for part in ("document.documentElement", "document.querySelector('.items-body')"):
        assert page.evaluate(f"() => {part}.scrollWidth - {part}.clientWidth") <= 0


@pytest.mark.parametrize("address", [ITEM, "#items?task=routing"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(go: Open, scheme: str, address: str) -> None:
    page = go(address)
    page.emulate_media(color_scheme=scheme)
    if address == ITEM:
        opened_item(page)
        page.evaluate("() => document.querySelectorAll('#item details').forEach(d => { d.open = true })")
    assert grave_violations(page) == []
    page.emulate_media(color_scheme="light")


def test_each_answer_names_its_model_where_there_are_several(go: Open, report: Path, tmp_path: Path) -> None:
    run = load_run(report.parent)
    large = run.manifest.models["model"].model_copy()
    both = {
        "models": run.manifest.models | {"large": large},
        "answered_by": run.manifest.answered_by | {"rag": "large"},
    }
    file = tmp_path / "several.html"
    file.write_text(
        render(dataclasses.replace(run, manifest=run.manifest.model_copy(update=both))), encoding="utf-8"
    )
    page = go(ITEM, file=file)
    opened_item(page)
    assert page.locator(".items-answer", has_text="Model: large").locator("h4").all_inner_texts() == ["rag"]
    assert "Model:" not in go(ITEM).locator("dialog").inner_text()
