import { z } from 'zod'

/** Events that the agent sends to the ingest server, one JSON object a line. Times are epoch ms. */
const weight = z.object({ versionId: z.string(), percent: z.int() })
const featureValue = z.union([z.number(), z.string(), z.boolean(), z.null()])

/** One answered or failed request. `status` 499: the client went away, which judges nothing; 503, 504: no answer of the model server. */
export const requestEvent = z.object({
  type: z.literal('request'),
  /** Wall time of admission. */
  time: z.number(),
  endpoint: z.string(),
  version: z.string(),
  generation: z.int(),
  status: z.int(),
  latencyMs: z.number(),
  /** CPU the model server spent, when it says so in `x-cpu-seconds`; 0 when no model server was asked. */
  cpuSeconds: z.number().optional(),
})

/** One prediction: features of the request, score and prediction of the response. */
export const predictionEvent = z.object({
  type: z.literal('prediction'),
  id: z.string(),
  /** Event time: header `x-event-time`, else wall time. */
  time: z.number(),
  endpoint: z.string(),
  version: z.string(),
  generation: z.int(),
  features: z.record(z.string(), featureValue),
  score: z.number().optional(),
  prediction: z.union([z.string(), z.number(), z.boolean()]).optional(),
})

export const heartbeatEvent = z.object({
  type: z.literal('heartbeat'),
  time: z.number(),
  agent: z.string(),
  sequence: z.int(),
  endpoints: z.array(
    z.object({
      endpoint: z.string(),
      generation: z.int(),
      weights: z.array(weight),
      breaker: z
        .object({ tripId: z.string(), trippedAt: z.number(), versionId: z.string(), because: z.string() })
        .nullable(),
    }),
  ),
  tap: z.object({ buffered: z.int(), dropped: z.int(), rejected: z.int() }),
})

export const agentEvent = z.discriminatedUnion('type', [requestEvent, predictionEvent, heartbeatEvent])

export type RequestEvent = z.infer<typeof requestEvent>
export type PredictionEvent = z.infer<typeof predictionEvent>
export type HeartbeatEvent = z.infer<typeof heartbeatEvent>
export type AgentEvent = z.infer<typeof agentEvent>
