// A square on which points are sprayed with the mouse or a finger; genlab/ui/painter.py gets them after every stroke.

const painters = new WeakMap() // Streamlit's element for the component -> its painter
const DOT = 2 // pixels, the radius of a point
const PATH = 6 // pixels that the brush moves for one more spray
const REST = 40 // milliseconds between two sprays of a brush that rests
const A_SPRAY = 3 // points

export default function ({ data, parentElement, setStateValue }) {
  const painter = painters.get(parentElement) ?? open(parentElement, data)
  painter.send = () => setStateValue("points", painter.strokes.flat())
  draw(painter)
  return () => {
    // Streamlit also cleans up after a run that the next message overtook; only an unmounted element has left the page.
    if (parentElement.isConnected) return
    painter.observer.disconnect()
    clearInterval(painter.timer)
    painters.delete(parentElement)
  }
}

function open(parentElement, { start, most, extent }) {
  const find = (name) => parentElement.querySelector(`.${name}`)
  const painter = {
    canvas: find("painter-canvas"),
    count: find("painter-count"),
    brush: find("painter-brush"),
    buttons: [find("painter-undo"), find("painter-clear")],
    strokes: start.length ? [start.map((point) => [...point])] : [], // lists of [x, y], one a stroke: what undo takes back
    most,
    extent,
  }
  const { canvas, buttons } = painter
  canvas.addEventListener("pointerdown", (event) => begin(painter, event))
  canvas.addEventListener("pointermove", (event) => painter.at && move(painter, event))
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, () => end(painter))
  }
  buttons[0].addEventListener("click", () => change(painter, painter.strokes.slice(0, -1)))
  buttons[1].addEventListener("click", () => change(painter, []))
  painter.observer = new ResizeObserver(() => draw(painter))
  painter.observer.observe(canvas)
  painters.set(parentElement, painter)
  return painter
}

// ---- strokes ----

function begin(painter, event) {
  if (event.button || painter.at) return // the right button, or a second finger
  painter.canvas.setPointerCapture(event.pointerId)
  painter.at = place(painter, event)
  painter.strokes.push([])
  spray(painter)
  painter.timer = setInterval(() => spray(painter), REST)
}

function move(painter, event) {
  const to = place(painter, event)
  const from = painter.at
  const steps = Math.floor(Math.hypot(to[0] - from[0], to[1] - from[1]) / PATH)
  for (let step = 1; step <= steps; step++) {
    painter.at = from.map((start, axis) => start + ((to[axis] - start) * step) / steps)
    spray(painter)
  }
}

function end(painter) {
  if (!painter.at) return
  painter.at = null
  clearInterval(painter.timer)
  painter.send()
}

function change(painter, strokes) {
  painter.strokes = strokes
  draw(painter)
  painter.send()
}

function place(painter, event) {
  const box = painter.canvas.getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}

function spray(painter) {
  const { canvas, extent, most, at, strokes } = painter
  const scale = (2 * extent) / canvas.clientWidth // units of the data a pixel
  const room = Math.min(A_SPRAY, most - total(strokes))
  for (let i = 0; i < room; i++) {
    const distance = Number(painter.brush.value) * Math.sqrt(-2 * Math.log(1 - Math.random())) // Box and Muller 1958
    const angle = 2 * Math.PI * Math.random()
    const x = at[0] * scale - extent + distance * Math.cos(angle)
    const y = extent - at[1] * scale + distance * Math.sin(angle)
    if (Math.max(Math.abs(x), Math.abs(y)) <= extent) strokes.at(-1).push([x, y].map((value) => Number(value.toFixed(3))))
  }
  draw(painter)
}

function total(strokes) {
  return strokes.reduce((sum, stroke) => sum + stroke.length, 0)
}

// ---- what is seen ----

function draw({ canvas, count, buttons, strokes, most, extent }) {
  const side = canvas.clientWidth
  const sharp = window.devicePixelRatio || 1
  if (!side) return
  canvas.width = canvas.height = Math.round(side * sharp)
  const style = getComputedStyle(canvas)
  const pen = canvas.getContext("2d")
  pen.scale(sharp, sharp)
  pen.strokeStyle = style.getPropertyValue("--faint")
  for (let line = 1; line < 4; line++) {
    pen.strokeRect((side * line) / 4, -1, 0, side + 2)
    pen.strokeRect(-1, (side * line) / 4, side + 2, 0)
  }
  pen.fillStyle = style.getPropertyValue("--dot")
  for (const [x, y] of strokes.flat()) {
    pen.beginPath()
    pen.arc(((x + extent) / 2 / extent) * side, ((extent - y) / 2 / extent) * side, DOT, 0, 2 * Math.PI)
    pen.fill()
  }
  const painted = total(strokes)
  count.textContent = `${painted.toLocaleString("en")} of ${most.toLocaleString("en")} points`
  for (const button of buttons) button.disabled = !painted
}
