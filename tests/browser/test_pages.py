"""The pages in a real browser: no error, no request, what can be pressed works, and everybody can read them."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bids_app.dataset.ratings import read_ratings

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

QUIET = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
]  # fmt: skip
PAGES = (
    "index.html", "group.html", "group-seed_correlation.html", "group-record.html", "sub-01.html", "logs/CITATION.html",
    "logs/COBIDAS.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


class Opened:
    """A page with all that it complained of and asked for."""

    def __init__(self, browser: Browser, path: Path, width: int = 1200, scheme: str = "light") -> None:
        self.problems: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._asked)
        self.page.goto(path.as_uri())

    def _asked(self, request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.problems.append(f"asked for {request.url}")


@pytest.fixture
def opened(browser, analysed) -> Iterator:
    contexts = []

    def open_page(name: str, **options) -> Opened:
        contexts.append(Opened(browser, analysed.output / name, **options))
        return contexts[-1]

    yield open_page
    for one in contexts:
        one.context.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_open_without_errors_or_requests_and_can_be_read_by_everybody(opened, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    one = opened(name, scheme=scheme)
    one.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    found = Axe().run(one.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    assert one.problems == []


@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_a_telephone(opened, name):
    one = opened(name, width=400)
    one.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 400
    assert one.problems == []


PARTS = {
    "group.html": ("answer", "answers", "people", "limits", "cite"),
    "group-outcomes.html": ("outcomes", "predictions"),
    "group-associations.html": ("brainSymptom", "genes", "gene-sets", "receptorDensity"),
    "group-record.html": ("confirmatory", "participants", "treatment", "record"),
}
"""What stands on the pages of a trial of which all is known."""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 400)])
@pytest.mark.parametrize("name", PARTS)
def test_the_pages_of_a_whole_trial_can_be_read_by_everybody_and_fit(browser, whole, name, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    assert whole.group.code == 0, whole.group.text
    one = Opened(browser, whole.output / name, width=width, scheme=scheme)
    one.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    for place in PARTS[name]:
        expect(one.page.locator(f"#{place}")).to_be_visible()
    found = Axe().run(one.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    assert one.page.evaluate("document.documentElement.scrollWidth") <= width
    assert one.problems == []
    one.context.close()


def test_the_answers_of_a_whole_trial_print_on_two_sides(browser, whole):
    one = Opened(browser, whole.output / "group.html")
    printed = one.page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2
    one.context.close()


def test_pages_are_small(whole):
    sizes = {path.name: path.stat().st_size / 1e6 for path in whole.output.glob("*.html")}
    assert sizes.pop("group.html") < 1.5
    assert max(size for name, size in sizes.items() if name.startswith("group-")) < 3
    assert max(size for name, size in sizes.items() if name.startswith("sub-")) < 1


def _seen(page: Page) -> bytes:
    page.wait_for_timeout(300)
    return page.locator("#viewer-canvas").screenshot()


@pytest.mark.parametrize("name", ["group-seed_correlation.html", "sub-01.html"])
def test_the_viewer_draws_and_its_slider_changes_the_picture(opened, name):
    page = (one := opened(name)).page
    page.locator("button.open:visible").first.click()
    page.wait_for_function("document.getElementById('viewer-says').textContent.includes('mm:')", timeout=30_000)
    first = _seen(page)
    colours = Image.open(io.BytesIO(first)).convert("RGB").getcolors(1 << 24)
    assert len(colours) > 100  # not one plain colour
    page.locator("#viewer-slider").evaluate("e => { e.value = e.max; e.dispatchEvent(new Event('input')); }")
    assert _seen(page) != first
    fields = page.locator("#viewer .mm")
    for i, mm in enumerate(("-20", "10", "6")):
        fields.nth(i).fill(mm)
    fields.nth(2).press("Tab")
    assert page.locator("#viewer-says").inner_text().startswith(("-20, 10", "-21, 10", "-19, 10"))
    page.keyboard.press("Escape")
    assert not page.locator("#viewer").is_visible()
    assert one.problems == []


def test_without_webgl_the_viewer_says_so(browser, analysed):
    one = Opened(browser, analysed.output / "group-seed_correlation.html")
    one.page.evaluate("HTMLCanvasElement.prototype.getContext = () => null")
    one.page.locator("button.open:visible").first.click()
    one.page.wait_for_function("document.getElementById('viewer-says').textContent.includes('WebGL 2')")
    one.context.close()


def test_a_link_into_a_closed_part_opens_it(opened):
    page = opened("group-seed_correlation.html").page
    page.evaluate("location.hash = 'seed_correlation-shamChange'")
    expect(page.locator("section#seed_correlation-shamChange details.contrast")).to_have_attribute("open", "")


def test_figures_and_tables_can_be_kept_as_files(opened, tmp_path):
    page = opened("group-seed_correlation.html").page
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("TSV", b"")):
        with page.expect_download() as waiting:
            page.locator(".save a:visible", has_text=kind).first.click()
        target = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(target)
        assert target.read_bytes().startswith(start)
        assert target.stat().st_size > 20


def test_ratings_are_kept_exported_and_survive_a_reload(opened, tmp_path):
    page = (one := opened("index.html")).page
    page.get_by_label("Rating of 01 pre rest").select_option("exclude")
    page.get_by_label("Comment on 01 pre rest").fill("moved\ta lot")
    page.get_by_label("Comment on 01 pre rest").press("Tab")
    page.reload()
    assert page.get_by_label("Rating of 01 pre rest").input_value() == "exclude"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export ratings").click()
    waiting.value.save_as(tmp_path / "ratings.tsv")
    (rating,) = read_ratings(tmp_path / "ratings.tsv")
    assert (rating.participant, rating.session, rating.task) == ("01", "pre", "rest")
    assert (rating.rating, rating.comment) == ("exclude", "moved a lot")
    assert one.problems == []


def test_people_are_sorted_by_motion_and_back(opened):
    page = opened("index.html").page
    column = "() => [...document.querySelectorAll('#grid tbody tr')].map(row => Number(row.cells[1].dataset.sort))"
    page.locator("button.sort").nth(1).click()
    assert (seen := page.evaluate(column)) == sorted(seen, reverse=True)
    page.locator("button.sort").nth(1).click()
    assert (seen := page.evaluate(column)) == sorted(seen)
    page.locator("button.sort").first.click()
    names = page.evaluate("() => [...document.querySelectorAll('#grid tbody tr')].map(row => row.cells[0].innerText)")
    assert names == sorted(names)
