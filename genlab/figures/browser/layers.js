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

  ClassPoints(context, layer, get, at, theme) {
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
      const colour = layer.colours[label + 1]
      context.fillStyle = theme.colours[colour] ?? colour
      context.fill(path)
    }
  },

  Segments(context, layer, get, at, theme) {
    const starts = get(layer.starts)
    const ends = get(layer.ends)
    context.globalAlpha = layer.opacity
    context.strokeStyle = layer.colour === "var(--ink)" ? theme.ink : layer.colour
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
    const labels = texts.map((text, i) => ({
      text,
      x: at.x(values[2 * i] * scale),
      y: at.y(values[2 * i + 1] * scale),
      width: context.measureText(text).width,
    }))
    for (const { text, x, y } of apart(labels, layer.size)) {
      context.strokeText(text, x, y)
      context.fillText(text, x, y)
    }
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
      const [x, y] = [at.x(mode + layer.offset), at.y(get(layer.shares).values[mode] + layer.cross_height)]
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

// Labels from the highest to the lowest, each as far below its place as those before it need.
function apart(labels, height) {
  const placed = []
  for (const label of labels.toSorted((one, other) => one.y - other.y)) {
    const beside = placed.filter(({ x, width }) => Math.abs(x - label.x) < (width + label.width) / 2)
    for (const { y } of beside) if (label.y < y + height) label.y = y + height
    placed.push(label)
  }
  return placed
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
