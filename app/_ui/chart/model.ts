/** A missing value is null: it is shaded and never joined. */
export type Values = readonly (number | null)[]

export type Band = { label: string; low: Values; high: Values }

/** Which stroke a series has: the candidate and its baseline are the same on every page, others take hues in order. */
export type Hue = 'candidate' | 'baseline' | '1' | '2' | '3' | '4' | '5' | '6'

export type ChartSeries = {
  id: string
  label: string
  hue: Hue
  values: Values
  band: Band | null
  /** Not measured but estimated: drawn dashed and said so. */
  estimated: boolean
}

export type Shape = 'line' | 'bars' | 'stacked'
export type Breach = 'above' | 'below' | 'none'
/** `at` is the distance from the top or the left edge, as a share of the plot. */
export type Tick = { at: number; label: string }
export type Threshold = { at: number; value: number; label: string; breach: Breach }

/** What crosses the wire: numbers and positions, no scales. */
export type ChartModel = {
  id: string
  title: string
  unit: string
  digits: number
  shape: Shape
  timeZone: string
  startMs: number
  stepMs: number
  length: number
  low: number
  high: number
  yTicks: Tick[]
  xTicks: Tick[]
  marks: Tick[]
  thresholds: Threshold[]
  series: ChartSeries[]
  /** How many given points stand behind one drawn point. */
  merged: number
}
