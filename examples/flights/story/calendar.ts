/** When things happen, in event time. Everything between is decided by what is measured. */
export const calendar = {
  /** The first replayed day: the evaluation that the approvers saw ends the day before. */
  from: '2001-02-15',
  /** The last one: the data ends with it. */
  to: '2001-06-30',
  /** Not before these days; later, when what comes before takes longer. */
  secondVersionFrom: '2001-02-21',
  drillFrom: '2001-05-09',
  thirdVersionFrom: '2001-06-02',
} as const

/** Flights of each day that are replayed, chosen by hash. */
export const flightsPerDay = 1_000
/** Predictions a second of wall time at speed 1: with the regional ones a day takes a little more than three seconds. */
export const predictionsPerSecond = 400
/** Flights below this are also asked at the regional endpoint: 28 % of them. */
export const regionalMilesMax = 350
/** The replay reserves so much event time before it sends it: what a kill may lose, never send twice. */
export const sliceMs = 3 * 3_600_000
export const dayMs = 86_400_000
/** Whatever is found, the drill lasts no shorter and no longer than so many replayed days. */
export const drillDays = { min: 10, max: 28 } as const

export const names = {
  workspace: { name: 'flights', title: 'Flight delays (demo)', demo: true },
  environment: 'production',
  main: 'flight-delay',
  regional: 'flight-delay-regional',
  /** Pages say "drill:" before it. */
  drill: 'broken feed (kilometres for miles, origins missing)',
} as const
