"""The page in a real browser: what it looks like, and what can be done with a mouse, a keyboard and a screen reader."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.views.page import pages

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is found")

KINDS = ("pair", "judged", "models", "candidates")
WIDTHS = {390: 844, 768: 1024, 1400: 900}
SMALLEST = 9  # pixels of any text
SMALL = """(smallest) => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    const box = node.parentElement.getBoundingClientRect();
    if (!node.data.trim() || !box.width || getComputedStyle(node.parentElement).visibility === "hidden") continue;
    if (["SCRIPT", "STYLE", "CAPTION"].includes(node.parentElement.tagName)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const height = Math.min(...[...range.getClientRects()].filter((one) => one.width > 1).map((one) => one.height));
    if (height < smallest) found.push([node.data.slice(0, 30), height]);
  }
  return found;
}"""
WIDE = """() => [...document.querySelectorAll("body *")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.right > innerWidth + 1 && box.width && !one.closest(".scroll, .skip, caption, .unseen");
}).map((one) => one.outerHTML.slice(0, 80))"""

APART = """() => [...document.querySelectorAll("table")].filter((table) => {
  const places = [...table.querySelectorAll(".axis, .mark")].map((one) => one.getBoundingClientRect());
  const apart = (one, name) => Math.abs(one[name] - places[0][name]) > 1;
  return places.some((one) => one.width && (apart(one, "left") || apart(one, "width")));
}).map((table) => table.id)"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return pages.make(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def opened(browser: Any, out: Path, *, width: int = 1400, **context: Any) -> Iterator[Any]:
    """A page of that width that must neither complain nor ask for anything but itself."""
    told: list[str] = []
    wide = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, **context)
    page = wide.new_page()
    page.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url) if not request.url.startswith("data:") else None)
    page.goto((out / "index.html").as_uri())
    assert told == [(out / "index.html").as_uri()]
    yield page
    assert len(told) == 1
    wide.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wider_than_the_screen_or_too_small_to_read(browser: Any, made: Any, kind: str, width: int) -> None:
    with opened(browser, made[kind], width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(WIDE) == []
        assert page.evaluate(SMALL, SMALLEST) == []
        assert page.evaluate(APART) == []
        assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("kind", ["pair", "candidates"])
def test_without_a_script_the_page_is_whole(browser: Any, made: Any, kind: str) -> None:
    with opened(browser, made[kind], width=390, java_script_enabled=False) as page:
        assert page.locator("button, input, [role=tab]").count() == 0
        rows = page.locator("tbody tr")
        assert rows.count() == page.locator("tbody tr:visible").count() > 60
        assert page.locator("h2:visible").count() == page.locator("h2").count()


def names(page: Any, table: str) -> list[str]:
    """The first cells of the rows that are seen."""
    found: list[str] = page.locator(f"#{table} tbody tr:visible > :first-child").all_inner_texts()
    return found


def test_a_click_sorts_a_table_and_a_third_restores_it(browser: Any, made: Any) -> None:
    with opened(browser, made["models"]) as page:
        expected = pd.read_csv(made["models"] / "impact.csv").sort_values("examples", kind="stable")["examples"]
        given = names(page, "classes")
        head = page.locator("#classes th", has_text="examples")
        for way, ascending in (("ascending", True), ("descending", False)):
            head.locator("button").click()
            assert head.get_attribute("aria-sort") == way
            cells = page.locator("#classes tbody tr td:nth-child(3)").all_inner_texts()
            assert [int(cell) for cell in cells] == sorted(expected, reverse=not ascending)
        head.locator("button").click()
        assert head.get_attribute("aria-sort") is None
        assert names(page, "classes") == given


def test_numbers_are_sorted_as_numbers_and_what_is_unknown_stays_last(browser: Any, made: Any) -> None:
    with opened(browser, made["pair"]) as page:
        place = page.locator("#classes th").all_inner_texts().index("p, against the rest")
        for way in (1, -1):
            page.locator("#classes th button", has_text="p, against the rest").click()
            cells = page.locator(f"#classes tbody tr > :nth-child({place + 1})").all_inner_texts()
            assert cells[-1] == ""  # all examples have no rest
            numbers = [float(cell.removeprefix("< ")) for cell in cells[:-1]]
            assert numbers == sorted(numbers, reverse=way < 0)


def test_the_keyboard_sorts_filters_and_unfolds(browser: Any, made: Any) -> None:
    with opened(browser, made["pair"]) as page:
        page.locator("#examples-pie th button").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("#examples-pie th").first.get_attribute("aria-sort") == "ascending"
        total = int(page.locator("#examples-pie").get_attribute("data-rows"))
        assert len(names(page, "examples-pie")) == 50 < total
        field = page.get_by_label("Filter the table Examples (PIE)")
        field.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert len(names(page, "examples-pie")) == total
        name = names(page, "examples-pie")[-1].split("\n")[0]
        field.fill(f"{name.upper()} ONCE")
        assert [text.split("\n")[0] for text in names(page, "examples-pie")] == [name]
        field.fill("nowhere to be found")
        assert names(page, "examples-pie") == []
        assert "No row holds this." in page.locator("output").all_inner_texts()
        field.fill("")
        assert len(names(page, "examples-pie")) == total


def test_the_first_tab_skips_to_the_content(browser: Any, made: Any) -> None:
    with opened(browser, made["pair"]) as page:
        page.keyboard.press("Tab")
        link = page.locator(":focus")
        assert link.inner_text() == "Skip to the content"
        assert link.bounding_box()["x"] >= 0
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"


def test_tabs_show_one_candidate_at_a_time(browser: Any, made: Any) -> None:
    with opened(browser, made["candidates"]) as page:
        tabs, parts = page.get_by_role("tab"), page.locator(".candidate")
        assert tabs.all_inner_texts() == ["int8", "<int4> & قطة", "pruned"]
        tabs.first.click()
        for key, shown in (("ArrowRight", 1), ("End", 2), ("ArrowRight", 0), ("ArrowLeft", 2), ("Home", 0)):
            page.keyboard.press(key)
            assert [part.is_visible() for part in parts.all()] == [place == shown for place in range(3)]
            assert page.locator(":focus").get_attribute("aria-selected") == "true"
        page.locator(".headlines a").nth(1).click()
        assert parts.nth(1).is_visible()
        assert not parts.nth(0).is_visible()


@pytest.mark.parametrize("kind", KINDS)
def test_in_print_nothing_is_cut_or_dark(browser: Any, made: Any, kind: str) -> None:
    with opened(browser, made[kind], width=768, color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator(".tools:visible, nav:visible, [role=tab]:visible, .skip:visible").count() == 0
        assert page.locator(".candidate:visible").count() == page.locator(".candidate").count()
        assert page.evaluate(WIDE) == []
        cut = "[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
        assert page.evaluate(cut) == 0
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 29, 31)"
        assert page.evaluate("[...document.querySelectorAll('details')].every((one) => one.open)")


@pytest.mark.parametrize(
    ("kind", "width", "scheme"),
    [
        ("pair", 390, "dark"),
        ("judged", 1400, "light"),
        ("models", 1400, "dark"),
        ("candidates", 1400, "dark"),
        ("candidates", 390, "light"),
    ],
)
def test_axe_finds_nothing_serious(browser: Any, made: Any, kind: str, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, made[kind], width=width, color_scheme=scheme, reduced_motion="reduce") as page:
        found = axe.run(page).response["violations"]
        said = [
            (one["id"], one["impact"], [node["html"][:120] for node in one["nodes"][:3]])
            for one in found
            if one["impact"] in ("serious", "critical", "moderate")
        ]
        assert said == []


def test_headings_stand_in_order_and_tables_are_named(browser: Any, made: Any) -> None:
    for kind in KINDS:
        with opened(browser, made[kind]) as page:
            levels = [
                int(name[1]) for name in page.eval_on_selector_all("h1,h2,h3,h4,h5", "all => all.map(e => e.tagName)")
            ]
            assert levels[0] == 1
            assert levels.count(1) == 1
            assert all(below <= above + 1 for above, below in pairwise(levels))
            unnamed = "all => all.filter(e => !e.caption?.textContent || !e.closest('[role=region]')).length"
            assert page.eval_on_selector_all("table", unnamed) == 0


def test_the_answer_stands_first(browser: Any, made: Any) -> None:
    with opened(browser, made["judged"], width=390) as page:
        assert page.locator("h1").inner_text() == "int4 is not within the budget."
        assert page.locator(".verdict li:visible").all_inner_texts()[0].endswith(": failed.")
    with opened(browser, made["candidates"], width=390) as page:
        assert page.locator("h1").inner_text() == (
            "int8 is within the budget; <int4> & قطة is not; these examples cannot tell whether pruned is."
        )
