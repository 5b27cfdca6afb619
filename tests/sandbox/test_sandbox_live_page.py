"""The live page in a real browser, as somebody with a mouse, a keyboard or a screen reader meets it."""

import asyncio
import re
import shutil
from contextlib import asynccontextmanager
from heapq import heappop

import httpx2
import pytest
from free_ports import free_port
from go_programs import needs
from playwright.async_api import async_playwright, expect
from report_listener import ReportListener
from sandbox_forms import KEY, PATH, TO, fields

from gateway.sandbox import Account, Sandbox

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
HTML = "<img src=x onerror=\"document.title='run'\">"
WITHIN = 60_000
"""Milliseconds after which nothing more is going to happen, however busy the machine is."""

FAST = 5000
SLOW = 0.001
"""Nothing happens by itself: `go_on` says when."""


@pytest.fixture(scope="module")
async def browser():
    needs("chromium")
    async with async_playwright() as playwright:
        expect.set_options(timeout=WITHIN)
        launched = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS, timeout=WITHIN
        )
        yield launched
        await launched.close()


@pytest.fixture
async def open_page(browser):
    """Opens the page at a size; whatever the browser complains of fails the test."""
    complaints, pages = [], []

    async def open_page(url, viewport=None, **settings):
        page = await browser.new_page(viewport=viewport or DESKTOP, **settings)
        page.set_default_timeout(WITHIN)
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(url)
        await expect(page.locator("#connection")).to_have_text("Live")
        return page

    yield open_page
    for page in pages:
        await page.close()
    assert [] == [text for text in complaints if "net::ERR_" not in text]  # a page outlives its sandbox


@asynccontextmanager
async def serving(**settings):
    """Serves a sandbox; yields it, its URL, and what posts a request to it."""
    sandbox = Sandbox(**({"speed": FAST} | settings))
    async with (
        sandbox.serve() as url,
        httpx2.AsyncClient(base_url=url, headers=KEY, verify=False, timeout=60) as client,
    ):

        async def post(**changes):
            return await client.post(PATH, data=fields(**changes))

        yield sandbox, url, post


def go_on(sandbox):
    """Does what is due next, at once."""
    agenda = sandbox._phones._agenda
    heappop(agenda._entries)[2]()
    agenda._wind()


def phone(page, number):
    return page.get_by_role("button", name=number)


async def test_an_empty_page_says_how_to_place_a_call(open_page):
    """The command that it shows is the one that places a call, and its phone appears."""
    async with serving() as (sandbox, url, _):
        page = await open_page(url)
        await expect(page.get_by_role("heading", name="No phone has rung yet")).to_be_visible()
        command = (await page.locator("#example").text_content()).replace("\\\n", " ")
        sent = re.findall(r"--data-urlencode '(\w+)=([^']*)'", command)
        [(address, key)] = re.findall(r"curl (\S+) +-H 'api-key: ([^']+)'", command)
        async with httpx2.AsyncClient(verify=False, timeout=60) as client:
            reply = await client.post(address, data=dict(sent), headers={"api-key": key})

        assert "RBC3007" == reply.json()["code"]
        await expect(phone(page, TO)).to_be_visible()
        await expect(page.get_by_text("No phone has rung yet")).to_be_hidden()
        await expect(page.get_by_text("1 request")).to_be_visible()
        await sandbox.played()


async def test_a_key_of_ones_own_is_not_shown(open_page):
    """Whoever sees the page is not given a key to it."""
    async with serving(accounts=[Account("HOWN", frozenset({"a-key-of-ones-own"}))]) as (_, url, _):
        page = await open_page(url)

        await expect(page.locator("#example")).to_contain_text("/v1/HOWN/")
        await expect(page.locator("#example")).to_contain_text("api-key: API-KEY")
        assert "a-key-of-ones-own" not in await page.content()


async def test_a_phone_is_seen_ringing_answered_and_ended(open_page):
    """As it happens, without a click; nothing is loaded again."""
    async with serving(speed=SLOW) as (sandbox, url, post):
        page = await open_page(url)
        await page.evaluate("document.body.dataset.same = 'page'")
        await post(to="+13236550166", custom="C1")
        row = phone(page, "+13236550166")

        await expect(row.locator(".state")).to_have_text("Waiting")
        go_on(sandbox)
        await expect(row.locator(".state")).to_have_text("Ringing")
        await expect(page.locator("#count-ringing")).to_have_text("1")
        go_on(sandbox)
        await expect(row.locator(".state")).to_have_text("Answered")
        await expect(row.locator(".about")).to_have_text("C1")
        go_on(sandbox)
        await expect(row.locator(".about")).to_have_text("pressed 1 \u00b7 C1")
        go_on(sandbox)
        await expect(row.locator(".state")).to_have_text("ANSWER")
        await expect(page.locator("#count-ended")).to_have_text("1")
        assert "page" == await page.evaluate("document.body.dataset.same")


async def test_a_phone_shows_its_request_and_its_reports(open_page):
    """One click away: each attempt, each URL with its HTTP status, each field."""
    async with ReportListener.listening() as listener, serving() as (sandbox, url, post):
        listener.status = "404 Not Found"
        page = await open_page(url)
        await post(
            to="+13236550161", retry="1", interval="5", custom="C1", dlrurl=f"{listener.url}/dlr?s={{{{status}}}}"
        )
        await sandbox.played()

        await phone(page, "+13236550161").click()

        detail = page.get_by_role("region", name="The phone that is selected")
        await expect(detail.get_by_role("heading", name="Attempt 1: BUSY")).to_be_visible()
        await expect(detail.get_by_role("heading", name="Attempt 2: ANSWER")).to_be_visible()
        await expect(detail.get_by_text(f"{listener.url}/dlr?s=BUSY")).to_be_visible()
        await expect(detail.get_by_text("HTTP 404")).to_have_count(2)
        await expect(detail.locator(".request .code dd")).to_contain_text(["+13236550161", "+13236550100", "SG_1"])
        await expect(detail.get_by_text("5, used as 15")).to_be_visible()
        await expect(detail.get_by_text("RBC3007")).to_be_visible()


async def test_what_is_selected_goes_on_changing(open_page):
    """The detail is as live as the list."""
    async with serving(speed=SLOW) as (sandbox, url, post):
        page = await open_page(url)
        await post()
        await phone(page, TO).click()

        for state in ("Ringing", "Answered", "ANSWER"):
            go_on(sandbox)
            await expect(page.locator("#selected .heading .state")).to_have_text(state)


async def test_a_form_with_html_in_it_is_text(open_page):
    """Whatever is in a request, nothing of it runs or is loaded."""
    async with serving() as (sandbox, url, post):
        asked = []
        page = await open_page(url)
        page.on("request", lambda request: asked.append(request.url))
        await post(custom=HTML, campaign_name=HTML, target=[{"message": {"text": f"{HTML}<script>alert(1)</script>"}}])
        await sandbox.played()
        await phone(page, TO).click()

        await expect(page.locator("#phones").get_by_text(HTML)).to_be_visible()
        await expect(page.locator("#selected").get_by_text(HTML, exact=True)).to_have_count(2)
        assert 0 == await page.locator("main img, main script").count()
        assert "Sandbox: phones" == await page.title()
        assert {f"{url}/requests/1"} == set(asked)  # again, where something is still told meanwhile


async def test_the_policy_refuses_what_is_not_the_pages_own(browser):
    """Even if something came in, it would not run: the policy says so of itself."""
    async with serving() as (_, url, _):
        page = await browser.new_page()
        await page.goto(url)

        refused = await page.evaluate(
            """() => new Promise((resolve) => {
              document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
              const script = document.createElement("script");
              script.textContent = "document.title = 'run'";
              document.body.append(script);
              if (document.title === "run") resolve("it ran");
            })"""
        )
        title = await page.title()
        await page.close()

        assert "script-src-elem" == refused
        assert "Sandbox: phones" == title


@pytest.mark.parametrize("path", ["/", "/page/page.js", "/page/page.css", "/page/icon.svg", "/events"])
async def test_everything_of_the_page_comes_with_its_policy(path):
    """And is not guessed to be anything else."""
    async with (
        serving() as (_, url, _),
        httpx2.AsyncClient(base_url=url, verify=False, timeout=60) as client,
        client.stream("GET", path) as reply,
    ):
        headers = reply.headers

        assert "default-src 'none'" in headers["content-security-policy"]
        assert "'unsafe-inline'" not in headers["content-security-policy"]
        assert "nosniff" == headers["x-content-type-options"]
        assert reply.is_success


@pytest.mark.parametrize("name", ["..%2Fapp.py", "%2Fetc%2Fpasswd", "nothing.js", "index.html%00.js"])
async def test_no_other_file_is_served(name):
    """Only what the page is made of."""
    async with serving() as (_, url, _), httpx2.AsyncClient(base_url=url, verify=False, timeout=60) as client:
        assert 404 == (await client.get(f"/page/{name}")).status_code


async def test_the_keyboard_is_enough(open_page):
    """Down and up go from phone to phone, Enter opens one, Escape closes it and gives the focus back."""
    async with serving() as (sandbox, url, post):
        page = await open_page(url)
        await post(to=f"{TO},+13236550160,+13236550162")
        await sandbox.played()
        await phone(page, TO).focus()

        await page.keyboard.press("ArrowDown")
        await expect(phone(page, "+13236550160")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await expect(page.locator("#selected h2")).to_have_text("+13236550160")
        await expect(phone(page, "+13236550160")).to_have_attribute("aria-current", "true")
        await page.keyboard.press("Escape")

        await expect(page.locator("#selected")).to_be_hidden()
        await expect(phone(page, "+13236550160")).to_be_focused()


async def test_on_a_phone_the_detail_takes_the_place_of_the_list(open_page):
    """And gives it back, the focus too; nothing is wider than the screen."""
    async with serving() as (sandbox, url, post):
        page = await open_page(url, PHONE)
        width = "document.documentElement.scrollWidth"
        empty = await page.evaluate(width)
        await post(custom="C" * 100, dlrurl="http://127.0.0.1:1/" + "x" * 300)
        await sandbox.played()
        row = phone(page, TO)
        await expect(row.locator(".state")).to_have_text("ANSWER")
        full = await page.evaluate(width)
        await row.click()
        await expect(row).to_be_hidden()
        await expect(page.locator("#selected h2")).to_be_focused()
        chosen = await page.evaluate(width)
        beyond = await page.evaluate("document.getElementById('detail').scrollWidth - detail.clientWidth")

        await page.get_by_role("button", name="All phones").click()

        await expect(row).to_be_focused()
        assert [PHONE["width"]] * 3 == [empty, full, chosen]
        assert 0 == beyond


async def test_nothing_jumps(open_page):
    """A row is where it was, and as large, whatever becomes of its phone."""
    async with serving(speed=SLOW) as (sandbox, url, post):
        page = await open_page(url)
        await post(custom="C1")
        row = phone(page, TO)
        await expect(row.locator(".state")).to_have_text("Waiting")
        boxes = [await row.bounding_box()]
        for state in ("Ringing", "Answered", "ANSWER"):
            go_on(sandbox)
            await expect(row.locator(".state")).to_have_text(state)
            boxes.append(await row.bounding_box())

        assert [boxes[0]] * 4 == boxes


async def test_the_latest_request_is_on_top_and_its_phones_in_their_order(open_page):
    """As it was sent."""
    async with serving() as (sandbox, url, post):
        page = await open_page(url)
        await post(to=f"{TO},+13236550108")
        await post(to="+13236550109,+13236550160", retry="1")
        await sandbox.played()

        await expect(page.locator(".phone .number")).to_have_text(["+13236550109", "+13236550160", TO, "+13236550108"])
        await expect(phone(page, "+13236550160").locator(".about")).to_have_text("attempt 2 \u00b7 request 2")


async def test_forgetting_empties_the_page(open_page):
    """What was selected, too; the next call is shown again."""
    async with serving() as (sandbox, url, post):
        page = await open_page(url)
        await post()
        await sandbox.played()
        await phone(page, TO).click()

        await page.get_by_role("button", name="Forget all").click()

        await expect(page.get_by_text("No phone has rung yet")).to_be_visible()
        await expect(page.locator("#selected")).to_be_hidden()
        assert () == sandbox.records
        await post(to="+13236550108")
        await expect(phone(page, "+13236550108")).to_be_visible()
        await sandbox.played()


async def test_a_sandbox_that_comes_back_is_found_again(open_page):
    """The page says so while it is gone, and shows what there is when it is back."""
    sandbox, port = Sandbox(speed=FAST), free_port()
    async with sandbox.serve(port=port) as url:
        page = await open_page(url)
    await expect(page.locator("#connection")).to_have_text("Reconnecting")

    async with sandbox.serve(port=port):
        async with httpx2.AsyncClient(base_url=url, headers=KEY, verify=False, timeout=60) as client:
            await client.post(PATH, data=fields())
        await sandbox.played()
        await expect(page.locator("#connection")).to_have_text("Live")
        await expect(phone(page, TO)).to_be_visible()


async def test_hundreds_of_phones_do_not_crowd_it(open_page):
    """The page shows the latest two hundred, and says where the others are."""
    async with serving() as (sandbox, url, post):
        page = await open_page(url)
        for hundred in range(5):
            await post(
                to=",".join(f"+1323655{number:04}" for number in range(200 + hundred * 100, 300 + hundred * 100))
            )
        await sandbox.played()

        await expect(page.locator("#count-ended")).to_have_text("500")
        await expect(page.locator(".phone")).to_have_count(200)
        await expect(page.get_by_text("Older phones are in /phones")).to_be_visible()


async def test_a_page_that_is_opened_late_is_told_of_the_latest(open_page):
    """Not of everything that ever rang."""
    async with serving() as (sandbox, url, post):
        for hundred in range(5):
            await post(
                to=",".join(f"+1323655{number:04}" for number in range(200 + hundred * 100, 300 + hundred * 100))
            )
        await sandbox.played()
        page = await open_page(url)

        await expect(page.locator(".phone .number").first).to_have_text("+13236550600")
        await expect(page.locator("#count-ended")).to_have_text("500")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_can_be_read(open_page, scheme):
    """Each text has at least the contrast of 4.5 to 1 that WCAG AA asks for, on what is behind it."""
    async with ReportListener.listening() as listener, serving(speed=SLOW) as (sandbox, url, post):
        listener.status = "404 Not Found"
        page = await open_page(url, color_scheme=scheme, reduced_motion="reduce")
        poor = await page.evaluate(POOR_CONTRAST)
        await post(callback=listener.callback(), dlrurl="http://127.0.0.1:1/")
        await phone(page, TO).click()
        for state in ("Ringing", "Answered", "ANSWER"):
            go_on(sandbox)
            await expect(phone(page, TO).locator(".state")).to_have_text(state)
            poor += await page.evaluate(POOR_CONTRAST)
        await expect(page.locator(".reports .bad")).to_have_count(4)
        poor += await page.evaluate(POOR_CONTRAST)

        assert [] == poor


POOR_CONTRAST = """() => {
  const light = (color) => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (color !== "rgba(0, 0, 0, 0)") return color;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest(":disabled, noscript")) continue;
    const [one, other] = [light(getComputedStyle(node).color), light(ground(node))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) poor.push(`${walker.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
  }
  return poor;
}"""


async def test_each_part_has_its_role(open_page):
    """What a screen reader finds, and nothing without a name."""
    async with serving() as (sandbox, url, post):
        page = await open_page(url)
        await post()
        await sandbox.played()
        await phone(page, TO).click()

        await expect(page.get_by_role("list", name="Phones, the latest request first")).to_be_visible()
        await expect(page.get_by_role("region", name="Phones", exact=True)).to_be_visible()
        await expect(page.get_by_role("list", name="Reports")).to_be_visible()
        await expect(page.get_by_role("status")).to_have_text(["Live", "ANSWER"])
        assert "" not in [(await each.inner_text()).strip() for each in await page.locator("button, a").all()]
        assert 1 == await page.get_by_role("heading", level=1).count()


async def test_a_page_that_is_left_costs_nothing():
    """Its stream ends with its client; a sandbox stops under one that is still open."""
    sandbox = Sandbox()
    async with (
        asyncio.timeout(60),
        sandbox.serve() as url,
        httpx2.AsyncClient(base_url=url, verify=False, timeout=60) as client,
    ):
        async with client.stream("GET", "/events") as reply:
            lines = reply.aiter_lines()
            first = [await anext(lines), await anext(lines)]
        stays = client.stream("GET", "/events")
        open_one = await stays.__aenter__()
        assert first[1].startswith("data: {")
        assert "text/event-stream" in open_one.headers["content-type"]
    with pytest.raises(httpx2.TransportError):
        await open_one.aread()
