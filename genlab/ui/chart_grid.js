// Draws the cells that genlab/ui/chart_grid.py sends. Streamlit calls the default export again with every message and
// every change of theme; the nodes stay, so a zoom stays too.
//
// A message has the cells, each with the digest of its figure, and the figures that the server thinks are new here; or,
// where nothing changed, only the digest of the last one. A grid that lacks something asks for everything.

const ASK_AGAIN = 2000 // milliseconds
const grids = new WeakMap() // Streamlit's element for the component -> its grid
let loading // one promise for the page: plotly.js is fetched once

const CONFIG = {
  displaylogo: false,
  doubleClick: "reset",
  modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
  scrollZoom: false,
  showSendToCloud: false, // Plotly's default is a button that uploads the chart
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = grids.get(parentElement) ?? open(parentElement)
  grid.ask = () => setTriggerValue("missing", data.digest)
  receive(grid, data)
  if (grid.data) {
    loadPlotly(grid.data.plotly).then(
      () => draw(grid),
      () => explain(grid),
    )
  }
  return () => {
    // Streamlit also cleans up after a run that the next message overtook; only an unmounted element has left the page.
    if (parentElement.isConnected) return
    close(grid)
    grids.delete(parentElement)
  }
}

function open(parentElement) {
  const outer = element("div", "genlab-grid")
  const inner = outer.appendChild(element("div", "genlab-grid-cells"))
  parentElement.append(outer)
  const grid = { outer, inner, cells: new Map(), figures: new Map(), held: false, listeners: new AbortController() }
  grid.observer = new ResizeObserver(() => draw(grid))
  grid.observer.observe(outer)
  hold(grid)
  grids.set(parentElement, grid)
  return grid
}

function close(grid) {
  grid.observer.disconnect()
  clearInterval(grid.asking)
  grid.listeners.abort()
  for (const name of grid.cells.keys()) remove(grid, name)
  grid.outer.remove()
}

// A redraw in the middle of a drag would take the zoom box from under the pointer: wait for the release.
function hold(grid) {
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

function element(tag, className) {
  const node = document.createElement(tag)
  node.className = className
  return node
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

// Plotly keeps a zoom only while the figure asks for the range that it asked for when the visitor zoomed. A live figure's
// range moves: as long as an axis shows something else than was asked for, go on asking for that.
function keepZoom(cell, layout) {
  cell.asked ??= {}
  for (const axis of ["xaxis", "yaxis"]) {
    const { range } = layout[axis] ?? {}
    if (!range) continue
    const asked = cell.asked[axis]
    const shown = cell.plot.layout?.[axis]?.range
    if (asked && shown && asked.some((end, i) => end !== shown[i])) layout[axis].range = [...asked]
    else cell.asked[axis] = [...range]
  }
}

function readTheme(node) {
  const style = getComputedStyle(node)
  const names = ["--ink", "--paper", "--line", "--faint", "--quiet"]
  const values = names.map((name) => style.getPropertyValue(name))
  const [ink, paper, line, faint, quiet] = values
  const font = style.fontFamily
  const clear = "rgba(0, 0, 0, 0)"
  const axis = {
    constrain: "domain", // equal axes shrink the plot, not the range: Plotly forgets a zoom where it widened a range
    gridcolor: faint,
    linecolor: line,
    tickcolor: line,
    ticklabelstandoff: 4,
    title: { standoff: 8 },
    zerolinecolor: line,
  }
  const layout = {
    autotypenumbers: "strict",
    font: { color: ink, family: font, size: 14 },
    hoverlabel: { bgcolor: paper, bordercolor: line, font: { color: ink, family: font } },
    hovermode: "closest",
    legend: { bgcolor: clear },
    margin: { l: 48, r: 12, t: 36, b: 36 },
    modebar: { bgcolor: paper, color: quiet, activecolor: ink },
    paper_bgcolor: clear,
    plot_bgcolor: clear,
    shapedefaults: { line: { color: ink } },
    annotationdefaults: { arrowcolor: ink },
    xaxis: axis,
    yaxis: axis,
  }
  const colours = Object.fromEntries(names.map((name, index) => [`var(${name})`, values[index]]))
  return { id: JSON.stringify(layout), colours, template: { layout } }
}

// Puts the theme's colour where a figure says "var(--ink)": Plotly does not know CSS variables. Columns of numbers are
// left alone, so that long data costs nothing.
function coloured(value, theme) {
  if (typeof value === "string") return theme.colours[value] ?? value
  if (value === null || typeof value !== "object" || typeof value[0] === "number") return value
  for (const key of Object.keys(value)) value[key] = coloured(value[key], theme)
  return value
}

// ---- plotly.js ----

function loadPlotly(address) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    // Relative to the page, as Streamlit's own files are: right under a base path and behind Community Cloud's proxy.
    script.src = new URL(address, document.baseURI)
    script.onload = resolve
    script.onerror = reject
    document.head.append(script)
  })
  return loading
}

function explain(grid) {
  if (grid.explanation) return
  grid.explanation = element("p", "genlab-explanation")
  grid.explanation.setAttribute("role", "alert")
  grid.explanation.textContent =
    `The charts could not be drawn: ${grid.data.plotly} did not load. Reload the page; if that does not help, ` +
    "set server.enableStaticServing to true in .streamlit/config.toml and restart the server."
  grid.outer.prepend(grid.explanation)
}
