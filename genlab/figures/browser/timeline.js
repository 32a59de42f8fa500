// The time line: holds the frames that it has been sent, and shows those of one moment in all charts at once.
//
// A frame of a lane stands at its step, its examples and its seconds. The moments of the line are the places of all
// lanes' frames on the clock that was chosen; at a moment each lane shows its newest frame until then.

const CURVES_MILLISECONDS = 330 // between two drawings of curves that grow
const PASSING_MILLISECONDS = 800 // in which moments that came together pass, about the time until the next come ...
const PASSING = 4 // ... and beyond so many it goes to the last at once
const LOOP_REST_SECONDS = 1.5 // at the last moment, before it begins again
const SETTLED_MILLISECONDS = 400 // a place that stays so long goes into the address
const AGAIN_MILLISECONDS = 3000 // until what was not answered is asked or told again
const SAME_MOMENT = 1 / 2000 // of the line: places nearer to each other are one moment
const NO_CURVES = {}
const FIELDS = { steps: "step", examples: "examples", seconds: "seconds" }

class Timeline {
  constructor(parent, ask) {
    this.ask = ask // (name, value): tell whoever sends the messages
    this.outer = element("div", "genlab-grid")
    this.root = this.outer.appendChild(element("div", "genlab-timeline", { "data-testid": "timeline", tabindex: 0 }))
    this.controls = new Controls(this)
    this.root.append(this.controls.node)
    this.inner = this.root.appendChild(element("div", "genlab-grid-cells"))
    parent.append(this.outer)
    Object.assign(this, { cells: new Map(), lanes: [], moments: [], index: 0, exact: 0, speed: 1, loop: false, drawnCount: 0 })
    Object.assign(this, { playing: false, live: true, active: false, clock: "steps", curves: {}, moving: {} })
    this.signature = this.described = ""
    this.listeners = new AbortController()
    this.observer = new ResizeObserver(() => this.plan())
    this.observer.observe(this.outer)
    // A chart out of view is drawn when it comes into view.
    this.views = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const chart = this.charts().find(({ node }) => node === target)
        if (!chart || chart.inView === isIntersecting) continue
        chart.inView = isIntersecting
        chart.draw()
      }
    })
    this.listen()
    this.queue = Promise.resolve()
  }

  listen() {
    const { signal } = this.listeners
    // Keys count here, and where nothing else has the focus, as on a stage.
    document.addEventListener(
      "keydown",
      (event) => {
        const inside = this.root.contains(event.target)
        if (!inside && event.target !== document.body) return
        const own = event.target.closest?.("select, .genlab-slider")
        if (own && event.key !== " ") return // a list and the slider have keys of their own
        if (event.target.closest?.("button") && event.key === " ") return // presses the button
        if (this.controls.key(event)) event.preventDefault()
      },
      { signal },
    )
    // A redraw of Plotly in the middle of a drag would take the zoom box from under the pointer.
    this.inner.addEventListener("pointerdown", () => (this.dragged = true), { signal })
    const release = () => {
      if (!this.dragged) return
      this.dragged = false
      setTimeout(() => this.plan()) // after Plotly has taken in the release
    }
    window.addEventListener("pointerup", release, { signal })
    window.addEventListener("pointercancel", release, { signal })
    const watchRatio = () => {
      const query = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`)
      query.addEventListener("change", () => (this.restale(), this.plan(), watchRatio()), { once: true, signal })
    }
    watchRatio()
  }

  close() {
    this.closed = true
    clearTimeout(this.asking)
    this.listeners.abort()
    this.observer.disconnect()
    this.views.disconnect()
    cancelAnimationFrame(this.ticking)
    clearTimeout(this.planning)
    clearTimeout(this.settling)
    clearTimeout(this.telling)
    clearTimeout(this.passing)
    for (const cell of this.cells.values()) cell.remove()
    this.talk?.close()
    this.outer.remove()
  }

  // ---- messages ----

  // In the order in which they came, each opened whole before the next.
  receive(bytes) {
    // One that could not be read leaves a gap, which is asked for after the next.
    this.queue = this.queue.catch(console.error).then(async () => {
      const message = await openMessage(bytes)
      await loadPlotly(message.plotly)
      this.take(message)
    })
    return this.queue
  }

  take(message) {
    if (this.closed) return
    const parts = [...message.parts]
    if (message.signature !== this.signature) {
      this.signature = message.signature // the frames that are held lack what other cells draw
      this.described = ""
      this.lanes = []
      this.curves = {}
      this.entering = true
    }
    if (message.addressed !== undefined) this.addressed = message.addressed // of what was recorded without saying so
    if (message.about) this.about = message.about // of figures that were recorded without
    if (message.describes) this.describe(parts.shift(), message.described)
    let ends = message.described === this.described
    if (ends && message.grows) ends = this.grow(parts.shift())
    if (ends) for (const frame of parts) this.hold(frame)
    for (const [lane, step] of message.removed ?? []) this.drop(lane, step)
    this.active = message.active
    this.placeKnown = message.place
    const held = this.lanes.map((frames) => frames.length)
    if (!ends || JSON.stringify(held) !== JSON.stringify(message.held)) this.askForMissing()
    else {
      clearTimeout(this.asking)
      if (message.more) this.ask("missing", { ...this.heldFrames(), more: true })
    }
    this.arrange(message)
    if (message.talk) {
      this.talk ??= new Talk(this.outer.parentElement, [this])
      this.talk.tell(message.talk)
    } else this.talk?.fit()
    this.plan()
    if (this.planning) this.drawSoon() // what Plotly draws has to wait; the frames have not
  }

  // Something was lost, or was never here: say what is held.
  askForMissing() {
    clearTimeout(this.asking)
    if (this.closed) return
    this.ask("missing", this.heldFrames())
    this.asking = setTimeout(() => this.askForMissing(), AGAIN_MILLISECONDS) // a question may get lost too
  }

  heldFrames() {
    const held = this.lanes.map((frames) => frames.map((frame) => frame.step))
    return { signature: this.signature, held, asked: Date.now() }
  }

  describe({ arrays, ...described }, digest) {
    this.described = digest
    this.description = described
    for (const cell of described.cells) {
      if (!cell.about) Object.assign(cell, this.about?.[cell.name.replace(/^\d+-/, "")])
    }
    this.fixed = arrays
    // Another clock has other moments: stay at the step.
    if (described.clock !== this.clock && this.moments.length && !this.live) {
      this.pause()
      this.wanted = this.stepNow()
    }
    this.clock = described.clock
    if (described.lanes.length !== this.lanes.length) this.lanes = described.lanes.map(() => [])
    this.arrangeCells()
  }

  // The ends of curves that have grown; false where their start is not here.
  grow({ starts, moving, arrays }) {
    for (const [name, start] of Object.entries(starts)) {
      const before = this.curves[name]?.values ?? []
      if (before.length < start) return false
      const end = arrays[name].values
      const values = new Float32Array(start + end.length)
      values.set(before.subarray ? before.subarray(0, start) : [])
      values.set(end, start)
      this.curves = { ...this.curves, [name]: { values, scale: 1, least: 0 } }
    }
    this.moving = moving
    return true
  }

  hold(frame) {
    const frames = this.lanes[frame.lane]
    const i = frames.findIndex((held) => held.step >= frame.step)
    if (i < 0) frames.push(frame)
    else frames.splice(i, frames[i].step === frame.step ? 1 : 0, frame)
  }

  drop(lane, step) {
    this.lanes[lane] = this.lanes[lane]?.filter((frame) => frame.step !== step)
  }

  // The moments of the line, and where on it one stands: at the same place as before, or at its end if live.
  arrange(message) {
    const place = this.moments[this.index]
    const places = this.lanes.flat().map((frame) => frame[FIELDS[this.clock]])
    places.sort((a, b) => a - b)
    const apart = SAME_MOMENT * ((places.at(-1) ?? 0) - (places[0] ?? 0))
    this.moments = places.filter((at, i) => i === places.length - 1 || places[i + 1] - at > apart)
    const last = Math.max(0, this.moments.length - 1)
    if (this.entering && this.moments.length) {
      this.entering = false
      if (message.step !== undefined && message.step !== null) {
        this.live = false
        this.index = this.momentOf(message.step)
        this.wanted = message.step
      } else this.index = last
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches
      if (message.plays && !still) this.play() // from the start, as it stands at the end
      if (message.loops) this.loop = true
      return
    }
    if (this.wanted !== undefined && !this.playing) this.index = this.momentOf(this.wanted) // more of it has come
    else {
      const before = this.index
      this.index = Math.max(0, upperBound(this.moments, place) - 1)
      this.exact += this.index - before // while it plays
      if (this.live && !this.playing) this.follow(last)
    }
  }

  // Go on to the last moment; where several came together, one after the other.
  follow(last) {
    clearTimeout(this.passing)
    const missing = last - this.index
    this.index = missing > PASSING ? last : Math.min(this.index + 1, last)
    if (this.index === last) return
    const next = () => {
      if (!this.live || this.playing) return
      this.follow(this.moments.length - 1)
      this.draw()
    }
    this.passing = setTimeout(next, PASSING_MILLISECONDS / missing)
  }

  // The last moment at which no lane shows a frame later than this step, so that `stepNow` is the step again.
  momentOf(step) {
    const later = this.lanes.flat().filter((frame) => frame.step > step)
    const end = Math.min(...later.map((frame) => frame[FIELDS[this.clock]]))
    return Math.max(0, this.moments.findLastIndex((at) => at < end))
  }

  // ---- cells ----

  arrangeCells() {
    const { cells, columns, lanes } = this.description
    this.inner.style.setProperty("--wanted-columns", columns)
    const family = getComputedStyle(this.inner).fontFamily || "sans-serif"
    this.inner.style.setProperty("--letters", Math.max(...lanes.map((lane) => widthOfHeading(lane, family))))
    for (const [name, cell] of this.cells) {
      const wanted = cells.find((candidate) => candidate.name === name)
      if (wanted && Boolean(wanted.layers) === cell instanceof Chart) continue
      this.views.unobserve(cell.node)
      cell.remove()
      this.cells.delete(name)
    }
    cells.forEach((wanted, i) => {
      const cell = this.cells.get(wanted.name) ?? (wanted.layers ? new Chart(wanted) : new Heading(wanted))
      this.cells.set(wanted.name, cell)
      if (cell instanceof Chart) this.views.observe(cell.node)
      cell.describe(wanted, wanted.layers ? this.fixed : this.description.lanes[wanted.lanes[0]])
      this.placeInNarrow(cell, wanted)
      if (this.inner.children[i] !== cell.node) this.inner.insertBefore(cell.node, this.inner.children[i] ?? null)
    })
  }

  // In a narrow window one lane stands below the other, and below them what shows several. On a phone the pictures of all
  // lanes come first, each below its heading; what follows says whose it is.
  placeInNarrow({ node, title }, { name, lanes }) {
    const [lane] = lanes
    const ofLane = this.description.cells.filter((cell) => cell.lanes.length === 1 && cell.lanes[0] === lane)
    const place = Math.max(0, ofLane.findIndex((cell) => cell.name === name) - 1) // the heading, the picture, the rest
    const several = lanes.length !== 1
    node.style.setProperty("--lane", several ? this.lanes.length : lane)
    node.style.setProperty("--place", several ? this.description.cells.length ** 2 : place * this.lanes.length + lane)
    if (title) title.dataset.lane = several || !place ? "" : `${this.description.lanes[lane].title} · `
  }

  // Only these cells, in a grid of so many columns: what shows one lane takes one of them, what shows several all.
  showOnly(names, columns, withoutBar) {
    this.inner.style.setProperty("--wanted-columns", columns)
    for (const [name, cell] of this.cells) {
      cell.node.hidden = !names.includes(name)
      cell.span = cell.cell.lanes.length === 1 ? 1 : columns
      cell.node.style.setProperty("--span", cell.span)
    }
    this.withoutBar = withoutBar
    this.controls.update()
  }

  charts() {
    return [...this.cells.values()].filter((cell) => cell instanceof Chart)
  }

  restale() {
    for (const chart of this.charts()) chart.stale = true
  }

  // Let Plotly draw what it has to, curves at most three times a second; and the frames of the moment.
  plan() {
    if (this.planning) return
    const wait = Math.max(0, (this.planned ?? 0) + CURVES_MILLISECONDS - performance.now())
    const now = () => {
      this.planning = 0
      this.planned = performance.now()
      if (!window.Plotly || this.dragged || !this.outer.isConnected || !this.description) return
      const charts = this.charts()
      const frames = this.framesNow()
      for (const chart of charts) chart.show(chart.cell.lanes.map((lane) => frames[lane]))
      // Every width is read before anything is written: one layout of the page instead of one per figure.
      const widths = new Map(charts.map((chart) => [chart, chart.node.clientWidth]))
      const theme = readTheme(this.outer)
      const { marks } = this.description
      const range = this.clockRange()
      const first = this.firstCharts(charts.filter((chart) => widths.get(chart)))
      for (const chart of first ?? charts) {
        const curves = chart.cell.recorded ? this.curves : NO_CURVES
        const own = (marks ?? []).filter(({ lanes }) => lanes.some((lane) => chart.cell.lanes.includes(lane)))
        const clock = chart.cell.layout.meta === "clock" ? { range, marks: own } : null
        chart.plan(widths.get(chart), theme, curves, this.moving[chart.cell.name] ?? {}, clock)
      }
      this.draw()
      if (first) requestAnimationFrame(() => setTimeout(() => ((this.planned = 0), this.plan())))
    }
    if (wait && this.drawnCount) this.planning = setTimeout(now, wait)
    else now()
  }

  // Of charts that are all to be drawn for the first time, the first of each lane: the rest comes when these are on the
  // screen. Else null.
  firstCharts(charts) {
    const lanes = new Set()
    const first = charts.filter(({ cell }) => !lanes.has(cell.lanes[0]) && lanes.add(cell.lanes[0]))
    return charts.some(({ state }) => state) || first.length === charts.length ? null : first
  }

  // The axis of the clock: to the end of the budget where it is counted in that, else as far as the lanes have come.
  clockRange() {
    const { budget } = this.description
    return [0, Math.max(budget ?? 0, this.moments.at(-1) ?? 0) || 1]
  }

  // ---- one moment ----

  framesNow() {
    const place = this.moments[this.index]
    return this.lanes.map((frames) => frames[upperBoundBy(frames, FIELDS[this.clock], place) - 1])
  }

  // The latest step of the frames that are shown; -1 if there is none.
  stepNow() {
    return Math.max(-1, ...this.framesNow().map((frame) => frame?.step ?? -1))
  }

  draw() {
    const frames = this.framesNow()
    let moved = false
    for (const cell of this.cells.values()) {
      const shown = cell.cell.lanes.map((lane) => frames[lane])
      if (!(cell instanceof Chart)) {
        cell.show(shown[0])
        continue
      }
      moved = cell.show(shown) || moved
      cell.draw()
      cell.mark(this.moments[this.index] ?? null)
    }
    if (moved) this.plan()
    this.controls.update()
    this.drawnCount += 1
    const step = this.stepNow()
    Object.assign(this.root.dataset, {
      step: step < 0 ? "" : step,
      frames: this.moments.length,
      drawn: this.drawnCount,
      live: this.active && this.live,
    })
  }

  // At most one drawing for one picture of the screen, however often the slider moves.
  drawSoon() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = undefined
      this.draw()
    })
    clearTimeout(this.settling)
    this.settling = setTimeout(() => this.settle(), SETTLED_MILLISECONDS)
  }

  // The address names the step that one stands at, without a new entry in the browser's history.
  settle() {
    if (!(this.addressed ?? this.description?.addressed) || this.playing) return
    const address = new URL(window.location.href)
    const step = this.stepNow()
    if ((this.live && this.active) || step < 0) address.searchParams.delete("step")
    else address.searchParams.set("step", step)
    if (address.href === window.location.href) return
    window.history.replaceState(window.history.state, "", address)
    this.tellPlace()
  }

  // Whoever makes a link there has to know the step in the address. What is told beside a click may get lost.
  tellPlace() {
    clearTimeout(this.telling)
    const place = new URL(window.location.href).searchParams.get("step") ?? ""
    if (this.closed || place === this.placeKnown) return
    this.ask("place", place)
    if (this.placeKnown === undefined) return // a recording is sent once, and never says what is known
    this.telling = setTimeout(() => this.tellPlace(), AGAIN_MILLISECONDS)
  }

  // ---- moving ----

  jump(index) {
    this.pause()
    this.moveTo(index)
  }

  step(by) {
    this.jump(this.index + by)
  }

  // Stand at the last moment without a frame after this step.
  goTo(step) {
    this.pause()
    this.live = false
    this.wanted = step
    this.index = this.momentOf(step)
    this.drawSoon()
  }

  moveTo(index) {
    this.wanted = undefined
    this.index = Math.min(this.moments.length - 1, Math.max(0, Math.round(index)))
    this.live = this.index >= this.moments.length - 1
    this.drawSoon()
  }

  toEnd() {
    this.jump(Infinity)
  }

  toggle() {
    if (this.playing) this.pause()
    else this.play()
    this.drawSoon()
  }

  pause() {
    this.playing = false
    cancelAnimationFrame(this.ticking)
  }

  // Moments pass evenly: all of them in ten seconds, or four to thirty a second, times the speed. By the time and not by
  // pictures of the screen: a hidden tab gets none, and goes on from where it was.
  play() {
    if (this.moments.length < 2) return
    if (this.index >= this.moments.length - 1) this.index = 0
    this.playing = true
    this.live = false
    this.wanted = undefined
    this.exact = this.index
    let before
    const tick = (now) => {
      if (!this.playing) return
      const passed = before === undefined ? 0 : Math.min(0.25, (now - before) / 1000)
      before = now
      const last = this.moments.length - 1
      const rate = this.speed * Math.min(30, Math.max(4, this.moments.length / 10))
      this.exact += passed * rate
      if (this.exact >= last + rate * LOOP_REST_SECONDS && this.loop && !this.active) this.exact = 0
      const index = Math.min(last, Math.floor(this.exact))
      if (index !== this.index) {
        this.index = index
        this.draw()
      }
      if (index >= last && !this.loop) {
        this.pause()
        this.moveTo(last)
      } else this.ticking = requestAnimationFrame(tick)
    }
    this.ticking = requestAnimationFrame(tick)
  }

  setSpeed(speed) {
    this.speed = speed
    this.controls.update()
  }

  setLoop(loop) {
    this.loop = loop
    this.controls.update()
  }

  askFork() {
    this.pause()
    if (this.stepNow() >= 0) this.ask("fork", this.stepNow())
  }

  askClock(clock) {
    this.ask("clock", clock)
  }
}

// About how wide the line of text above a lane gets, in units of its font size, whatever its numbers are: the same size for
// all lanes, in which the longest fits. It is measured because a file by itself is shown in whatever font there is.
function widthOfHeading({ title, detail }, family) {
  const canvas = document.createElement("canvas").getContext("2d")
  const measured = (weight, words) => {
    canvas.font = `${weight} 100px ${family}`
    return canvas.measureText(words).width / 100
  }
  const heading = `${title} · 25 of 25 modes · 100% on a mode`
  return (
    Math.max(0.45 * heading.length, measured(700, heading)) +
    0.9 * Math.max(0.4 * detail.length, measured(400, detail)) // 0.9: in grid.css
  )
}

// The line of text above a lane: the heading moves with its frames.
class Heading {
  constructor(cell) {
    this.node = element("div", "genlab-caption")
    this.node.dataset.cell = cell.name
    this.bar = this.node.appendChild(element("span", "genlab-caption-bar"))
    this.heading = this.node.appendChild(element("span", "genlab-caption-heading", { role: "heading", "aria-level": 3 }))
    this.detail = this.node.appendChild(element("span", "genlab-caption-detail"))
  }

  describe(cell, lane) {
    this.cell = cell
    this.lane = lane
    this.node.style.height = `${cell.height}px`
    this.node.style.setProperty("--span", cell.span)
    this.bar.hidden = !lane
    this.node.classList.toggle("genlab-gap", !lane)
    this.bar.style.background = lane?.colour ?? ""
    this.detail.textContent = lane?.detail ?? ""
    this.show()
  }

  show(frame) {
    const words = frame?.heading ?? this.lane?.title ?? ""
    if (this.heading.textContent !== words) this.heading.textContent = words
  }

  remove() {
    this.node.remove()
  }
}

// How many of the frames, rising in a field, are at most at `limit`.
function upperBoundBy(frames, field, limit) {
  let [low, high] = [0, frames.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (frames[middle][field] <= limit) low = middle + 1
    else high = middle
  }
  return low
}

const lines = new WeakMap() // Streamlit's element for the component -> its time line

window.genlabTimeline = {
  show({ data, parentElement, setTriggerValue }) {
    const line = lines.get(parentElement) ?? new Timeline(parentElement)
    lines.set(parentElement, line)
    line.ask = (name, value) => setTriggerValue(name, value)
    return line.receive(data)
  },
  // Other colours: those of the page have changed.
  repaint(parentElement) {
    lines.get(parentElement)?.plan()
  },
  close(parentElement) {
    lines.get(parentElement)?.close()
    lines.delete(parentElement)
  },
}
