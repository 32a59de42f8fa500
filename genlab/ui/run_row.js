// The rows of the runs page. genlab/ui/run_row.py makes their HTML, and hears what is pressed in them.

const lists = new WeakMap() // Streamlit's element for the component -> its rows by id, and the ids that are chosen

export default function ({ data, parentElement, setTriggerValue }) {
  if (data.lanes) return follow(data.lanes, parentElement)
  const list = lists.get(parentElement) ?? open(parentElement)
  list.tell = setTriggerValue
  const focus = document.activeElement
  const focused = focus?.closest(".run-row")?.dataset.run
  const rows = new Map(data.rows.map(([id, html]) => [id, keep(list.rows.get(id), id, html)]))
  list.rows = rows
  const elements = [...rows.values()].map((row) => row.element)
  const root = parentElement.querySelector(".run-rows")
  if (elements.length !== root.children.length || elements.some((element, i) => element !== root.children[i])) {
    root.replaceChildren(...elements)
  }
  if (data.heard >= list.told) {
    // Else the server has not heard of the last press yet, and says what was chosen before it.
    list.told = data.heard
    list.chosen = [...data.chosen]
  }
  for (const [id, { element }] of rows) element.querySelector("input").checked = list.chosen.includes(id)
  if (focused && !focus.isConnected) rows.get(focused)?.element.querySelector(`[data-do=${focus.dataset.do}]`)?.focus()
}

function open(parentElement) {
  const list = { rows: new Map(), chosen: [], told: 0 }
  parentElement.querySelector(".run-rows").addEventListener("click", (event) => {
    const part = event.target.closest("[data-do]")
    if (!part) return
    const name = part.dataset.do
    const { run } = part.closest(".run-row").dataset
    if (name === "open") {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return // a tab of its own
      event.preventDefault()
    }
    if (name !== "chosen") return list.tell(name, run)
    list.chosen = list.chosen.filter((id) => id !== run)
    if (part.checked) list.chosen.push(run)
    list.told += 1
    list.tell("chosen", { runs: list.chosen, number: list.told })
  })
  lists.set(parentElement, list)
  return list
}

// A row whose HTML is as it was stays as it is, with its focus.
function keep(row, id, html) {
  if (row?.html === html) return row
  const element = document.createElement("div")
  element.className = "run-row"
  element.dataset.run = id
  element.innerHTML = html
  return { html, element }
}

// What has become of runs on their way goes into the rows that are there.
function follow(lanes, parentElement) {
  parentElement.hidden = true
  const found = new Map(lanes)
  for (const row of document.querySelectorAll(".run-row")) {
    const html = found.get(row.dataset.run)
    if (html !== undefined) row.querySelector(".run-now").innerHTML = html
  }
}
