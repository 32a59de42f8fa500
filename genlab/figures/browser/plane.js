// What is pointed at in a latent plane: the picture of a point, and an outline that is drawn around several.

const PICTURE = 96 // pixels, the longest side of a picture beside the pointer, at most
const APART = 12 // pixels between a point and its picture
const MOST_CORNERS = 200 // of an outline

function watchPoints(grid, cell) {
  const { plot, node } = cell
  const picture = node.appendChild(element("div", "genlab-point-picture", { "aria-hidden": true }))
  picture.hidden = true
  plot.on("plotly_hover", ({ points }) => showPicture(cell, picture, points.find(({ data }) => data.meta === "items")))
  plot.on("plotly_unhover", () => (picture.hidden = true))
  let drawn = false // by the visitor: Plotly tells of selections that a redraw makes, too
  node.addEventListener("pointerdown", () => (drawn = true))
  plot.on("plotly_selected", (selection) => {
    if (!drawn || !selection || !cell.wanted.outlines) return
    drawn = false
    grid.sendOutline(outlineOf(selection))
  })
  plot.on("plotly_deselect", () => cell.wanted.outlines && grid.sendOutline([]))
  cell.watched = true
}

// Every picture is there before the pointer asks for one.
function loadSheet(cell) {
  const { sheet } = cell.wanted
  if (!sheet || cell.loaded === sheet.address) return
  cell.loaded = sheet.address
  new Image().src = new URL(sheet.address, document.baseURI)
}

// The corners of a lasso or a box, in the units of the axes.
function outlineOf({ lassoPoints, range }) {
  const { x, y } = lassoPoints ?? { x: [0, 1, 1, 0].map((i) => range.x[i]), y: [0, 0, 1, 1].map((i) => range.y[i]) }
  const stride = Math.ceil(x.length / MOST_CORNERS)
  const corners = x.map((across, i) => [Number(across.toPrecision(5)), Number(y[i].toPrecision(5))])
  return corners.filter((_, i) => i % stride === 0)
}

function showPicture({ node, wanted }, picture, point) {
  const { sheet } = wanted
  picture.hidden = !sheet || !point
  if (picture.hidden) return
  const [high, wide] = sheet.tile
  const scale = Math.max(1, Math.floor(PICTURE / Math.max(high, wide)))
  const [height, width] = [high * scale, wide * scale]
  const [column, row] = [point.pointNumber % sheet.columns, Math.floor(point.pointNumber / sheet.columns)]
  const x = point.xaxis._offset + point.xaxis.d2p(point.x)
  const y = point.yaxis._offset + point.yaxis.d2p(point.y)
  picture.dataset.point = point.pointNumber
  Object.assign(picture.style, {
    width: `${width}px`,
    height: `${height}px`,
    left: `${Math.min(Math.max(0, x - width / 2), node.clientWidth - width - 2)}px`,
    top: `${y - height - APART < 0 ? y + APART : y - height - APART}px`,
    backgroundImage: `url("${new URL(sheet.address, document.baseURI)}")`,
    backgroundSize: `${sheet.columns * width}px auto`,
    backgroundPosition: `-${column * width}px -${row * height}px`,
  })
}
