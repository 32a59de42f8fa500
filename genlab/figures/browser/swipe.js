// Two pictures over each other, A to the left of a divider and B to its right: genlab/figures/swipe.py says what each is.

const SWIPE_KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -100, End: 100 }
const swipes = new WeakMap() // Streamlit's element for the component -> its swipe

window.genlabSwipe = {
  show({ data, parentElement }) {
    const swipe = swipes.get(parentElement) ?? new Swipe(parentElement)
    swipes.set(parentElement, swipe)
    return swipe.show(data)
  },
  close(parentElement) {
    swipes.get(parentElement)?.close()
    swipes.delete(parentElement)
  },
}

class Swipe {
  constructor(parent) {
    this.node = parent.appendChild(element("div", "genlab-swipe"))
    const heads = this.node.appendChild(element("div", "genlab-swipe-heads"))
    this.heads = ["A", "B"].map((letter) => heads.appendChild(element("span", "", { "data-letter": letter })))
    this.about = new About(heads.insertBefore(element("div", "genlab-swipe-about"), this.heads[1]))
    this.stage = this.node.appendChild(element("div", "genlab-swipe-stage"))
    const canvas = () => this.stage.appendChild(element("canvas", "", { role: "img" }))
    this.canvases = [canvas(), canvas()]
    this.divider = this.stage.appendChild(
      element("div", "genlab-swipe-divider", {
        role: "slider",
        tabindex: 0,
        "aria-label": "Divider between A and B",
        "aria-valuemin": 0,
        "aria-valuemax": 100,
      }),
    )
    this.move(50)
    this.stage.addEventListener("pointerdown", (event) => this.drag(event))
    this.divider.addEventListener("keydown", (event) => this.key(event))
    this.observer = new ResizeObserver(() => this.draw())
    this.observer.observe(this.stage)
  }

  async show({ side, sides, title, about }) {
    this.about.tell(title, about)
    this.node.style.setProperty("--side", `${side}px`)
    this.heads.forEach((head, i) => (head.textContent = `${sides[i].title} · ${sides[i].detail}`))
    this.canvases.forEach((canvas, i) => {
      canvas.setAttribute("aria-label", `${"AB"[i]}: samples of ${sides[i].title} at ${sides[i].detail}`)
    })
    this.asked = sides
    const pictures = await Promise.all(sides.map(readSide))
    if (this.asked !== sides) return // the next message has come meanwhile
    this.pictures = pictures
    this.draw()
  }

  close() {
    this.observer.disconnect()
    this.node.remove()
  }

  // Percent of the width that A has.
  move(share) {
    this.share = Math.min(100, Math.max(0, share))
    this.divider.style.left = `${this.share}%`
    this.canvases[0].style.clipPath = `inset(0 ${100 - this.share}% 0 0)`
    this.canvases[1].style.clipPath = `inset(0 0 0 ${this.share}%)`
    const whole = Math.round(this.share)
    this.divider.setAttribute("aria-valuenow", whole)
    this.divider.setAttribute("aria-valuetext", `A ${whole} percent, B ${100 - whole} percent`)
  }

  drag(event) {
    if (event.button) return
    const follow = ({ clientX }) => {
      const box = this.stage.getBoundingClientRect()
      this.move((100 * (clientX - box.left)) / box.width)
    }
    this.stage.setPointerCapture(event.pointerId)
    follow(event)
    this.stage.addEventListener("pointermove", follow)
    const end = () => this.stage.removeEventListener("pointermove", follow)
    for (const name of ["pointerup", "pointercancel"]) this.stage.addEventListener(name, end, { once: true })
  }

  key(event) {
    if (!(event.key in SWIPE_KEYS) || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    this.move(this.share + SWIPE_KEYS[event.key])
  }

  draw() {
    if (!this.pictures || !this.stage.clientWidth) return
    const theme = readTheme(this.node)
    const pixels = Math.round(this.stage.clientWidth * devicePixelRatio)
    this.canvases.forEach((canvas, i) => {
      canvas.width = canvas.height = pixels
      const context = canvas.getContext("2d")
      context.fillStyle = theme.paper
      context.fillRect(0, 0, pixels, pixels)
      drawSide(context, this.pictures[i], pixels)
    })
    this.node.dataset.drawn = Number(this.node.dataset.drawn ?? 0) + 1
  }
}

async function readSide(side) {
  if (!side.picture) return { ...side, points: floats(side.points), real: floats(side.real) }
  const image = new Image()
  image.src = side.picture
  await image.decode()
  return { ...side, image }
}

function floats(text) {
  return new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer)
}

function drawSide(context, { image, points, real, colour, grey }, pixels) {
  if (image) {
    context.imageSmoothingEnabled = false
    context.drawImage(image, 0, 0, pixels, pixels)
    return
  }
  dots(context, real, grey, 0.5, 1.5 * devicePixelRatio, pixels)
  dots(context, points, colour, 0.75, 2.2 * devicePixelRatio, pixels)
}

function dots(context, places, colour, opacity, radius, pixels) {
  context.globalAlpha = opacity
  context.fillStyle = colour
  for (let i = 0; i < places.length; i += 2) {
    context.beginPath()
    context.arc(places[i] * pixels, places[i + 1] * pixels, radius, 0, 7)
    context.fill()
  }
  context.globalAlpha = 1
}
