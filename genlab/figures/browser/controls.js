// The bar that moves a time line: buttons, a slider, the place, the speed, the clock.

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8]
const PAGE = 10 // moments that Page Up and Page Down pass
const UNITS = { steps: "step", examples: "examples", seconds: "s" }
const ICONS = {
  first: "M6 6h2v12H6zM18 6v12l-8.5-6z",
  back: "M14 6v12L6 12zM16 6h2v12h-2z",
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  forward: "M10 6v12l8-6zM6 6h2v12H6z",
  last: "M16 6h2v12h-2zM6 6v12l8.5-6z",
  fork: "M7 3v5.2c0 2.6 2 3.6 5 4.3s5 1.7 5 4.3V21h2v-4.2c0-4-3-5.3-6.5-6.2S9 9 9 8.2V3zM16 3v6h2V3z",
  loop: "M7 7h10v3l4-4-4-4v3H5v6h2zM17 17H7v-3l-4 4 4 4v-3h12v-6h-2z",
}

class Controls {
  constructor(line) {
    this.line = line
    this.node = element("div", "genlab-controls", { role: "group", "aria-label": "Time line" })
    const add = (node) => this.node.appendChild(node)
    add(button("first", "To the start", "Home", () => line.jump(0)))
    add(button("back", "One frame back", "←", () => line.step(-1)))
    this.playButton = add(button("play", "Play", "Space", () => line.toggle()))
    add(button("forward", "One frame forward", "→", () => line.step(1)))
    add(button("last", "To the end", "End", () => line.jump(Infinity)))
    this.track = add(element("div", "genlab-track"))
    this.slider = this.track.appendChild(
      element("input", "genlab-slider", { type: "range", min: 0, max: 0, step: 1, "aria-label": "Place on the time line" }),
    )
    this.slider.addEventListener("input", () => line.jump(Number(this.slider.value)))
    this.place = add(element("span", "genlab-place"))
    this.live = add(element("button", "genlab-live", { type: "button", title: "Follow the newest frame" }))
    this.live.textContent = "Live"
    this.live.addEventListener("click", () => line.toEnd())
    this.speed = add(chooser("Speed", SPEEDS.map((speed) => [speed, `${speed}×`]), (value) => line.setSpeed(Number(value))))
    this.clock = add(chooser("Against", Object.keys(UNITS).map((clock) => [clock, clock]), (value) => line.askClock(value)))
    this.fork = add(button("fork", "Fork here: go on from this moment with one setting changed", "", () => line.askFork()))
    this.loop = add(button("loop", "Play in a loop", "", () => line.setLoop(!line.loop)))
  }

  update() {
    const { line } = this
    const { moments, index, playing, live } = line
    const symbol = playing ? "pause" : "play"
    if (this.playButton.dataset.icon !== symbol) setIcon(this.playButton, symbol, playing ? "Pause" : "Play", "Space")
    this.slider.max = Math.max(0, moments.length - 1)
    this.slider.value = index
    this.slider.disabled = moments.length < 2
    const words = moments.length ? describeMoment(moments[index], line.clock) : "no frame yet"
    if (this.place.textContent !== words) this.place.textContent = words
    this.slider.setAttribute("aria-valuetext", words)
    this.live.hidden = !line.active
    this.fork.hidden = !line.description?.forks
    this.clock.hidden = Boolean(line.description?.recording) // nobody is there to draw it against another
    this.node.hidden = Boolean(line.description?.without_bar || line.withoutBar)
    this.placeMarks()
    this.live.setAttribute("aria-pressed", live)
    this.speed.value = line.speed
    this.clock.value = line.clock
    this.loop.setAttribute("aria-pressed", line.loop)
  }

  // A sign on the slider at each mark of the line.
  placeMarks() {
    const { moments, description } = this.line
    const marks = moments.length > 1 ? (description?.marks ?? []) : []
    const state = JSON.stringify([marks, moments.length, moments.at(-1)])
    if (state === this.placed) return
    this.placed = state
    for (const sign of this.track.querySelectorAll(".genlab-mark")) sign.remove()
    for (const { at, words } of marks) {
      const share = Math.max(0, upperBound(moments, at) - 1) / (moments.length - 1)
      const sign = this.track.appendChild(element("span", "genlab-mark", { title: words }))
      sign.style.left = `calc(0.5rem + ${share} * (100% - 1rem))`
    }
  }

  // The keys of a player; returns whether this was one of them.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false
    const { line } = this
    const actions = {
      " ": () => line.toggle(),
      ArrowLeft: () => line.step(-1),
      ArrowRight: () => line.step(1),
      Home: () => line.jump(0),
      End: () => line.jump(Infinity),
      PageUp: () => line.step(-PAGE),
      PageDown: () => line.step(PAGE),
    }
    actions[event.key]?.()
    return event.key in actions
  }
}

function describeMoment(place, clock) {
  if (clock === "seconds") return `${place.toFixed(1)} s`
  const number = Math.round(place).toLocaleString("en")
  return clock === "steps" ? `step ${number}` : `${number} examples`
}

function button(icon, label, key, press) {
  const node = element("button", "genlab-button", { type: "button" })
  setIcon(node, icon, label, key)
  node.addEventListener("click", press)
  return node
}

function setIcon(node, icon, label, key) {
  node.dataset.icon = icon
  node.setAttribute("aria-label", label)
  node.title = key ? `${label} (${key})` : label
  node.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`
}

function chooser(label, options, choose) {
  const node = element("select", "genlab-chooser", { "aria-label": label, title: label })
  for (const [value, words] of options) {
    const option = node.appendChild(document.createElement("option"))
    option.value = value
    option.textContent = words
  }
  node.addEventListener("change", () => choose(node.value))
  return node
}
