"""A real Chromium against a real server. Without a Chromium these tests are skipped; on CI (GENLAB_CI) they fail.

What a test waited for in vain is tried once more, and the summary names it: a press while a page is drawn anew may be
lost. Wrong values and exceptions on a page fail at once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import PATIENCE, keep_classifiers
from playwright.sync_api import Browser, sync_playwright
from serving import Server, TrainPage

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",  # WebGL without a GPU
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
WAITED_IN_VAIN = r"Waited \d+ s|Timeout \d+ms|expected to"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=[WAITED_IN_VAIN]))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        reason = "There is no chromium, chromium-browser or google-chrome on the path."
        pytest.fail(reason) if os.environ.get("GENLAB_CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def cold_server(tmp_path: Path, chromium: Browser) -> Iterator[Callable[..., Server]]:
    """Starts servers that nobody has visited yet: `cold_server()`; all are ended after the test."""
    started: list[Server] = []

    def start(runs: Path | None = None, port: int | None = None, played: bool = True) -> Server:
        started.append(Server(runs or tmp_path / f"runs{len(started)}", port, played))
        return started[-1]

    yield start
    for server in started:
        if server.process.is_running():
            server.stop()


@pytest.fixture(scope="session")
def playing_server(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("playing") / "runs")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def training_server(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("training") / "runs", played=False)
    keep_classifiers(server.store, tmp_path_factory)
    yield server
    server.stop()


@pytest.fixture
def server(playing_server: Server) -> Iterator[Server]:
    """The server whose worker plays made-up training, without a run on its way."""
    yield playing_server
    playing_server.quieten()


@pytest.fixture
def real_server(training_server: Server) -> Iterator[Server]:
    """The server whose worker trains, without a run on its way."""
    yield training_server
    training_server.quieten()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., TrainPage]]:
    """Opens tabs of separate visitors: `visit(server)`. No script error may have happened in any of them, and no error
    after which Streamlit gives up its connection.
    """
    contexts, errors = [], []

    def new_tab(server: Server, **options: str) -> TrainPage:
        contexts.append(chromium.new_context(viewport={"width": 1280, "height": 800}, **options))
        contexts[-1].set_default_timeout(PATIENCE * 1000)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: "fatal error" in message.text and errors.append(message.text))
        return TrainPage(page, server)

    yield new_tab
    shown = [page.get_by_test_id("stException").all_inner_texts() for context in contexts for page in context.pages]
    for context in contexts:
        context.close()
    assert not errors
    assert not any(shown), "A page showed an exception."
