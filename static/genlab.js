(() => {
const style = document.head.appendChild(document.createElement("style"))
style.textContent = "/* The outer element measures, the inner one lays out: a container cannot query itself. */\n.genlab-grid {\n  --ink: var(--st-text-color);\n  --paper: var(--st-background-color);\n  --line: var(--st-border-color);\n  --faint: var(--st-border-color-light);\n  --quiet: var(--st-gray-color);\n  container-type: inline-size;\n  font-family: var(--st-font);\n  color: var(--ink);\n}\n\n.genlab-grid-cells {\n  --columns: var(--wanted-columns);\n  display: grid;\n  grid-template-columns: repeat(var(--columns), minmax(0, 1fr));\n  column-gap: 1rem;\n  row-gap: 0.25rem;\n}\n\n.genlab-grid-cells > * {\n  grid-column: span min(var(--span), var(--columns));\n  overflow: hidden;\n  margin: 0;\n}\n\n@container (max-width: 760px) {\n  .genlab-grid-cells {\n    --columns: min(2, var(--wanted-columns));\n  }\n}\n\n@container (max-width: 420px) {\n  .genlab-grid-cells {\n    --columns: 1;\n  }\n\n  :is([data-cell=\"coverage\"], [data-cell=\"trade_off\"], [data-cell=\"solid_modes\"]) g.legend {\n    display: none; /* it would lie on the long title; the headings have the colours */\n  }\n}\n\n.genlab-caption {\n  container-type: inline-size;\n  display: flex;\n  align-items: center;\n  gap: 0.6rem;\n  white-space: nowrap;\n  font-variant-numeric: tabular-nums; /* counting numbers do not push their neighbours about */\n}\n\n.genlab-caption [role=\"heading\"] {\n  font-size: clamp(0.85rem, 3.6cqw, 1.35rem); /* fits a phone */\n  font-weight: 700;\n}\n\n.genlab-caption-bar {\n  flex: none;\n  width: 0.4rem;\n  height: 1.5rem;\n  border-radius: 0.2rem;\n}\n\n.genlab-caption-bar[hidden] {\n  display: none;\n}\n\n.genlab-caption-detail {\n  overflow: hidden;\n  text-overflow: ellipsis;\n  font-size: clamp(0.75rem, 3.2cqw, 1.1rem);\n  opacity: 0.85;\n}\n\n.genlab-timeline {\n  outline: none;\n}\n\n.genlab-timeline:focus-visible .genlab-controls {\n  border-color: var(--st-primary-color, #0072b2);\n}\n\n.genlab-controls {\n  display: flex;\n  align-items: center;\n  gap: 0.25rem;\n  min-height: 2.25rem;\n  margin-bottom: 0.25rem;\n  border-bottom: 1px solid var(--line);\n  font-variant-numeric: tabular-nums;\n}\n\n.genlab-controls :is(button, select) {\n  height: 2rem;\n  border: none;\n  border-radius: 0.25rem;\n  background: none;\n  color: var(--ink);\n  font: inherit;\n  font-size: 0.9rem;\n  cursor: pointer;\n}\n\n.genlab-controls :is(button, select):hover {\n  background: var(--faint);\n}\n\n.genlab-controls select option {\n  background: var(--paper);\n  color: var(--ink);\n}\n\n.genlab-controls :is(button, select, input):focus-visible {\n  outline: 2px solid var(--st-primary-color, #0072b2);\n  outline-offset: 1px;\n}\n\n.genlab-button {\n  flex: none;\n  width: 2rem;\n  padding: 0;\n}\n\n.genlab-button svg {\n  width: 1.35rem;\n  height: 1.35rem;\n  margin: auto;\n  display: block;\n  fill: currentColor;\n}\n\n.genlab-controls button[aria-pressed=\"true\"] {\n  color: var(--st-primary-color, #0072b2);\n}\n\n.genlab-track {\n  position: relative;\n  flex: 1;\n  display: flex;\n  min-width: 4rem;\n  margin: 0 0.5rem;\n}\n\n.genlab-mark {\n  position: absolute;\n  top: -0.35rem;\n  width: 2px;\n  height: 0.6rem;\n  background: var(--ink);\n}\n\n.genlab-controls[hidden],\n.genlab-controls [hidden] {\n  display: none;\n}\n\n.genlab-slider {\n  flex: 1;\n  min-width: 0;\n  margin: 0;\n  accent-color: var(--st-primary-color, #0072b2);\n}\n\n.genlab-place {\n  flex: none;\n  min-width: 7.5rem;\n  white-space: nowrap;\n  text-align: right;\n}\n\n.genlab-controls .genlab-live {\n  padding: 0 0.5rem;\n  font-weight: 600;\n}\n\n.genlab-live::before {\n  content: \"\";\n  display: inline-block;\n  width: 0.55rem;\n  height: 0.55rem;\n  margin-right: 0.35rem;\n  border-radius: 50%;\n  background: var(--quiet);\n}\n\n.genlab-live[aria-pressed=\"true\"]::before {\n  background: #d55e00;\n}\n\n.genlab-figure {\n  position: relative;\n}\n\n.genlab-canvas {\n  position: absolute;\n  inset: 0;\n  pointer-events: none; /* zoom and pan are Plotly's */\n}\n\n.genlab-figure-top {\n  position: absolute;\n  inset: 0.25rem 0 auto 0;\n  display: flex;\n  gap: 1rem;\n  justify-content: space-between;\n  overflow: hidden;\n  white-space: nowrap;\n  font-size: 0.9rem;\n  pointer-events: none;\n}\n\n.genlab-figure-title {\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n\n.genlab-figure-legend {\n  flex: none;\n  display: flex;\n  gap: 0.9rem;\n}\n\n.genlab-legend-entry {\n  display: inline-flex;\n  align-items: center;\n  gap: 0.35rem;\n}\n\n.genlab-legend-sign {\n  box-sizing: border-box;\n  width: 0.75rem;\n  height: 0.75rem;\n}\n\n.genlab-cursor {\n  position: absolute;\n  width: 0;\n  border-left: 1px solid var(--ink);\n  opacity: 0.6;\n  pointer-events: none;\n}\n\n.genlab-legend-line {\n  width: 1.5rem;\n}\n\n.genlab-legend-value {\n  min-width: 2.75rem;\n  font-variant-numeric: tabular-nums;\n}\n\n.genlab-legend-value:empty {\n  display: none;\n}\n\n.genlab-pointed {\n  position: absolute;\n  padding: 0 0.3rem;\n  border-radius: 0.2rem;\n  background: var(--paper);\n  font-size: 0.8rem;\n  white-space: nowrap;\n  pointer-events: none;\n}\n\n.genlab-pointed {\n  z-index: 1;\n  border: 1px solid var(--line);\n}\n\n:is(.genlab-pointed, .genlab-cursor)[hidden] {\n  display: none;\n}\n\n@container (max-width: 760px) {\n  .genlab-controls {\n    flex-wrap: wrap;\n  }\n\n  .genlab-track {\n    order: 1;\n    flex-basis: 100%;\n    margin: 0.25rem 0 0.5rem;\n  }\n\n  .genlab-place {\n    flex: 1;\n  }\n}\n\n@container (max-width: 420px) {\n  .genlab-figure-legend {\n    display: none; /* it would push the title away; the headings have the colours */\n  }\n\n  .genlab-controls [data-icon=\"first\"],\n  .genlab-controls [data-icon=\"last\"] {\n    display: none; /* the slider's ends are near */\n  }\n}\n"
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
  return { id: JSON.stringify(layout), ink, paper, font, colours, template: { layout } }
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

// Opens what genlab/figures/packing.py packs.

const TYPES = { int8: Int8Array, int16: Int16Array, int32: Int32Array, uint8: Uint8Array, float32: Float32Array }

async function unpack(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))
  const content = await new Response(stream).arrayBuffer()
  const length = new DataView(content).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, length)))
  const arrays = { ...header.words }
  for (const [name, { type, shape, at, scale = 1, least = 0 }] of Object.entries(header.arrays)) {
    const count = shape.reduce((product, side) => product * side, 1)
    // A number is scale times the stored one, plus least; scaled while it is drawn.
    arrays[name] = { values: new TYPES[type](content, 4 + length + at, count), shape, scale, least }
  }
  return { ...header, arrays }
}

// A message: the length of its header, that as JSON with the lengths of its parts, and the parts, each a package.
async function openMessage(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)))
  let at = 4 + length
  const parts = (header.parts ?? []).map((size) => bytes.subarray(at, (at += size)))
  return { ...header, parts: await Promise.all(parts.map(unpack)) }
}

// Draws the layers of genlab/figures/layers.py on a canvas, in the coordinates of Plotly's axes.
//
// `at` has x and y, functions from numbers to pixels, and the box of the axes. `get` finds an array by its name.

const CROSS = 4 // half the side of a cross, in pixels

const LAYERS = {
  Points(context, layer, get, at) {
    const { values, scale } = get(layer.points)
    const radius = layer.size / 2
    context.globalAlpha = layer.opacity
    context.beginPath()
    for (let i = 0; i < values.length; i += 2) {
      const x = at.x(values[i] * scale)
      const y = at.y(values[i + 1] * scale)
      context.moveTo(x + radius, y)
      context.arc(x, y, radius, 0, 7)
    }
    if (layer.rings) {
      context.strokeStyle = layer.colour
      context.lineWidth = 2
      context.stroke()
    } else {
      context.fillStyle = layer.colour
      context.fill()
    }
  },

  ClassPoints(context, layer, get, at) {
    const { values, scale } = get(layer.points)
    const classes = get(layer.classes).values
    const radius = layer.size / 2
    const paths = new Map() // in the order of the classes: those of no class first, under the others
    for (const label of [...new Set(classes)].sort((a, b) => a - b)) paths.set(label, new Path2D())
    for (let i = 0; i < classes.length; i++) {
      const x = at.x(values[2 * i] * scale)
      const y = at.y(values[2 * i + 1] * scale)
      const path = paths.get(classes[i])
      path.moveTo(x + radius, y)
      path.arc(x, y, radius, 0, 7)
    }
    context.globalAlpha = layer.opacity
    for (const [label, path] of paths) {
      context.fillStyle = layer.colours[label + 1]
      context.fill(path)
    }
  },

  Segments(context, layer, get, at) {
    const starts = get(layer.starts)
    const ends = get(layer.ends)
    context.globalAlpha = layer.opacity
    context.strokeStyle = layer.colour
    context.lineWidth = 1
    context.beginPath()
    for (let i = 0; i < starts.values.length; i += 2) {
      context.moveTo(at.x(starts.values[i] * starts.scale), at.y(starts.values[i + 1] * starts.scale))
      context.lineTo(at.x(ends.values[i] * ends.scale), at.y(ends.values[i + 1] * ends.scale))
    }
    context.stroke()
  },

  Surface(context, layer, get, at) {
    const { values, shape, scale, least } = get(layer.values)
    const [rows, columns] = shape
    const low = layer.low ?? least
    const high = layer.high ?? least + 255 * scale
    const [red, green, blue] = [1, 3, 5].map((i) => parseInt(layer.colour.slice(i, i + 2), 16))
    const image = new ImageData(columns, rows)
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = values[(rows - 1 - row) * columns + column] * scale + least
        const share = Math.min(1, Math.max(0, (value - low) / (high - low || 1)))
        image.data.set([red, green, blue, 115 * share], 4 * (row * columns + column))
      }
    }
    const half = layer.extent / (columns - 1) // a value stands in the middle of its cell
    const [left, right] = [at.x(-layer.extent - half), at.x(layer.extent + half)]
    const [bottom, top] = [at.y(-layer.extent - half), at.y(layer.extent + half)]
    context.globalAlpha = 1
    context.imageSmoothingEnabled = true
    context.drawImage(asCanvas(image), left, top, right - left, bottom - top)
  },

  Images(context, layer, get, at) {
    const sheet = sheetOf(layer, get(layer.images).shape)
    const image = tiles(get(layer.images), layer.gap, sheet)
    context.globalAlpha = 1
    const [left, right] = [at.x(0), at.x(sheet.width)]
    const [top, bottom] = [at.y(0), at.y(sheet.height)]
    context.imageSmoothingEnabled = right - left < sheet.width * devicePixelRatio // enlarged, pixels stay squares
    context.drawImage(asCanvas(image), left, top, right - left, bottom - top)
  },

  Labels(context, layer, get, at, theme) {
    const texts = get(layer.texts)
    const { values, scale } = get(layer.places)
    context.globalAlpha = layer.opacity
    context.font = `bold ${layer.size}px ${theme.font}`
    context.textAlign = "center"
    context.textBaseline = "middle"
    context.lineWidth = 3
    context.lineJoin = "round"
    context.strokeStyle = theme.paper
    context.fillStyle = theme.ink
    texts.forEach((text, i) => {
      const place = [at.x(values[2 * i] * scale), at.y(values[2 * i + 1] * scale)]
      context.strokeText(text, ...place)
      context.fillText(text, ...place)
    })
  },

  Bars(context, layer, get, at) {
    const shares = get(layer.shares).values
    context.globalAlpha = 1
    context.fillStyle = context.strokeStyle = layer.colour
    context.lineWidth = 2
    shares.forEach((share, mode) => {
      const [left, right, zero, top] = barBox(layer, mode, share, at)
      if (layer.outline) context.strokeRect(left, top, right - left, zero - top)
      else context.fillRect(left, top, right - left, zero - top)
    })
    if (!layer.crossed) return
    get(layer.crossed).values.forEach((crossed, mode) => {
      if (!crossed) return
      const [x, y] = [at.x(mode + layer.offset), at.y(layer.cross_height)]
      context.beginPath()
      for (const side of [-CROSS, CROSS]) {
        context.moveTo(x - CROSS, y - side)
        context.lineTo(x + CROSS, y + side)
      }
      context.stroke()
    })
  },

  // A line that moves with the frames, in steps where its shape says so.
  Trace(context, layer, get, at) {
    const [xs, ys] = [get(layer.arrays.x).values, get(layer.arrays.y).values]
    const { color, width, shape } = layer.trace.line
    context.globalAlpha = 1
    context.strokeStyle = color
    context.lineWidth = width
    context.beginPath()
    for (let i = 0; i < xs.length; i++) {
      if (i && shape === "hv") context.lineTo(at.x(xs[i]), at.y(ys[i - 1]))
      context.lineTo(at.x(xs[i]), at.y(ys[i]))
    }
    context.stroke()
  },
}

function layerNames(layer) {
  if (layer.kind === "Trace") return Object.values(layer.arrays)
  const fields = ["points", "classes", "starts", "ends", "values", "images", "texts", "places", "shares", "crossed"]
  return fields.map((field) => layer[field]).filter((name) => typeof name === "string" && name)
}

function barBox(layer, mode, share, at) {
  const middle = mode + layer.offset
  return [at.x(middle - layer.width / 2), at.x(middle + layer.width / 2), at.y(0), at.y(share)]
}

// How many pixels a sheet of pictures has: with as many rows as columns, or as nearly as can be, unless told.
function sheetOf({ columns, gap }, [count, height, width]) {
  const across = columns || Math.ceil(Math.sqrt(count))
  const down = Math.ceil(count / across)
  return { across, width: across * (width + gap) - gap, height: down * (height + gap) - gap }
}

// One picture of many, with nothing between them: the page's background shows.
function tiles({ values, shape }, gap, sheet) {
  const [count, height, width, channels] = shape
  const image = new ImageData(sheet.width, sheet.height)
  const pixels = new Uint32Array(image.data.buffer)
  let from = 0
  for (let i = 0; i < count; i++) {
    const left = (i % sheet.across) * (width + gap)
    const top = Math.floor(i / sheet.across) * (height + gap)
    for (let row = 0; row < height; row++) {
      let to = (top + row) * sheet.width + left
      for (let column = 0; column < width; column++, from += channels) {
        const [green, blue] = channels === 1 ? [from, from] : [from + 1, from + 2]
        pixels[to++] = 0xff000000 | (values[blue] << 16) | (values[green] << 8) | values[from] // little-endian
      }
    }
  }
  return image
}

function asCanvas(image) {
  const canvas = new OffscreenCanvas(image.width, image.height)
  canvas.getContext("2d").putImageData(image, 0, 0)
  return canvas
}

// ---- what the pointer is on ----

const NEAR = 8 // pixels

// What the topmost layer has at a pixel, in words; "" for nothing. Outlines come last: what they are around counts more.
function describePlace(layers, get, at, x, y) {
  for (const layer of [...layers].reverse().sort((a, b) => Boolean(a.outline) - Boolean(b.outline))) {
    const words = POINTED[layer.kind]?.(layer, get, at, x, y)
    if (words) return words
  }
  return ""
}

const POINTED = {
  Points(layer, get, at, x, y) {
    const { values, scale } = get(layer.points)
    const i = nearest(values, scale, at, x, y)
    return i < 0 ? "" : `${layer.name} (${(values[2 * i] * scale).toFixed(2)}, ${(values[2 * i + 1] * scale).toFixed(2)})`
  },

  ClassPoints(layer, get, at, x, y) {
    const { values, scale } = get(layer.points)
    const i = nearest(values, scale, at, x, y)
    return i < 0 ? "" : layer.class_names[get(layer.classes).values[i] + 1]
  },

  Surface(layer, get, at, x, y) {
    const { values, shape, scale, least } = get(layer.values)
    const [rows, columns] = shape
    const [left, right] = [at.x(-layer.extent), at.x(layer.extent)]
    const [bottom, top] = [at.y(-layer.extent), at.y(layer.extent)]
    const column = Math.round(((x - left) / (right - left)) * (columns - 1))
    const row = Math.round(((y - bottom) / (top - bottom)) * (rows - 1))
    if (column < 0 || column >= columns || row < 0 || row >= rows) return ""
    return `${layer.name}: ${(values[row * columns + column] * scale + least).toFixed(2)}`
  },

  Bars(layer, get, at, x, y) {
    const shares = get(layer.shares).values
    const mode = shares.findIndex((share, i) => {
      const [left, right, zero, top] = barBox(layer, i, share, at)
      return x >= left && x <= right && y <= zero && y >= Math.min(top, zero - NEAR)
    })
    if (mode < 0) return ""
    const share = (100 * shares[mode]).toFixed(1)
    return `${layer.name} · mode ${layer.mode_names[mode]}: ${share}%`
  },
}

// The index of the point nearest to a pixel, -1 if none is near.
function nearest(values, scale, at, x, y) {
  let best = NEAR * NEAR
  let index = -1
  for (let i = 0; i < values.length; i += 2) {
    const [dx, dy] = [at.x(values[i] * scale) - x, at.y(values[i + 1] * scale) - y]
    if (dx * dx + dy * dy < best) {
      best = dx * dx + dy * dy
      index = i / 2
    }
  }
  return index
}

// One chart: Plotly draws axes, grid and curves once; what changes with a frame is drawn on a canvas over them.

class Chart {
  constructor(cell) {
    this.node = element("div", "genlab-figure", { role: "img" })
    this.node.dataset.cell = cell.name
    this.plot = this.node.appendChild(element("div", ""))
    this.canvas = this.node.appendChild(element("canvas", "genlab-canvas"))
    this.cursor = this.node.appendChild(element("div", "genlab-cursor"))
    this.top = this.node.appendChild(element("div", "genlab-figure-top"))
    this.title = this.top.appendChild(element("span", "genlab-figure-title"))
    this.legend = this.top.appendChild(element("span", "genlab-figure-legend"))
    this.pointed = this.node.appendChild(element("div", "genlab-pointed", { role: "status" }))
    this.frames = []
    this.pictures = new Map() // canvases of layers that do not change
    this.node.addEventListener("pointermove", (event) => this.point(event))
    this.node.addEventListener("pointerleave", () => (this.pointed.hidden = true))
    this.pointed.hidden = this.cursor.hidden = true
  }

  // What stays: `fixed` are the arrays that do not change.
  describe(cell, fixed) {
    this.cell = cell
    this.fixed = fixed
    this.moved = {}
    this.stale = true
    this.pictures.clear()
    this.node.style.height = `${cell.height}px`
    this.node.style.setProperty("--span", cell.span)
    this.node.setAttribute("aria-label", cell.alt)
    this.title.textContent = cell.title
    // Plotly has what it draws well and what does not move with a frame.
    const still = (layer) => layerNames(layer).every((name) => this.key(name) in fixed)
    this.plotted = cell.layers.filter((layer) => layer.kind === "Trace" && (cell.recorded || still(layer)))
    this.drawn = cell.layers.filter((layer) => !this.plotted.includes(layer))
    this.entries = new Map()
    for (const layer of cell.layout.showlegend ? cell.layers.filter(({ name }) => name) : []) {
      this.entries.set(layer, legendEntry(layer))
    }
    this.legend.replaceChildren(...this.entries.values())
  }

  key(name) {
    return `${this.cell.name}/${name}`
  }

  get(name) {
    const key = this.key(name)
    for (const frame of this.frames) if (frame && key in frame.arrays) return frame.arrays[key]
    return this.fixed[key]
  }

  has = (layer) => layerNames(layer).every((name) => this.get(name) !== undefined)

  // ---- Plotly's part ----

  // `curves` are the recorded arrays by name, `moving` what moves of the layout of a recorded figure; `clock` is the range
  // and the marks of a chart over the clock.
  plan(width, theme, curves, moving, clock) {
    if (!this.cell || !width) return
    const { cell } = this
    const state = JSON.stringify([width, theme.id, cell.height, this.moved, moving, clock])
    if (!this.stale && state === this.state && curves === this.curves) return
    Object.assign(this, { theme, state, curves, stale: false })
    const layout = coloured(structuredClone(cell.layout), theme)
    if (!Object.keys(layout).length) Object.assign(layout, { xaxis: { visible: false }, yaxis: { visible: false } })
    for (const [path, value] of Object.entries({ ...moving, ...this.moved })) {
      const parts = path.split(".")
      if (path === "title.text") this.title.textContent = value
      else if (parts.length === 2) layout[parts[0]] = { ...layout[parts[0]], [parts[1]]: value }
    }
    if (clock) {
      layout.xaxis = { ...layout.xaxis, range: [...clock.range] }
      Object.assign(layout, markShapes(layout, clock.marks ?? [], theme))
    }
    this.fitSheet(layout)
    layout.title = { text: "" }
    layout.showlegend = false // it is beside the title
    Object.assign(layout, { width, height: cell.height, template: theme.template, uirevision: "kept" })
    keepZoom(this, layout)
    const data = this.plotted.filter((layer) => this.curveOf(layer)).map((layer) => this.trace(layer))
    this.drawing = window.Plotly.react(this.plot, data, layout, CONFIG)
    if (!this.listening) {
      for (const event of ["plotly_afterplot", "plotly_relayout", "plotly_relayouting"]) {
        this.plot.on(event, () => this.draw())
      }
      this.listening = true
    }
    this.size(width)
    this.draw()
  }

  // A sheet of pictures sets the axes: a unit is a pixel of it.
  fitSheet(layout) {
    const layer = this.drawn.find((candidate) => candidate.kind === "Images")
    const images = layer && this.get(layer.images)
    if (!images) return
    const { width, height } = sheetOf(layer, images.shape)
    layout.xaxis = { ...layout.xaxis, range: [0, width], constrain: "domain" }
    layout.yaxis = { ...layout.yaxis, range: [height, 0], constrain: "domain", scaleanchor: "x" }
  }

  curveOf(layer) {
    const names = layerNames(layer).map((name) => this.key(name))
    return names.every((name) => name in this.curves || name in this.fixed)
  }

  trace(layer) {
    const trace = coloured(structuredClone(layer.trace), this.theme)
    for (const [path, name] of Object.entries(layer.arrays)) {
      const array = this.curves[this.key(name)] ?? this.fixed[this.key(name)]
      const values = Array.isArray(array) ? array.map(asPlotlyText) : array.values
      const [parent, last] = path.includes(".") ? path.split(".") : ["", path]
      if (parent) trace[parent] = { ...trace[parent], [last]: values }
      else trace[last] = values
    }
    const name = asPlotlyText(layer.name)
    if (layer.hover) trace.hovertemplate = layer.hover.replaceAll("{name}", name)
    else trace.hoverinfo = "skip"
    if (name) trace.name = name
    return trace
  }

  // ---- the canvas ----

  size(width) {
    const ratio = window.devicePixelRatio
    Object.assign(this.canvas, { width: width * ratio, height: this.cell.height * ratio })
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${this.cell.height}px` })
    this.pictures.clear()
  }

  // Where Plotly's axes are now, and how numbers become pixels.
  axes() {
    const { xaxis, yaxis } = this.plot._fullLayout ?? {}
    if (!xaxis?.range) return null
    const scale = ({ _offset, _length, range }, flipped) => {
      const [first, last] = range
      const perUnit = _length / (last - first)
      return flipped
        ? (value) => _offset + _length - (value - first) * perUnit
        : (value) => _offset + (value - first) * perUnit
    }
    return {
      x: scale(xaxis, false),
      y: scale(yaxis, true),
      box: [xaxis._offset, yaxis._offset, xaxis._length, yaxis._length],
    }
  }

  // Show these frames, one of each lane of the chart; returns whether its layout moves.
  show(frames) {
    this.frames = frames
    const moved = {}
    for (const frame of frames) {
      for (const [path, value] of Object.entries(frame?.moving[this.cell.name] ?? {})) {
        // Of several lanes' ranges, the one that holds them all.
        const both = moved[path] && path.endsWith(".range")
        moved[path] = both ? [Math.min(moved[path][0], value[0]), Math.max(moved[path][1], value[1])] : value
      }
    }
    const title = moved["title.text"]
    if (title) this.title.textContent = title
    delete moved["title.text"]
    const changed = JSON.stringify(moved) !== JSON.stringify(this.moved)
    this.moved = moved
    return changed
  }

  draw() {
    const at = this.axes()
    if (!at || !this.theme || !this.cell) return
    this.at = at
    const context = this.canvas.getContext("2d")
    const ratio = window.devicePixelRatio
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    context.save()
    context.beginPath()
    context.rect(...at.box)
    context.clip()
    for (const layer of this.drawn) if (this.has(layer)) this.drawLayer(context, layer, at)
    context.restore()
    this.node.dataset.updates = Number(this.node.dataset.updates ?? 0) + 1
  }

  drawLayer(context, layer, at) {
    const get = (name) => this.get(name)
    if (!layerNames(layer).every((name) => this.key(name) in this.fixed)) {
      return LAYERS[layer.kind](context, layer, get, at, this.theme)
    }
    const where = JSON.stringify([at.box, at.x(0), at.x(1), at.y(0), at.y(1)])
    let picture = this.pictures.get(layer)
    if (picture?.where !== where) {
      picture = { where, canvas: new OffscreenCanvas(this.canvas.width, this.canvas.height) }
      const own = picture.canvas.getContext("2d")
      own.scale(window.devicePixelRatio, window.devicePixelRatio)
      LAYERS[layer.kind](own, layer, get, at, this.theme)
      this.pictures.set(layer, picture)
    }
    context.globalAlpha = 1
    context.drawImage(picture.canvas, 0, 0, this.canvas.width / window.devicePixelRatio, this.cell.height)
  }

  // The line where the time line stands, on a chart over the clock, and the values of its curves there.
  mark(place) {
    const shown = this.cell?.layout.meta === "clock" && this.at && place !== null
    this.cursor.hidden = !shown
    if (!shown) return
    const [left, top, width, height] = this.at.box
    const x = Math.min(left + width, Math.max(left, this.at.x(place)))
    Object.assign(this.cursor.style, { left: `${x}px`, top: `${top}px`, height: `${height}px` })
    for (const layer of this.plotted.filter((candidate) => this.curveOf(candidate))) {
      const { values: xs } = this.get(layer.arrays.x) ?? this.curves[this.key(layer.arrays.x)]
      const { values: ys } = this.get(layer.arrays.y) ?? this.curves[this.key(layer.arrays.y)]
      const value = this.entries.get(layer)?.lastChild
      if (value && xs.length) value.textContent = ys[Math.max(0, upperBound(xs, place) - 1)].toPrecision(3)
    }
  }

  point(event) {
    const bounds = this.node.getBoundingClientRect()
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top]
    const [left, top, width, height] = this.at?.box ?? [0, 0, 0, 0]
    const inside = x >= left && x <= left + width && y >= top && y <= top + height
    const layers = inside ? this.drawn.filter(this.has) : []
    const words = describePlace(layers, (name) => this.get(name), this.at, x, y)
    this.pointed.hidden = !words
    this.pointed.textContent = words
    const onTheLeft = x > bounds.width / 2
    Object.assign(this.pointed.style, {
      top: `${Math.max(0, y - 30)}px`,
      left: onTheLeft ? "" : `${x + 8}px`,
      right: onTheLeft ? `${bounds.width - x + 8}px` : "",
    })
  }

  remove() {
    this.drawing?.finally(() => window.Plotly.purge(this.plot)) // Plotly ends a drawing in a later task
    this.node.remove()
  }
}

// A dotted line at each mark of the time line, with its words at the top.
function markShapes({ shapes = [], annotations = [] }, marks, theme) {
  const line = { color: theme.ink, width: 1, dash: "dot" }
  const upright = { type: "line", yref: "paper", y0: 0, y1: 1, line }
  const place = { yref: "paper", y: 1, yanchor: "top", xanchor: "left", showarrow: false, font: { size: 12 } }
  return {
    shapes: [...shapes, ...marks.map(({ at }) => ({ ...upright, x0: at, x1: at }))],
    annotations: [...annotations, ...marks.map(({ at, words }) => ({ ...place, x: at, text: asPlotlyText(words) }))],
  }
}

// The sign of a layer, its name, and room for its value where the time line stands.
function legendEntry({ kind, name, colour, outline, trace }) {
  const entry = element("span", "genlab-legend-entry")
  const sign = entry.appendChild(element("span", kind === "Trace" ? "genlab-legend-line" : "genlab-legend-sign"))
  const dash = { dot: "dotted", dash: "dashed" }[trace?.line?.dash] ?? "solid"
  if (kind === "Trace") sign.style.borderTop = `2px ${dash} ${trace.line?.color ?? trace.marker?.color}`
  else if (outline) sign.style.border = `2px solid ${colour}`
  else sign.style.background = colour
  entry.append(name, element("span", "genlab-legend-value"))
  return entry
}

// Text of Plotly that shows these words as they are; see `escape` in genlab/figures/layers.py.
function asPlotlyText(words) {
  const codes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "{": "&#123;", "\n": "<br>" }
  return words.replace(/[&<>{\n]/g, (sign) => codes[sign])
}

// How many of rising values are at most `limit`.
function upperBound(values, limit) {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle] <= limit) low = middle + 1
    else high = middle
  }
  return low
}

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
    this.live.addEventListener("click", () => line.follow())
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
    this.node.hidden = Boolean(line.description?.without_bar)
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

// The time line: holds the frames that it has been sent, and shows those of one moment in all charts at once.
//
// A frame of a lane stands at its step, its examples and its seconds. The moments of the line are the places of all
// lanes' frames on the clock that was chosen; at a moment each lane shows its newest frame until then.

const CURVES_MILLISECONDS = 330 // between two drawings of curves that grow
const LOOP_REST_SECONDS = 1.5 // at the last moment, before it begins again
const SETTLED_MILLISECONDS = 400 // a place that stays so long goes into the address
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
    Object.assign(this, { cells: new Map(), lanes: [], moments: [], index: 0, speed: 1, loop: false, drawnCount: 0 })
    Object.assign(this, { playing: false, live: true, active: false, clock: "steps", curves: {}, moving: {} })
    this.signature = this.described = ""
    this.listeners = new AbortController()
    this.observer = new ResizeObserver(() => this.plan())
    this.observer.observe(this.outer)
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
    this.listeners.abort()
    this.observer.disconnect()
    cancelAnimationFrame(this.ticking)
    clearTimeout(this.planning)
    clearTimeout(this.settling)
    for (const cell of this.cells.values()) cell.remove()
    this.outer.remove()
  }

  // ---- messages ----

  // In the order in which they came, each opened whole before the next.
  receive(bytes) {
    this.queue = this.queue.then(async () => {
      const message = await openMessage(bytes)
      await loadPlotly(message.plotly)
      this.take(message)
    })
    return this.queue
  }

  take(message) {
    const parts = [...message.parts]
    if (message.signature !== this.signature) {
      this.signature = message.signature // the frames that are held lack what other cells draw
      this.lanes = []
      this.curves = {}
      this.entering = true
    }
    if (message.describes) this.describe(parts.shift(), message.described)
    let ends = message.described === this.described
    if (ends && message.grows) ends = this.grow(parts.shift())
    if (ends) for (const frame of parts) this.hold(frame)
    for (const [lane, step] of message.removed ?? []) this.drop(lane, step)
    this.active = message.active
    const held = this.lanes.map((frames) => frames.length)
    if (!ends || JSON.stringify(held) !== JSON.stringify(message.held)) this.askForMissing()
    else if (message.more) this.ask("missing", { ...this.heldFrames(), more: true })
    else clearTimeout(this.asking)
    this.arrange(message)
    this.plan()
  }

  // Something was lost, or was never here: say what is held.
  askForMissing() {
    clearTimeout(this.asking)
    this.ask("missing", this.heldFrames())
    this.asking = setTimeout(() => this.askForMissing(), 3000) // a question may get lost too
  }

  heldFrames() {
    const held = this.lanes.map((frames) => frames.map((frame) => frame.step))
    return { signature: this.signature, held, asked: Date.now() }
  }

  describe({ arrays, ...described }, digest) {
    this.described = digest
    this.description = described
    this.fixed = arrays
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
    else if (this.live && !this.playing) this.index = last
    else this.index = Math.max(0, upperBound(this.moments, place) - 1)
  }

  // The moment of the first lane's newest frame up to a step.
  momentOf(step) {
    const frames = this.lanes.find((held) => held.length) ?? []
    const frame = frames.findLast((held) => held.step <= step) ?? frames[0]
    const at = upperBound(this.moments, frame[FIELDS[this.clock]]) - 1
    return Math.max(0, Math.min(this.moments.length - 1, this.moments[at] < frame[FIELDS[this.clock]] ? at + 1 : at))
  }

  // ---- cells ----

  arrangeCells() {
    const { cells, columns } = this.description
    this.inner.style.setProperty("--wanted-columns", columns)
    for (const [name, cell] of this.cells) {
      const wanted = cells.find((candidate) => candidate.name === name)
      if (wanted && Boolean(wanted.layers) === cell instanceof Chart) continue
      cell.remove()
      this.cells.delete(name)
    }
    cells.forEach((wanted, i) => {
      const cell = this.cells.get(wanted.name) ?? (wanted.layers ? new Chart(wanted) : new Heading(wanted))
      this.cells.set(wanted.name, cell)
      cell.describe(wanted, wanted.layers ? this.fixed : this.description.lanes[wanted.lanes[0]])
      if (this.inner.children[i] !== cell.node) this.inner.insertBefore(cell.node, this.inner.children[i] ?? null)
    })
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
      const widths = charts.map((chart) => chart.node.clientWidth)
      const theme = readTheme(this.outer)
      const { marks } = this.description
      const range = this.clockRange()
      charts.forEach((chart, i) => {
        const curves = chart.cell.recorded ? this.curves : NO_CURVES
        const clock = chart.cell.layout.meta === "clock" ? { range, marks } : null
        chart.plan(widths[i], theme, curves, this.moving[chart.cell.name] ?? {}, clock)
      })
      this.draw()
    }
    if (wait && this.drawnCount) this.planning = setTimeout(now, wait)
    else now()
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
    const step = Math.max(-1, ...frames.filter(Boolean).map((frame) => frame.step))
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
    if (!this.description.addressed || this.playing) return
    const address = new URL(window.location.href)
    const frame = this.framesNow().find(Boolean)
    if ((this.live && this.active) || !frame) address.searchParams.delete("step")
    else address.searchParams.set("step", frame.step)
    if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address)
  }

  // ---- moving ----

  jump(index) {
    this.pause()
    this.moveTo(index)
  }

  step(by) {
    this.jump(this.index + by)
  }

  moveTo(index) {
    this.wanted = undefined
    this.index = Math.min(this.moments.length - 1, Math.max(0, Math.round(index)))
    this.live = this.index >= this.moments.length - 1
    this.drawSoon()
  }

  follow() {
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
    let [exact, before] = [this.index, undefined]
    const tick = (now) => {
      if (!this.playing) return
      const passed = before === undefined ? 0 : Math.min(0.25, (now - before) / 1000)
      before = now
      const last = this.moments.length - 1
      const rate = this.speed * Math.min(30, Math.max(4, this.moments.length / 10))
      exact += passed * rate
      if (exact >= last + rate * LOOP_REST_SECONDS && this.loop && !this.active) exact = 0
      const index = Math.min(last, Math.floor(exact))
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
    const frame = this.framesNow().find(Boolean)
    if (frame) this.ask("fork", frame.step)
  }

  askClock(clock) {
    this.ask("clock", clock)
  }
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
  close(parentElement) {
    lines.get(parentElement)?.close()
    lines.delete(parentElement)
  },
}

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

})()
