// Draws the cells that genlab/ui/chart_grid.py sends, all by Plotly. The nodes stay, so a zoom stays too.

const DRAG_MILLISECONDS = 150 // between two places of a drag
const BESIDE_ABOUT = 26 // pixels: where a title begins that has a button before it
const TITLE = 14 // pixels of its letters ...
const SMALLEST_TITLE = 9 // ... and at least ...
const TWO_LINED_TITLE = 10 // ... and at most on two lines, which fit above a plot
const grids = new WeakMap() // Streamlit's element for the component -> its grid

window.genlabGrid = {
  show({ data, parentElement, setStateValue }) {
    const grid = grids.get(parentElement) ?? openGrid(parentElement)
    // With the time: the same place or outline again is told again.
    grid.sendPlace = (place) => setStateValue("place", [...place, Date.now()])
    grid.sendOutline = (corners) => setStateValue("outline", { corners, at: Date.now() })
    arrange(grid, data)
    return loadPlotly(data.plotly).then(() => draw(grid))
  },
  close(parentElement) {
    const grid = grids.get(parentElement)
    if (!grid) return
    grid.observer.disconnect()
    grid.listeners.abort()
    for (const name of grid.cells.keys()) remove(grid.cells, name)
    grid.outer.remove()
    grids.delete(parentElement)
  },
}

function openGrid(parentElement) {
  const outer = element("div", "genlab-grid")
  const inner = outer.appendChild(element("div", "genlab-grid-cells"))
  parentElement.append(outer)
  const grid = { outer, inner, cells: new Map(), held: false, listeners: new AbortController() }
  grid.observer = new ResizeObserver(() => draw(grid))
  grid.observer.observe(outer)
  holdWhileDragged(grid)
  grids.set(parentElement, grid)
  return grid
}

// A redraw in the middle of a drag would take the zoom box from under the pointer: wait for the release.
function holdWhileDragged(grid) {
  const { signal } = grid.listeners
  grid.inner.addEventListener("pointerdown", ({ target }) => (grid.held = !target.closest(".genlab-places")), { signal })
  const release = () => {
    if (!grid.held) return
    grid.held = false
    setTimeout(() => draw(grid)) // after Plotly has taken in the release
  }
  window.addEventListener("pointerup", release, { signal })
  window.addEventListener("pointercancel", release, { signal })
}

// ---- cells ----

function arrange(grid, data) {
  const { inner, cells } = grid
  inner.style.setProperty("--wanted-columns", data.columns)
  for (const [name, cell] of cells) {
    const wanted = data.cells.find((candidate) => candidate.name === name)
    if (!wanted || Boolean(wanted.figure) !== Boolean(cell.wanted.figure)) remove(cells, name)
  }
  data.cells.forEach((wanted, index) => {
    const cell = cells.get(wanted.name) ?? { node: wanted.figure ? figureNode() : captionNode() }
    cell.wanted = wanted
    cells.set(wanted.name, cell)
    cell.node.dataset.cell = wanted.name
    cell.node.style.setProperty("--span", wanted.span)
    cell.node.style.height = `${wanted.height}px`
    if (wanted.places) cell.sendsPlaces ??= sendPlaces(grid, cell)
    cell.node.classList.toggle("genlab-places", wanted.places)
    if (wanted.figure) describeFigure(cell, wanted)
    else writeCaption(cell.node, wanted)
    if (inner.children[index] !== cell.node) inner.insertBefore(cell.node, inner.children[index] ?? null)
  })
}

function remove(cells, name) {
  const { node, plot, drawing } = cells.get(name)
  drawing?.finally(() => window.Plotly.purge(plot)) // Plotly ends a drawing in a later task, and needs the plot for it
  node.remove()
  cells.delete(name)
}

function describeFigure(cell, { alt, title, about }) {
  cell.node.setAttribute("aria-label", alt)
  cell.about ??= new About(cell.node.appendChild(element("div", "genlab-grid-about")))
  cell.about.tell(title, about)
}

function figureNode() {
  const node = element("div", "genlab-figure")
  node.setAttribute("role", "figure")
  node.dataset.updates = 0
  return node
}

// A press or a drag says a place, in the units of the axes; while dragged not at every pixel, and at its end for certain.
function sendPlaces(grid, cell) {
  const { node } = cell
  let sent = 0
  const send = (event) => {
    const { xaxis, yaxis } = cell.plot._fullLayout
    const box = cell.plot.getBoundingClientRect()
    const place = [
      [xaxis, event.clientX - box.left],
      [yaxis, event.clientY - box.top],
    ].map(([axis, pixel]) => ({ at: pixel - axis._offset, axis }))
    if (place.some(({ at, axis }) => at < 0 || at > axis._length)) return
    sent = performance.now()
    grid.sendPlace(place.map(({ at, axis }) => Number(axis.p2d(at).toFixed(3))))
  }
  node.addEventListener("pointerdown", (event) => {
    if (event.button || !cell.plot || !cell.wanted.places || event.target.closest("button")) return
    send(event)
    const drag = (moved) => performance.now() - sent > DRAG_MILLISECONDS && send(moved)
    window.addEventListener("pointermove", drag)
    const end = (released) => {
      window.removeEventListener("pointermove", drag)
      for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, end)
      if (released.type === "pointerup") send(released)
    }
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, end)
  })
  return true
}

function captionNode() {
  const node = element("div", "genlab-caption")
  const heading = element("span", "genlab-caption-heading")
  heading.setAttribute("role", "heading")
  heading.setAttribute("aria-level", 3)
  node.append(element("span", "genlab-caption-bar"), heading, element("span", "genlab-caption-detail"))
  return node
}

function writeCaption(node, { heading, detail, colour }) {
  const [bar, headingNode, detailNode] = node.children
  bar.hidden = !colour
  bar.style.background = colour
  headingNode.textContent = heading
  detailNode.textContent = detail
}

// ---- figures ----

function draw(grid) {
  if (!window.Plotly || grid.held || !grid.outer.isConnected) return
  const figures = [...grid.cells.values()].filter((cell) => cell.wanted.figure)
  // Every width is read before anything is written: one layout of the page instead of one per figure.
  const widths = figures.map((cell) => cell.node.clientWidth)
  const theme = readTheme(grid.outer)
  figures.forEach((cell, index) => {
    drawFigure(cell, widths[index], theme)
    if (cell.plot && !cell.watched && (cell.wanted.outlines || cell.wanted.sheet)) watchPoints(grid, cell)
    loadSheet(cell)
  })
}

// A title, the pixels of its letters, and how much lower it has to be, so that it is not cut: on two lines where one
// would be too small to be read.
function titleThatFits(words, room, theme) {
  const canvas = document.createElement("canvas").getContext("2d")
  canvas.font = `${TITLE}px ${theme.font}`
  const size = (lines) => Math.min(TITLE, ...lines.map((line) => (TITLE * room) / canvas.measureText(line).width))
  const cut = words.indexOf(", ") + 1
  if (!cut || size([words]) >= SMALLEST_TITLE) return { text: words, size: Math.max(SMALLEST_TITLE, size([words])), lower: 0 }
  const lines = [words.slice(0, cut), words.slice(cut + 1)]
  const letters = Math.max(SMALLEST_TITLE, Math.min(TWO_LINED_TITLE, size(lines)))
  return { text: lines.join("<br>"), size: letters, lower: 0.7 * letters } // Plotly lowers the first line of one alone
}

// Words among points, from the highest to the lowest, each as far below its place as those before it need.
function spreadLabels({ plot, theme }) {
  const { annotations, xaxis, yaxis } = plot._fullLayout
  const context = document.createElement("canvas").getContext("2d")
  const words = annotations.flatMap(({ x, y, yshift, text, font, showarrow, xref }, index) => {
    const [left, top] = [xaxis.l2p(x), yaxis.l2p(y)]
    const shown = left >= 0 && left <= xaxis._length && top >= 0 && top <= yaxis._length
    if (showarrow || xref !== "x" || !shown) return []
    context.font = `bold ${font.size}px ${theme.font}`
    const { width } = context.measureText(text.replace(/<[^>]*>/g, ""))
    return [{ index, x: left, y: top, top, yshift, width, height: 1.1 * font.size }]
  })
  if (!words.length) return
  const moved = apart(words, words[0].height).filter(({ y, top, yshift }) => Math.abs(top - y - yshift) > 0.5)
  const shifts = Object.fromEntries(moved.map(({ index, y, top }) => [`annotations[${index}].yshift`, top - y]))
  if (moved.length) return window.Plotly.relayout(plot, shifts)
}

function drawFigure(cell, width, theme) {
  const { figure, height } = cell.wanted
  const state = { figure, height, width, theme: theme.id }
  if (width === 0 || (cell.state && Object.keys(state).every((part) => state[part] === cell.state[part]))) return
  const { data, layout } = coloured(JSON.parse(figure), theme)
  if (cell.wanted.about && layout.title) {
    const { text, size, lower } = titleThatFits(layout.title.text, width - BESIDE_ABOUT, theme)
    const { font, pad } = layout.title
    const place = { x: 0, xref: "container", pad: { ...pad, l: BESIDE_ABOUT, t: (pad?.t ?? 0) + lower } }
    Object.assign(layout.title, { text, font: { ...font, size } }, place)
  }
  Object.assign(layout, { width, height, template: theme.template, uirevision: layout.uirevision ?? "kept" })
  cell.plot ??= cell.node.appendChild(document.createElement("div"))
  fitTicks(layout, width, theme)
  keepZoom(cell, layout)
  cell.theme = theme
  cell.drawing = window.Plotly.react(cell.plot, data, layout, CONFIG).then(() => {
    if (!cell.spreads) cell.plot.on("plotly_relayout", () => spreadLabels(cell)) // a zoom brings them together or apart
    cell.spreads = true
    return spreadLabels(cell)
  })
  cell.state = state
  cell.node.dataset.updates = Number(cell.node.dataset.updates) + 1
}
