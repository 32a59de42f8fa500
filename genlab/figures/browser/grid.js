// Draws the cells that genlab/ui/chart_grid.py sends, all by Plotly. The nodes stay, so a zoom stays too.
//
// A message has the cells, each with the digest of its figure, and the figures that the server thinks are new here; or,
// where nothing changed, only the digest of the last one. A grid that lacks something asks for everything.

const ASK_AGAIN = 2000 // milliseconds
const grids = new WeakMap() // Streamlit's element for the component -> its grid

window.genlabGrid = {
  show({ data, parentElement, setTriggerValue }) {
    const grid = grids.get(parentElement) ?? openGrid(parentElement)
    grid.ask = () => setTriggerValue("missing", data.digest)
    receive(grid, data)
    return grid.data && loadPlotly(grid.data.plotly).then(() => draw(grid))
  },
  close(parentElement) {
    const grid = grids.get(parentElement)
    if (!grid) return
    grid.observer.disconnect()
    clearInterval(grid.asking)
    grid.listeners.abort()
    for (const name of grid.cells.keys()) remove(grid, name)
    grid.outer.remove()
    grids.delete(parentElement)
  },
}

function openGrid(parentElement) {
  const outer = element("div", "genlab-grid")
  const inner = outer.appendChild(element("div", "genlab-grid-cells"))
  parentElement.append(outer)
  const grid = { outer, inner, cells: new Map(), figures: new Map(), held: false, listeners: new AbortController() }
  grid.observer = new ResizeObserver(() => draw(grid))
  grid.observer.observe(outer)
  holdWhileDragged(grid)
  grids.set(parentElement, grid)
  return grid
}

// A redraw in the middle of a drag would take the zoom box from under the pointer: wait for the release.
function holdWhileDragged(grid) {
  const { signal } = grid.listeners
  grid.inner.addEventListener("pointerdown", () => (grid.held = true), { signal })
  const release = () => {
    if (!grid.held) return
    grid.held = false
    setTimeout(() => draw(grid)) // after Plotly has taken in the release
  }
  window.addEventListener("pointerup", release, { signal })
  window.addEventListener("pointercancel", release, { signal })
}

// ---- messages ----

function receive(grid, data) {
  const figures = new Map([...grid.figures, ...(data.figures ?? [])])
  const wanted = (data.cells ?? []).map((cell) => cell.figure).filter(Boolean)
  const complete = data.cells ? wanted.every((digest) => figures.has(digest)) : data.digest === grid.data?.digest
  clearInterval(grid.asking)
  if (!complete) {
    grid.ask()
    grid.asking = setInterval(() => grid.ask(), ASK_AGAIN) // a message may get lost, a question too
    return
  }
  if (!data.cells) return
  grid.data = data
  grid.figures = new Map(wanted.map((digest) => [digest, figures.get(digest)]))
  arrange(grid)
}

// ---- cells ----

function arrange(grid) {
  const { data, inner, cells } = grid
  inner.style.setProperty("--wanted-columns", data.columns)
  for (const [name, cell] of cells) {
    const wanted = data.cells.find((candidate) => candidate.name === name)
    if (!wanted || Boolean(wanted.figure) !== Boolean(cell.wanted.figure)) remove(grid, name)
  }
  data.cells.forEach((wanted, index) => {
    const cell = cells.get(wanted.name) ?? { node: wanted.figure ? figureNode() : captionNode() }
    cell.wanted = wanted
    cells.set(wanted.name, cell)
    cell.node.dataset.cell = wanted.name
    cell.node.style.setProperty("--span", wanted.span)
    cell.node.style.height = `${wanted.height}px`
    if (wanted.figure) cell.node.setAttribute("aria-label", wanted.alt)
    else writeCaption(cell.node, wanted)
    if (inner.children[index] !== cell.node) inner.insertBefore(cell.node, inner.children[index] ?? null)
  })
}

function remove(grid, name) {
  const { node, plot, drawing } = grid.cells.get(name)
  drawing?.finally(() => window.Plotly.purge(plot)) // Plotly ends a drawing in a later task, and needs the plot for it
  node.remove()
  grid.cells.delete(name)
}

function figureNode() {
  const node = element("div", "genlab-figure")
  node.setAttribute("role", "img")
  node.dataset.updates = 0
  return node
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
  figures.forEach((cell, index) => drawFigure(grid, cell, widths[index], theme))
}

function drawFigure(grid, cell, width, theme) {
  const { figure, height } = cell.wanted
  const state = { figure, height, width, theme: theme.id }
  if (width === 0 || (cell.state && Object.keys(state).every((part) => state[part] === cell.state[part]))) return
  const { data, layout } = coloured(JSON.parse(grid.figures.get(figure)), theme)
  Object.assign(layout, { width, height, template: theme.template, uirevision: layout.uirevision ?? "kept" })
  cell.plot ??= cell.node.appendChild(document.createElement("div"))
  keepZoom(cell, layout)
  cell.drawing = window.Plotly.react(cell.plot, data, layout, CONFIG)
  cell.state = state
  cell.node.dataset.updates = Number(cell.node.dataset.updates) + 1
}
