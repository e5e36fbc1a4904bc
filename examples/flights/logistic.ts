/** Weights by slot and one bias: `score = sigmoid(bias + Σ weights[slot])`. */
export type LogisticWeights = { bias: number; weights: Float32Array }

export type LogisticTraining = {
  /** `featureCount` slots a row, row after row. */
  slots: Uint16Array
  featureCount: number
  /** 1 is late. */
  labels: Uint8Array
  slotCount: number
  epochs: number
  learningRate: number
  /** Seed of the order of the rows; the same seed gives the same weights, bit for bit. */
  seed: number
}

/**
 * Logistic regression by AdaGrad (Duchi, Hazan, Singer 2011, diagonal form): each weight's step is
 * `learningRate · g / √(Σ g²)`. Rows are visited in a fresh seeded order in each epoch.
 */
export function trainLogistic(input: LogisticTraining): LogisticWeights {
  const { slots, featureCount, labels, slotCount, epochs, learningRate } = input
  const weights = new Float64Array(slotCount + 1)
  const squares = new Float64Array(slotCount + 1).fill(1e-8)
  const random = seededRandom(input.seed)
  const order = Uint32Array.from({ length: labels.length }, (_, row) => row)
  const step = (slot: number, gradient: number) => {
    const sum = (squares[slot] ?? 0) + gradient * gradient
    squares[slot] = sum
    weights[slot] = (weights[slot] ?? 0) - (learningRate * gradient) / Math.sqrt(sum)
  }
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random)
    for (const row of order) {
      const start = row * featureCount
      let sum = weights[slotCount] ?? 0
      for (let i = 0; i < featureCount; i++) sum += weights[slots[start + i] ?? 0] ?? 0
      const gradient = sigmoid(sum) - (labels[row] ?? 0)
      step(slotCount, gradient)
      for (let i = 0; i < featureCount; i++) step(slots[start + i] ?? 0, gradient)
    }
  }
  return { bias: Math.fround(weights[slotCount] ?? 0), weights: Float32Array.from(weights.subarray(0, slotCount)) }
}

/** The probability of one row from its slots. */
export function scoreSlots(model: LogisticWeights, slots: ArrayLike<number>, start: number, count: number): number {
  let sum = model.bias
  for (let i = 0; i < count; i++) sum += model.weights[slots[start + i] ?? 0] ?? 0
  return sigmoid(sum)
}

/** The probabilities of all rows. */
export function scoreRows(model: LogisticWeights, slots: Uint16Array, featureCount: number): Float64Array {
  const scores = new Float64Array(slots.length / featureCount)
  for (let row = 0; row < scores.length; row++) scores[row] = scoreSlots(model, slots, row * featureCount, featureCount)
  return scores
}

/** Mulberry32: a source in [0, 1) with 32 bits of state, enough to order rows and the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Fisher–Yates, in place. */
function shuffle(order: Uint32Array, random: () => number): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const kept = order[last] ?? 0
    order[last] = order[other] ?? 0
    order[other] = kept
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
