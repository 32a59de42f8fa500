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
  const { header, parts } = splitMessage(bytes)
  return { ...header, parts: await Promise.all(parts.map(unpack)) }
}

function splitMessage(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)))
  let at = 4 + length
  return { header, parts: (header.parts ?? []).map((size) => bytes.subarray(at, (at += size))) }
}
