"""The experiments page: claims as cards; one opens to a prediction, its runs or their recording, and the verdict."""

from __future__ import annotations

from html import escape
from statistics import median

import streamlit as st

from genlab.experiments.base import GROUPS, Experiment, Verdict, verdict
from genlab.experiments.outcomes import Recorded, counted, outcomes
from genlab.experiments.page import describe_lanes
from genlab.recordings import experiment_recordings
from genlab.registry import EXPERIMENTS
from genlab.runs import QueueFull, Run, RunUnreadable
from genlab.runs.folder import ACTIVE
from genlab.runs.memory import check_memory
from genlab.runs.metadata import Grouped
from genlab.runs.store import MAXIMUM_WAITING
from genlab.runs.view import RunReader
from genlab.spec import SpecError
from genlab.ui.address import (
    experiment_from_address,
    guess_from_address,
    ignored,
    runs_from_address,
    stage_from_address,
    step_from_address,
)
from genlab.ui.cards import cards
from genlab.ui.chart_grid import Cell, chart_grid
from genlab.ui.controls import put_into_controls
from genlab.ui.escape import literal
from genlab.ui.live import live_run
from genlab.ui.recorded_run import play
from genlab.ui.served import served_picture
from genlab.ui.worker_supervisor import get_store, worker_memory

SEVERAL = 5  # seeds in one press
DRAWN = 420  # pixels, the height of what is drawn without a run
GUESSED, PREDICTIONS, OWN = "experiment.guessed", "experiment.predictions", "experiment.outcomes"
ICONS = {"seen": ":material/check_circle:", "not seen": ":material/cancel:", "unclear": ":material/help:"}
RECORDED = "Recorded outcome, not of a run here."
HEADLINES = {"seen": "Seen.", "not seen": "Not seen this time.", "unclear": "Unclear."}


def experiments_page() -> None:
    named = experiment_from_address(list(EXPERIMENTS))
    if named:
        _experiment(EXPERIMENTS[named])
    else:
        _cards()


# The cards


def _cards() -> None:
    st.title("Claims, run and judged before your eyes")
    st.markdown("Predict, run it or play the recording, and read a verdict computed from what was measured.")
    _tally()
    recorded = outcomes()
    for group in GROUPS:
        entries = [entry for entry in EXPERIMENTS.values() if entry.group == group]
        if not entries:
            continue
        st.subheader(group.capitalize())
        cards(entries, lambda entry: _card(entry, recorded.get(entry.name, [])), f"cards-{group.replace(' ', '-')}")


def _card(entry: Experiment, rows: list[Recorded]) -> None:
    picture = ""
    if recording := experiment_recordings().get(entry.name):
        still = served_picture(recording.picture(still=True))
        picture = f'<img src="{still}" alt="" width="352" style="max-width: 100%">'
    st.html(f'<a href="?experiment={entry.name}">{picture}<div><b>{escape(entry.title)}</b></div></a>')
    st.caption(literal(entry.claim))
    _badge(entry, rows)


def _badge(entry: Experiment, rows: list[Recorded]) -> None:
    """In how many seeds it was seen: as recorded, and in this visit."""
    words = [f"seen in {counted(rows)}, recorded"] if rows else ["not recorded yet"]
    if entry.draw:
        words = ["computed at once, the same every time"]
    own: dict[str, str] = st.session_state.get(OWN, {}).get(entry.name, {})
    if own:
        words.append(f"here {sum(outcome == 'seen' for outcome in own.values())} of {len(own)}")
    st.badge(literal(" · ".join(words)), color="green" if rows and all(r.verdict == "seen" for r in rows) else "gray")


def _tally() -> None:
    """How many predictions of this visitor came true. Nobody else sees them."""
    made: dict[str, bool] = st.session_state.get(PREDICTIONS, {})
    if made:
        st.caption(f"Your predictions: {sum(made.values())} of {len(made)} right.")


# One experiment


def _experiment(entry: Experiment) -> None:
    rows = outcomes().get(entry.name, [])
    stage, guess = stage_from_address(), guess_from_address(len(entry.answers))
    with st.container(horizontal=True, vertical_alignment="center", key="experiment-head"):
        st.title(entry.title, width="content")
        if stage in ("recorded", "verdict"):  # before, it would say what to predict
            _badge(entry, rows)
        st.space("stretch")
        if st.button("All experiments", icon=":material/arrow_back:", type="tertiary", key="back"):
            st.query_params.clear()
            st.rerun()
    st.markdown(f"**{literal(entry.claim)}** {literal(entry.heard)}")
    if guess is None and stage is None:
        return _ask(entry)
    if guess is not None:
        st.markdown(f"{literal(entry.question)} You said: **{literal(list(entry.answers)[guess])}**")
    if stage is None:
        return _offer(entry, rows)
    if stage == "live":
        return _live(entry, guess)
    if entry.draw:
        _verdict(entry, guess, {"": verdict(entry, [], 0)})
        alt = f"{entry.title}. {entry.claim}"
        chart_grid([Cell("drawn", 1, DRAWN, entry.draw(), alt=alt)], key="drawn", columns=1)
        return _afterwards(entry)
    if not rows:
        st.info("This experiment was not recorded yet. Run it here.")
        return _offer(entry, rows)
    _verdict(entry, guess, {f"seed {row.seed}": row.as_verdict() for row in rows[:1]}, RECORDED)
    recording = experiment_recordings().get(entry.name)
    if stage == "recorded" and recording:
        specs = entry.runs(0)
        first = f"The first of its {len(specs)} runs. " if len(specs) > 1 else ""
        play(recording, step_from_address(), words=f"{first}{describe_lanes(specs[0])}.")
    _afterwards(entry)
    if stage == "verdict":
        _offer(entry, rows)


def _ask(entry: Experiment) -> None:
    st.subheader(literal(entry.question))
    with st.container(horizontal=True):
        for place, answer in enumerate(entry.answers):
            if st.button(literal(answer), key=f"answer-{place}"):
                st.query_params["guess"] = str(place)
                st.session_state.setdefault(GUESSED, {})[entry.name] = place
                st.rerun()


def _offer(entry: Experiment, rows: list[Recorded]) -> None:
    """The ways to see it."""
    with st.container(horizontal=True):
        if entry.draw:
            if st.button("Compute it", type="primary", key="compute"):
                _go("recorded")
            return
        specs = len(entry.runs(0))
        if st.button("Run it here", type="primary", icon=":material/play_arrow:", key="run-live"):
            _start(entry, 1)
        if specs * SEVERAL <= MAXIMUM_WAITING and st.button(f"Run {SEVERAL} seeds", key="run-several"):
            _start(entry, SEVERAL)
        if (experiment_recordings().get(entry.name) or rows) and st.button("Play the recording", key="play-recorded"):
            _go("recorded")
    if rows:
        seconds = median(row.process_seconds for row in rows)
        st.caption(f"A run took about {seconds:.0f} seconds of one processor where it was recorded.")


def _go(stage: str) -> None:
    st.query_params["state"] = stage
    st.rerun()


def _start(entry: Experiment, seeds: int) -> None:
    """Queue the runs of so many seeds, the next that this visitor has not run."""
    began = len(st.session_state.get(OWN, {}).get(entry.name, {}))
    store, made = get_store(), []
    try:
        for seed in range(began, began + seeds):
            for place, spec in enumerate(entry.runs(seed)):
                check_memory(spec, worker_memory())
                grouped = Grouped(experiment=entry.name, seed=seed, place=place)
                made.append(store.submit(spec, grouped=grouped).id)
    except (QueueFull, SpecError, OSError) as error:
        st.error(literal(str(error)))
        if not made:
            return
    st.query_params["runs"] = ",".join(made)
    _go("live")


def _live(entry: Experiment, guess: int | None) -> None:
    """The run that trains, or the last; the verdict of each seed whose runs have ended."""
    by_seed: dict[int, list[Run]] = {}
    for run_id in runs_from_address():
        try:
            run = get_store().open(run_id)
            grouped = run.metadata().grouped
        except RunUnreadable as error:
            st.error(literal(str(error)), icon=":material/link_off:")
            continue
        if grouped is None or grouped.experiment != entry.name:
            ignored("runs", run_id, f"a run of the experiment {entry.name}")
            continue
        by_seed.setdefault(grouped.seed, []).append(run)
    runs = [run for of_seed in by_seed.values() for run in of_seed]
    if not runs:
        return _offer(entry, [])
    going = [run for run in runs if run.state().state in ACTIVE]
    if len(runs) > 1:
        st.caption(f"Run {len(runs) - len(going) + bool(going)} of {len(runs)}.")
    said = {}
    for seed, of_seed in by_seed.items():
        if not any(run in going for run in of_seed):
            views = [RunReader(run).read() for run in of_seed]
            said[f"seed {seed}"] = verdict(entry, views, len(entry.runs(seed)))
            own = st.session_state.setdefault(OWN, {}).setdefault(entry.name, {})
            own[f"{of_seed[0].id}"] = said[f"seed {seed}"].outcome
    if said:
        _verdict(entry, guess, said)
    else:
        with st.container(border=True, key="verdict-to-come"):
            st.markdown(":material/hourglass_empty: The verdict comes here when the run has ended.")
            st.caption("It is computed from what is measured of the models then.")
    st.session_state.setdefault("picture", entry.picture)
    shown = going[0] if going else runs[-1]
    st.caption(literal(describe_lanes(shown.spec())))
    live_run(shown)
    if said:
        _afterwards(entry, runs[0])


def _verdict(entry: Experiment, guess: int | None, said: dict[str, Verdict], of: str = "") -> None:
    """What was seen in each seed, with its numbers, and whether that of the first is what was predicted.

    of: what it is the verdict of, where not of runs here.
    """
    for place, (words, of_seed) in enumerate(said.items()):
        with st.container(border=True, key=f"verdict-{words.replace(' ', '-') or 'computed'}"):
            heading = f"{words}: " if len(said) > 1 else ""
            predicted = "" if place else _compared(entry, guess, of_seed)
            headline = f"{ICONS[of_seed.outcome]} **{literal(heading + HEADLINES[of_seed.outcome])}**"
            st.markdown(" ".join(filter(None, [headline, of, predicted])))
            if of_seed.reason:
                st.markdown(literal(of_seed.reason))
            if of_seed.evidence:
                st.caption(literal(" · ".join(f"{name} {value:.3g}" for name, value in of_seed.evidence.items())))
    if len(said) > 1:
        st.badge(f"{sum(v.outcome == 'seen' for v in said.values())} of {len(said)} seeds")


def _compared(entry: Experiment, guess: int | None, said: Verdict) -> str:
    """Whether a prediction was right, in words, which is counted if it was made here and not by a link."""
    if guess is None or said.outcome == "unclear":
        return ""
    right = entry.answers[list(entry.answers)[guess]] == said.outcome
    if st.session_state.get(GUESSED, {}).get(entry.name) == guess:
        st.session_state.setdefault(PREDICTIONS, {})[entry.name] = right
    return "Your prediction was **right**." if right else "Your prediction was **not what happened**."


def _afterwards(entry: Experiment, run: Run | None = None) -> None:
    """What the claim leaves out, and a way to change it."""
    _tally()
    st.markdown(literal(entry.explanation))
    st.markdown(f"**What it leaves out.** {literal(entry.leaves_out)}")
    if entry.draw:
        st.markdown(f"**Try next.** {literal(entry.try_next)}")
    elif st.button(f"Change this and see: {literal(entry.try_next)}", key="change", icon=":material/tune:"):
        _change(entry, run)


def _change(entry: Experiment, run: Run | None) -> None:
    """Open the train page with the settings of the experiment in its controls."""
    spec = run.runnable_spec() if run else entry.runs(0)[0]
    put_into_controls(spec)
    st.switch_page("pages/train.py")
