// A talk: one idea a screen, over one time line or several, moved by a keyboard or a presenter's clicker.
//
// The stage has a size of its own and is scaled to the window, so that a screen looks the same on every projector.

const STAGE_HEIGHT = 420 // pixels of the stage, in which charts have their usual sizes
const UPRIGHT_WIDTH = 400 // of a window that is higher than wide
const ROW_GAP = 4
const FORWARD = ["ArrowRight", "ArrowDown", "PageDown", "Enter"]
const BACK = ["ArrowLeft", "ArrowUp", "PageUp", "Backspace"]

class Talk {
  constructor(parent, lines) {
    this.lines = lines
    this.slides = []
    this.index = -1
    this.dialog = parent.appendChild(element("dialog", "genlab-talk genlab-grid", { "data-testid": "talk", tabindex: -1 }))
    this.stage = this.dialog.appendChild(element("div", "genlab-talk-stage"))
    this.title = this.stage.appendChild(element("h1", "genlab-talk-title", { "aria-live": "polite" }))
    this.words = this.stage.appendChild(element("div", "genlab-talk-words"))
    this.drawing = this.stage.appendChild(element("div", "genlab-talk-drawing"))
    this.main = this.stage.appendChild(element("div", "genlab-talk-main"))
    this.label = this.stage.appendChild(element("p", "genlab-talk-label"))
    this.buttons = this.stage.appendChild(element("div", "genlab-talk-buttons", { role: "group", "aria-label": "Screens" }))
    const add = (words, label, press) => {
      const node = this.buttons.appendChild(element("button", "", { type: "button", "aria-label": label, title: label }))
      node.textContent = words
      node.addEventListener("click", press)
      return node
    }
    this.backButton = add("‹", "Screen before (Page Up)", () => this.show(this.index - 1))
    this.count = this.buttons.appendChild(element("span", "genlab-talk-count"))
    this.forwardButton = add("›", "Next screen (Page Down)", () => this.show(this.index + 1))
    this.leaveButton = add("✕", "End the talk (Escape)", () => this.leave())
    for (const line of lines) {
      this.main.append(line.outer)
      line.outer.hidden = true // until a screen shows it
    }
    this.listeners = new AbortController()
    const { signal } = this.listeners
    this.dialog.addEventListener("keydown", (event) => this.key(event), { signal })
    this.dialog.addEventListener("cancel", (event) => (event.preventDefault(), this.leave()), { signal })
    // The slider keeps the focus after a drag, and would take the keys of the clicker.
    this.dialog.addEventListener("pointerup", () => setTimeout(() => this.dialog.focus()), { signal })
    window.addEventListener("resize", () => this.fit(), { signal })
    this.dialog.showModal()
    this.dialog.focus()
  }

  // What is told: { slides, hidden, leaves, named }. `named` is what the address calls a screen.
  tell({ slides, hidden = [], leaves = "", named = "" }) {
    const before = this.slides[this.index]?.name
    Object.assign(this, { slides, leaves, named })
    this.buttons.hidden = hidden.includes("buttons")
    this.leaveButton.hidden = !leaves
    this.hidesBar = hidden.includes("bar")
    const wanted = before ?? (named && new URL(window.location.href).searchParams.get(named))
    const found = slides.findIndex(({ name }) => name === wanted)
    if (before && found >= 0) this.write(found)
    else this.show(Math.max(0, found))
  }

  close() {
    this.listeners.abort()
    this.dialog.remove()
  }

  leave() {
    if (this.leaves) window.location.assign(new URL(this.leaves, window.location.href))
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const onControl = event.target.closest?.("a, button, select, .genlab-slider")
    const own = event.target.closest?.("select, .genlab-slider") && event.key.startsWith("Arrow")
    const pressed = onControl && [" ", "Enter"].includes(event.key) && event.target.closest("a, button, select")
    if (own || pressed) return
    const by = FORWARD.includes(event.key) ? 1 : BACK.includes(event.key) ? -1 : 0
    if (by) this.show(this.index + by)
    else if (!this.line()?.controls.key(event)) return
    event.preventDefault()
    event.stopPropagation()
  }

  line() {
    return this.lines[this.slides[this.index]?.line]
  }

  show(index) {
    if (!this.slides.length) return
    const before = this.line()
    this.write(Math.min(this.slides.length - 1, Math.max(0, index)))
    const line = this.line()
    if (before && before !== line) before.pause()
    const { step } = this.slides[this.index]
    if (line && step === "end") line.jump(Infinity)
    else if (line && step !== undefined) line.goTo(step)
    if (!this.named) return
    const address = new URL(window.location.href)
    address.searchParams.set(this.named, this.slides[this.index].name)
    window.history.replaceState(window.history.state, "", address)
  }

  write(index) {
    this.index = index
    const slide = this.slides[index]
    this.title.textContent = slide.title
    this.drawing.innerHTML = slide.drawing ?? "" // made by genlab/figures/phases.py, which escapes every name
    this.words.replaceChildren(
      ...(slide.words ?? []).map((words) => Object.assign(document.createElement("p"), { textContent: words })),
    )
    // To where the talk is written; a file by itself has no such place.
    if (slide.leads && this.leaves) {
      const link = this.words.appendChild(document.createElement("p")).appendChild(element("a", "", { href: this.leaves }))
      link.textContent = slide.leads
    }
    this.words.classList.toggle("genlab-talk-alone", !slide.cells?.length && !slide.drawing)
    this.label.textContent = slide.label ?? ""
    this.count.textContent = `${index + 1} / ${this.slides.length}`
    this.backButton.disabled = index === 0
    this.forwardButton.disabled = index === this.slides.length - 1
    Object.assign(this.dialog.dataset, { screen: slide.name, index })
    this.lines.forEach((line, i) => (line.outer.hidden = i !== slide.line || !slide.cells?.length))
    this.fit()
  }

  // Scale the stage to the window, and give the charts of the screen all the room that is left.
  fit() {
    const slide = this.slides[this.index]
    if (!slide) return
    const { innerWidth, innerHeight } = window
    const upright = innerHeight > innerWidth
    const width = upright ? UPRIGHT_WIDTH : (STAGE_HEIGHT * innerWidth) / innerHeight
    const scale = innerWidth / width
    Object.assign(this.stage.style, { width: `${width}px`, height: `${innerHeight / scale}px`, transform: `scale(${scale})` })
    this.stage.style.setProperty("--scale", scale)
    const line = this.line()
    if (!line?.description || !slide.cells?.length) return
    const columns = upright ? 1 : (slide.columns ?? 1)
    this.dialog.dataset.columns = columns
    line.showOnly(slide.cells, columns, this.hidesBar || slide.still)
    const charts = line.charts().filter(({ node }) => !node.hidden)
    const cells = [...line.cells.values()].filter(({ node }) => !node.hidden)
    const rowsOf = (some) => Math.ceil(some.reduce((sum, { span }) => sum + span, 0) / columns)
    const headings = cells.filter((cell) => !charts.includes(cell))
    const taken = rowsOf(headings) * (headings[0]?.cell.height ?? 0) + line.controls.node.offsetHeight
    const rows = Math.max(1, rowsOf(charts))
    const room = this.main.clientHeight - taken - ROW_GAP * (rowsOf(headings) + rows + 1)
    for (const chart of charts) chart.fit(Math.max(60, Math.floor(room / rows)))
    line.plan()
  }
}

// A message that holds a talk: its slides, and the recordings of its runs, each a message of a time line.
const talks = new WeakMap() // Streamlit's element for the component -> its talk

window.genlabTalk = {
  async show({ data, parentElement }) {
    const { header, parts } = splitMessage(data)
    if (talks.get(parentElement)?.signature === header.signature) return
    window.genlabTalk.close(parentElement)
    const lines = parts.map(() => new Timeline(parentElement))
    const talk = new Talk(parentElement, lines)
    talk.signature = header.signature
    talks.set(parentElement, talk)
    await loadPlotly(header.plotly)
    await Promise.all(lines.map((line, i) => line.receive(parts[i])))
    talk.tell(header.talk)
  },
  repaint(parentElement) {
    talks.get(parentElement)?.fit()
  },
  close(parentElement) {
    const talk = talks.get(parentElement)
    for (const line of talk?.lines ?? []) line.close()
    talk?.close()
    talks.delete(parentElement)
  },
}
