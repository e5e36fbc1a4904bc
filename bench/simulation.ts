/** sfc32, a small generator with a period of about 2^128; gives floats in [0, 1). */
export function generator(from: number): () => number {
  let a = 0x9e3779b9
  let b = from >>> 0
  let c = 0x243f6a88
  let counter = 1
  const next = () => {
    const t = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    return (t >>> 0) / 4294967296
  }
  for (let i = 0; i < 20; i++) next()
  return next
}

/** Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const upper = (poly * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
  return x >= 0 ? 1 - upper : upper
}

export function normalQuantile(p: number): number {
  let low = -9
  let high = 9
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Draws M values into the cells of a cumulative distribution, by a guide table. */
export function draw(cumulative: Float64Array, rows: number, random: () => number): Uint32Array {
  const counts = new Uint32Array(cumulative.length)
  const guide = new Uint16Array(1024)
  for (let g = 0, cell = 0; g < guide.length; g++) {
    while (cell < cumulative.length - 1 && (cumulative[cell] as number) <= g / guide.length) cell++
    guide[g] = cell
  }
  for (let i = 0; i < rows; i++) {
    const u = random()
    let cell = guide[(u * guide.length) | 0] as number
    while (cell < cumulative.length - 1 && u >= (cumulative[cell] as number)) cell++
    counts[cell] = (counts[cell] as number) + 1
  }
  return counts
}

/** The element at `i`, which must exist. */
export function at<T>(list: ArrayLike<T>, i: number): T {
  const element = list[i]
  if (element === undefined) throw new RangeError(`no element ${i} of ${list.length}`)
  return element
}
