// What is wrong with a page as it is shown, as sentences: text that is cut or has too little contrast (WCAG 2.2,
// 1.4.3), pictures without alternative text, controls without a name.
() => {
  const LARGE = 24
  const LARGE_BOLD = 18.66 // pixels
  const parse = (colour) => {
    const numbers = colour.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0]
    return colour.startsWith("color(srgb") ? [...numbers.slice(0, 3).map((part) => 255 * part), numbers[3] ?? 1] : numbers
  }
  const over = ([red, green, blue, alpha = 1], below) =>
    [red, green, blue].map((part, i) => alpha * part + (1 - alpha) * below[i])
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const ancestors = (node) => (node ? [...ancestors(node.parentElement), node] : [])
  const shown = (node) => {
    const { width, height } = node.getBoundingClientRect()
    return width > 1 && height > 1 && node.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  }
  const name = (node) => `${node.tagName.toLowerCase()} "${node.textContent.trim().replace(/\s+/g, " ").slice(0, 40)}"`
  const faults = new Set()

  const contrast = (node) => {
    let below = [255, 255, 255]
    let opacity = 1
    for (const ancestor of ancestors(node)) {
      const style = getComputedStyle(ancestor)
      if (style.backgroundImage.includes("gradient")) return
      below = over(parse(style.backgroundColor), below)
      opacity *= Number(style.opacity)
    }
    const style = getComputedStyle(node)
    const [red, green, blue, alpha = 1] = parse(node instanceof SVGElement ? style.fill : style.color)
    const ink = over([red, green, blue, alpha * opacity], below)
    const [dark, light] = [luminance(ink), luminance(below)].sort((a, b) => a - b)
    const ratio = (light + 0.05) / (dark + 0.05)
    const size = parseFloat(style.fontSize)
    const large = size >= LARGE || (size >= LARGE_BOLD && Number(style.fontWeight) >= 700)
    if (ratio < (large ? 3 : 4.5)) faults.add(`${name(node)}: contrast ${ratio.toFixed(1)}`)
  }

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement
    const inactive = node.closest("[disabled], [aria-disabled=true], script, style, noscript")
    const symbol = node.closest("[data-testid=stIconMaterial]") // a picture beside words that say the same
    const beyond = node.closest("[data-testid=stSliderThumbValue]") // above the thumb that it is part of
    const words = /[\p{L}\p{N}]/u.test(texts.currentNode.textContent)
    if (words && !inactive && !symbol && !beyond && shown(node)) contrast(node)
  }
  for (const node of document.querySelectorAll("body *")) {
    const cut = getComputedStyle(node).textOverflow === "ellipsis" && node.scrollWidth > node.clientWidth
    if (cut && shown(node)) faults.add(`${name(node)}: cut`)
  }
  for (const image of document.querySelectorAll("img")) {
    if (!image.hasAttribute("alt") && shown(image)) faults.add(`a picture without alternative text: ${image.src.slice(-40)}`)
  }
  for (const figure of document.querySelectorAll("[role=figure], [role=img]")) {
    if (!figure.getAttribute("aria-label") && shown(figure)) faults.add(`a figure without a name: ${figure.className}`)
  }
  for (const control of document.querySelectorAll("button, select, input, textarea, [role=slider]")) {
    const named =
      control.getAttribute("aria-label") ||
      control.getAttribute("aria-labelledby") ||
      control.labels?.length ||
      control.textContent.trim() ||
      control.title
    if (!named && shown(control)) faults.add(`a control without a name: ${control.outerHTML.slice(0, 80)}`)
  }
  return [...faults]
}
