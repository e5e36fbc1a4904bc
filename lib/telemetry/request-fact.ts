import type { Histogram } from './histogram.ts'

/** What was asked of one version of an endpoint under one traffic generation, in one slice of time. */
export type RequestFactRow = {
  workspaceId: string
  endpointId: string
  versionId: string
  generation: number
  sliceAt: Date
  requests: number
  errors: number
  cpuMicros: number
  /** Of how many requests CPU time was reported; none when it is not given. */
  cpuReported?: number
  latency: Histogram
}
