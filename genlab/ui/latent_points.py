"""The points of the latent planes of a run: asked for, waited for, and where the worker has put them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import streamlit as st
from streamlit import runtime

from genlab.figures.base import LaneView
from genlab.runs import Run
from genlab.runs.latent_points import Part, Plane, Request, kept
from genlab.ui.chart_grid import Sheet
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import get_store

COMPONENTS = "principal components"
PLANES: dict[Plane, str] = {"tsne": "t-SNE", "umap": "UMAP"}
POLL_SECONDS = 0.4
ABOUT_PLANES = (
    "Latents of more than two dimensions are drawn in their first two principal components, those of a generator with "
    "categories in their first two dimensions, of which the first chooses the category. There a place can be pointed "
    "at. t-SNE and UMAP keep neighbours together instead: read which points lie close, not how far apart groups are or "
    "how large. "
)
NO_UMAP = "UMAP is offered where the package umap-learn is installed: `pip install genlab[umap]`."


@dataclass(frozen=True)
class LanePoints:
    """What is known of the points of a lane.

    Attributes:
        places: (n, 2) where they are drawn; None where the worker has not said yet.
        plane: what they are drawn in, where that is no projection, such as "t-SNE".
        request: what is asked for and not there.
    """

    run: Run
    lane: int
    places: np.ndarray | None
    plane: str = ""
    request: Request | None = None

    def arrays(self, *names: str) -> dict[str, np.ndarray] | None:
        """Of `genlab.latent.points.latent_points`, by these names."""
        return kept(self.run, self.lane, "points", *names)

    def sheet(self) -> Sheet | None:
        """Where the browser finds the small pictures of the points, which it loads once; None where there are none."""
        found = self.arrays("sheet", "sheet_columns", "sheet_tile")
        if not found or not runtime.exists():
            return None
        name = f"latent-{self.run.id}-{self.lane}"
        address = runtime.get_instance().media_file_mgr.add(found["sheet"].tobytes(), "image/webp", name)
        high, wide = found["sheet_tile"].tolist()
        return Sheet(address.lstrip("/"), int(found["sheet_columns"]), (high, wide))


def has_planes(lane: LaneView) -> bool:
    """Whether its latents have more than two dimensions, of which a plane holds a part."""
    return float(lane.arrays.get("latent_share", 1.0)) < 1


def plane_choice() -> Plane | None:
    """The plane that a visitor wants; None for that of the principal components."""
    offered = {title: plane for plane, title in PLANES.items() if plane != "umap" or find_spec("umap")}
    chosen = st.selectbox(
        "Plane",
        [COMPONENTS, *offered],
        help=ABOUT_PLANES + ("" if "UMAP" in offered else NO_UMAP),
        key="latent.plane",
        width=200,
    )
    return offered.get(chosen)


def points_of(run: Run, lane: LaneView, wanted: Plane | None) -> LanePoints:
    """What the worker has said of the points of a lane; what it has not is asked for. Raises OSError."""
    found = kept(run, lane.lane, "points", "places")
    if found is None:
        return LanePoints(run, lane.lane, None, request=_request(run, lane.lane, "points"))
    places = found["places"]
    if wanted is None or not has_planes(lane):
        return LanePoints(run, lane.lane, places)
    embedded = kept(run, lane.lane, wanted, "places")
    if embedded is None:
        return LanePoints(run, lane.lane, places, request=_request(run, lane.lane, wanted))
    return LanePoints(run, lane.lane, embedded["places"], PLANES[wanted])


def _request(run: Run, lane: int, part: Part) -> Request:
    requests = get_store().latent_points
    return requests.find(run, lane, part) or requests.ask(run, lane, part)


def say_what_is_missing(run: Run, lanes: Sequence[LaneView], points: Sequence[LanePoints], needed: bool) -> bool:
    """Wait for what is asked for, and say so where it is needed: how long it takes, or why it failed. Returns whether
    anything was said.
    """
    missing = [(lanes[each.lane], each.request) for each in points if each.request]
    for lane, request in missing:
        if request.message and (needed or request.part != "points"):
            st.error(literal(f"{lane.title}: {request.message}"), icon=":material/error:")
            if st.button("Ask again", key=f"latent.again.{lane.lane}"):
                get_store().latent_points.ask(run, lane.lane, request.part)
                st.rerun(scope="fragment")
    wanted = [(request.lane, request.part) for _, request in missing if not request.message]
    if wanted:
        _wait(run, wanted, needed)
    return bool(missing) and (needed or any(request.part != "points" for _, request in missing))


@st.fragment(run_every=POLL_SECONDS)
def _wait(run: Run, wanted: Sequence[tuple[int, Part]], needed: bool) -> None:
    """Look again, until something of it is there or has failed."""
    requests = get_store().latent_points
    left = [requests.find(run, lane, part) for lane, part in wanted]
    if not all(request and not request.message for request in left):
        st.rerun()
    request = next((request for request in left if request and request.started), left[0])
    if request is None or not (needed or request.part != "points"):
        return
    if request.part == "points":
        st.caption("The worker looks where each point is; it takes its turn between two chunks of a run that trains.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if request.started:
            seconds = max(0.0, (time.time_ns() - request.started) / 1e9)
            st.caption(
                f"{PLANES[request.part]} of the latents: {seconds:.0f} s so far, beside what trains.", width="content"
            )
        else:
            st.caption(f"{PLANES[request.part]} of the latents waits for the worker.", width="content")
        st.button(
            "Cancel", key="latent.cancel", on_click=_cancel, args=(run, [lane for lane, _ in wanted], request.part)
        )


def _cancel(run: Run, lanes: Sequence[int], part: Part) -> None:
    for lane in lanes:
        get_store().latent_points.end(run.id, lane, part)
    st.session_state["latent.plane"] = COMPONENTS
