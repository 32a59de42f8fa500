"""What a viewer costs the training, whose browser is on another machine.

    python benchmarks/watched.py [ROUNDS]

Trains the default run in turns, unwatched and watched: by a client that asks for and takes in what a browser would, and
draws nothing. Prints the seconds of each and the median of the rounds' ratios. Takes a machine with nothing else to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from genlab.runs import Run, Store
from genlab.runs.folder import ACTIVE
from genlab.spec import make_spec
from genlab.ui.app_server import serving

STEPS = 20_000
LOOK_SECONDS = 0.02


class Viewer:
    """A visit to the train page of a run. Fragments that the page looks at again and again run as in a browser.

    Attributes:
        received: messages and bytes so far.
    """

    def __init__(self, socket: ClientConnection, query: str) -> None:
        self.socket, self.query = socket, query
        self.page_hash = ""
        self.received = [0, 0]
        self.timers: dict[str, asyncio.Task[None]] = {}

    async def watch(self) -> None:
        await self.ask()
        while True:
            content = await self.socket.recv(decode=False)
            message = ForwardMsg.FromString(content)
            self.received = [self.received[0] + 1, self.received[1] + len(content)]
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.page_hash = message.new_session.page_script_hash
                if not message.metadata.run.fragment_ids:
                    self.rest()
            elif kind == "auto_rerun":
                fragment, seconds = message.auto_rerun.fragment_id, message.auto_rerun.interval
                if fragment not in self.timers:
                    self.timers[fragment] = asyncio.create_task(self.look(fragment, seconds))

    def rest(self) -> None:
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()

    async def look(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.ask(fragment)

    async def ask(self, fragment: str = "") -> None:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        if fragment:
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
            message.rerun_script.page_script_hash = self.page_hash
        else:
            message.rerun_script.page_name = "train"
        await self.socket.send(message.SerializeToString())


async def visit(address: str, query: str, until: asyncio.Event) -> list[int]:
    """Watch until told to leave; messages and bytes that came."""
    place = address.replace("http", "ws") + "/_stcore/stream"
    async with connect(place, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        viewer = Viewer(socket, query)
        watching = asyncio.create_task(viewer.watch())
        await until.wait()
        viewer.rest()
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        return viewer.received


async def trained(address: str, store: Store, *, watched: bool) -> tuple[float, list[int]]:
    """Seconds from the first step to the end of a run, and what its viewer was sent."""
    run, left = store.submit(make_spec(budget=STEPS)), asyncio.Event()
    viewer = asyncio.create_task(visit(address, f"run={run.id}", left)) if watched else None
    await reached(run, "running")
    began = time.monotonic()
    await reached(run, "done")
    seconds = time.monotonic() - began
    left.set()
    return seconds, await viewer if viewer else []


async def reached(run: Run, wanted: str) -> None:
    while (state := run.state()).state != wanted:
        if state.state not in ACTIVE:
            raise SystemExit(f"The run is {state.state}: {state.message}")
        await asyncio.sleep(LOOK_SECONDS)


async def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        store, left = Store(Path(folder)), asyncio.Event()
        first = asyncio.create_task(visit(server.address, "", left))  # starts the worker
        await trained(server.address, store, watched=False)  # and it is warm after one run
        left.set()
        await first
        ratios = []
        for _ in range(rounds):
            alone, _ = await trained(server.address, store, watched=False)
            before = sum(server.process.cpu_times()[:2])
            watched, received = await trained(server.address, store, watched=True)
            ratios.append(watched / alone)
            result = {"unwatched, seconds": round(alone, 2), "watched, seconds": round(watched, 2)}
            result |= {"messages": received[0], "MB": round(received[1] / 1e6, 2)}
            spent = (sum(server.process.cpu_times()[:2]) - before) / watched
            print(json.dumps(result | {"server, of a core": round(spent, 3)}), flush=True)
        print(json.dumps({"watched / unwatched, median": round(statistics.median(ratios), 3)}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
