// One chart: Plotly draws axes, grid and curves once; what changes with a frame is drawn on a canvas over them.

class Chart {
  constructor(cell) {
    this.node = element("div", "genlab-figure", { role: "figure" })
    this.node.dataset.cell = cell.name
    this.plot = this.node.appendChild(element("div", ""))
    this.canvas = this.node.appendChild(element("canvas", "genlab-canvas"))
    this.cursor = this.node.appendChild(element("div", "genlab-cursor"))
    this.top = this.node.appendChild(element("div", "genlab-figure-top"))
    this.about = new About(this.top)
    this.title = this.top.appendChild(element("span", "genlab-figure-title"))
    this.legend = this.top.appendChild(element("span", "genlab-figure-legend"))
    this.pointed = this.node.appendChild(element("div", "genlab-pointed", { role: "status" }))
    this.frames = []
    this.pictures = new Map() // canvases of layers that do not change
    this.node.addEventListener("pointermove", (event) => this.point(event))
    this.node.addEventListener("pointerleave", () => (this.pointed.hidden = true))
    this.pointed.hidden = this.cursor.hidden = true
    this.inView = true // until the observer of the time line says otherwise
  }

  // What stays: `fixed` are the arrays that do not change.
  describe(cell, fixed) {
    this.cell = cell
    this.fixed = fixed
    this.moved = {}
    this.stale = true
    this.pictures.clear()
    this.height = this.fitted ?? cell.height
    this.node.style.height = `${this.height}px`
    this.node.style.setProperty("--span", cell.span)
    this.node.setAttribute("aria-label", cell.alt)
    this.title.textContent = cell.title
    this.about.tell(cell.figure, cell.about)
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
    const state = JSON.stringify([width, theme.id, this.height, this.moved, moving, clock])
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
      Object.assign(layout, markShapes(layout, clock, width, theme))
    }
    this.fitSheet(layout)
    layout.title = { text: "" }
    layout.showlegend = false // it is beside the title
    Object.assign(layout, { width, height: this.height, template: theme.template, uirevision: "kept" })
    fitTicks(layout, width, theme)
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

  // Another height than the cell's own: on the stage of a talk.
  fit(height) {
    if (height === this.height) return
    this.height = this.fitted = height
    this.node.style.height = `${height}px`
    this.stale = true
  }

  // ---- the canvas ----

  ratio() {
    return window.devicePixelRatio * (this.theme?.scale ?? 1)
  }

  size(width) {
    const ratio = this.ratio()
    Object.assign(this.canvas, { width: width * ratio, height: this.height * ratio })
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${this.height}px` })
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
    this.node.dataset.updates = Number(this.node.dataset.updates ?? 0) + 1
    if (!this.inView || !this.drawn.length) return
    const context = this.canvas.getContext("2d")
    const ratio = this.ratio()
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, this.canvas.width / ratio, this.canvas.height / ratio) // a stage may be scaled below 1
    context.save()
    context.beginPath()
    context.rect(...at.box)
    context.clip()
    for (const layer of this.drawn) if (this.has(layer)) this.drawLayer(context, layer, at)
    context.restore()
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
      own.scale(this.ratio(), this.ratio())
      LAYERS[layer.kind](own, layer, get, at, this.theme)
      this.pictures.set(layer, picture)
    }
    context.globalAlpha = 1
    context.drawImage(picture.canvas, 0, 0, this.canvas.width / this.ratio(), this.height)
  }

  // The line where the time line stands, on a chart over the clock, and the values of its curves there.
  mark(place) {
    const shown = this.cell?.layout.meta === "clock" && this.at && place !== null
    this.cursor.hidden = !shown
    if (!shown) return
    const [left, top, width, height] = this.at.box
    const x = Math.min(left + width, Math.max(left, this.at.x(place)))
    // Moved by a transform, which needs no new layout of the page.
    Object.assign(this.cursor.style, { transform: `translate(${x}px, ${top}px)`, height: `${height}px` })
    for (const layer of this.plotted.filter((candidate) => this.curveOf(candidate))) {
      const { values: xs } = this.get(layer.arrays.x) ?? this.curves[this.key(layer.arrays.x)]
      const { values: ys } = this.get(layer.arrays.y) ?? this.curves[this.key(layer.arrays.y)]
      const value = this.entries.get(layer)?.lastChild
      if (value && xs.length) value.textContent = ys[Math.max(0, upperBound(xs, place) - 1)].toPrecision(3)
    }
  }

  point(event) {
    const bounds = this.node.getBoundingClientRect()
    const scale = this.theme?.scale ?? 1
    const [x, y] = [(event.clientX - bounds.left) / scale, (event.clientY - bounds.top) / scale]
    const [left, top, width, height] = this.at?.box ?? [0, 0, 0, 0]
    const inside = x >= left && x <= left + width && y >= top && y <= top + height
    const layers = inside ? this.drawn.filter(this.has) : []
    const words = describePlace(layers, (name) => this.get(name), this.at, x, y)
    this.pointed.hidden = !words
    this.pointed.textContent = words
    const wide = bounds.width / scale
    const onTheLeft = x > wide / 2
    Object.assign(this.pointed.style, {
      top: `${Math.max(0, y - 30)}px`,
      left: onTheLeft ? "" : `${x + 8}px`,
      right: onTheLeft ? `${wide - x + 8}px` : "",
    })
  }

  remove() {
    this.drawing?.finally(() => window.Plotly.purge(this.plot)) // Plotly ends a drawing in a later task
    this.node.remove()
  }
}

const LETTER = 6.5 // pixels: about how wide a letter of the words at a mark is

// A dotted line at each mark, with its words at the top where they do not lie over those of a mark before: the slider
// says all of them.
function markShapes({ shapes = [], annotations = [] }, { marks, range }, width, theme) {
  const line = { color: theme.ink, width: 1, dash: "dot" }
  const upright = { type: "line", yref: "paper", y0: 0, y1: 1, line }
  const place = { yref: "paper", y: 1, yanchor: "top", showarrow: false, font: { size: 12 } }
  let free = -Infinity // pixels from the left, where the words before end
  const said = marks.toSorted((a, b) => a.at - b.at).flatMap(({ at, words }) => {
    const x = (width * (at - range[0])) / (range[1] - range[0] || 1)
    const long = LETTER * words.length
    const onTheLeft = x + long > width && x - long > free
    if (!onTheLeft && x < free) return []
    free = onTheLeft ? x : x + long
    return [{ ...place, x: at, xanchor: onTheLeft ? "right" : "left", text: asPlotlyText(words) }]
  })
  return {
    shapes: [...shapes, ...marks.map(({ at }) => ({ ...upright, x0: at, x1: at }))],
    annotations: [...annotations, ...said],
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
  const words = element("span", "genlab-legend-name")
  words.textContent = name
  entry.append(words, element("span", "genlab-legend-value"))
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
