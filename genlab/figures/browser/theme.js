// What all charts share: the page's theme for Plotly, plotly.js itself, and elements of the page.

const CONFIG = {
  displaylogo: false,
  doubleClick: "reset",
  modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
  scrollZoom: false,
  showSendToCloud: false, // Plotly's default is a button that uploads the chart
}
let loadingPlotly // one promise for the page: plotly.js is fetched once

function loadPlotly(address) {
  loadingPlotly ??= window.Plotly
    ? Promise.resolve()
    : new Promise((resolve, reject) => {
        const script = document.createElement("script")
        // Relative to the page, as Streamlit's own files are: right under a base path and behind Community Cloud's proxy.
        script.src = new URL(address, document.baseURI)
        script.onload = resolve
        script.onerror = reject
        document.head.append(script)
      })
  return loadingPlotly
}

function element(tag, className, attributes = {}) {
  const node = document.createElement(tag)
  node.className = className
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  return node
}

// A small button that opens what a figure shows and what to look for in it.
class About {
  constructor(parent) {
    this.button = parent.appendChild(element("button", "genlab-about", { type: "button" }))
    this.button.textContent = "?"
    this.words = parent.appendChild(element("div", "genlab-about-words", { popover: "auto" }))
    this.button.popoverTargetElement = this.words
  }

  tell(title, words) {
    this.button.hidden = !words
    const label = `What am I looking at? ${title}`
    this.button.setAttribute("aria-label", label)
    this.button.title = "What am I looking at?"
    const heading = Object.assign(document.createElement("strong"), { textContent: title })
    const text = Object.assign(document.createElement("p"), { textContent: words ?? "" })
    this.words.replaceChildren(heading, text)
    const glossary = document.querySelector('[data-testid="stApp"]') // in a file there is no such page
    if (!glossary) return
    const link = Object.assign(document.createElement("a"), { href: "how_it_works#glossary", textContent: "What the words mean" })
    this.words.append(link)
  }
}

// Colours of modes that a dark page would swallow, and lighter ones of the same hue in their place.
const ON_DARK = { "#332288": "#8f83d8", "#882255": "#d0628f" }

const lightnesses = new Map() // of each colour once: the theme is read at every plan, and to read a canvas is slow

function lightness(colour) {
  if (!lightnesses.has(colour)) {
    const context = new OffscreenCanvas(1, 1).getContext("2d")
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data
    lightnesses.set(colour, 0.3 * red + 0.6 * green + 0.1 * blue)
  }
  return lightnesses.get(colour)
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
  const scale = Number(style.getPropertyValue("--scale")) || 1 // of the stage of a talk
  if (lightness(paper) < lightness(ink)) Object.assign(colours, ON_DARK)
  return { id: JSON.stringify([layout, scale]), scale, ink, paper, font, colours, template: { layout } }
}

// Puts the theme's colour where a figure says "var(--ink)": Plotly does not know CSS variables. Columns of numbers are
// left alone, so that long data costs nothing.
function coloured(value, theme) {
  if (typeof value === "string") return theme.colours[value] ?? value
  if (value === null || typeof value !== "object" || typeof value[0] === "number") return value
  for (const key of Object.keys(value)) value[key] = coloured(value[key], theme)
  return value
}

// Plotly keeps a zoom only while the figure asks for the range that it asked for when the visitor zoomed. A range that
// moves: as long as an axis shows something else than was asked for, go on asking for that.
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

const TICK = 12 // pixels of the letters of ticks with long names
const TWO_LINES = 36 // pixels below a plot
const LONG = 6 // letters of a name: Plotly turns shorter ones, and they still fit
const NUMBER = /^[-−+\d.,e%]+$/
const ESCAPED = /[&<]/

// Long names of ticks on two lines, each as long as the room that a tick has: Plotly turns them, and their end is cut.
// Left as they are: a number, of which a part is another number; what is escaped; and where the figure makes room itself.
function fitTicks(layout, width, theme) {
  const { ticktext, automargin } = layout.xaxis ?? {}
  if (automargin || !ticktext?.some((text) => text.length > LONG)) return
  if (ticktext.some((text) => NUMBER.test(text) || ESCAPED.test(text))) return
  const margin = { ...theme.template.layout.margin, ...layout.margin }
  const room = (width - margin.l - margin.r) / ticktext.length - 6
  const context = new OffscreenCanvas(1, 1).getContext("2d")
  const fits = (text, size) => {
    context.font = `${size}px ${theme.font}`
    return context.measureText(text).width <= room
  }
  if (ticktext.every((text) => fits(text, theme.template.layout.font.size))) return
  const shortened = (line) => {
    if (fits(line, TICK)) return line
    let end = line.length - 1
    while (end > 1 && !fits(`${line.slice(0, end)}…`, TICK)) end -= 1
    return `${line.slice(0, end)}…`
  }
  const lines = (text) => {
    const end = text.includes(", ") ? text.indexOf(", ") + 1 : text.indexOf(" ")
    return end > 0 ? [text.slice(0, end), text.slice(end + 1)] : [text]
  }
  const written = ticktext.map((text) => lines(text).map(shortened).join("<br>"))
  layout.xaxis = { ...layout.xaxis, ticktext: written, tickangle: 0, tickfont: { size: TICK } }
  layout.margin = { ...margin, b: Math.max(margin.b, TWO_LINES) }
}
