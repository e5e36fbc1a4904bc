import { z } from 'zod'
import { identifier } from './wire.ts'

const port = z.int().min(0).max(65_535)
const ms = (fallback: number, max = 600_000) => z.int().min(1).max(max).default(fallback)

/** The configuration of one agent. Both servers listen on 127.0.0.1; port 0 takes a free one. */
export const agentConfig = z.strictObject({
  agentId: identifier.default('local'),
  /** Where state is kept, in the subfolder `endpoints`. One agent per folder. */
  dataFolder: z.string().min(1),
  gatewayPort: port.default(8080),
  adminPort: port.default(8081),
  /** Bearer token of the admin API. */
  adminToken: z.string().min(16, { error: 'must have at least 16 characters' }),
  /** Where telemetry goes; null sends none (and buffers none). */
  ingest: z
    .strictObject({ url: z.url(), key: z.string().min(1) })
    .nullable()
    .default(null),
  bodyBytesMax: z
    .int()
    .min(1)
    .max(256 * 1024 * 1024)
    .default(1024 * 1024),
  responseBytesMax: z
    .int()
    .min(1)
    .max(256 * 1024 * 1024)
    .default(8 * 1024 * 1024),
  requestTimeoutMs: ms(10_000),
  concurrencyMax: z.int().min(1).max(100_000).default(512),
  versionConcurrencyMax: z.int().min(1).max(100_000).default(256),
  versionHeaderAllowed: z.boolean().default(false),
  breaker: z
    .strictObject({ window: z.int().min(1).max(10_000), failures: z.int().min(1).max(10_000) })
    .refine((b) => b.failures <= b.window, { error: 'failures must not exceed window, or it never trips' })
    .default({ window: 20, failures: 10 }),
  tap: z
    .strictObject({
      batchEventsMax: z.int().min(1).max(10_000).default(500),
      batchMs: ms(1000),
      bufferEventsMax: z.int().min(1).max(1_000_000).default(50_000),
      attemptsMax: z.int().min(1).max(1000).default(20),
      backoffMs: ms(250),
      backoffMsMax: ms(10_000),
      timeoutMs: ms(10_000),
    })
    .prefault({}),
  servers: z.strictObject({ backoffMs: ms(250), backoffMsMax: ms(30_000), stopGraceMs: ms(5000) }).prefault({}),
  heartbeatMs: ms(5000),
  /** How long a stop waits for requests in flight, and then for telemetry. */
  drainMs: ms(5000),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export type AgentConfig = z.infer<typeof agentConfig>
export type AgentConfigInput = z.input<typeof agentConfig>

/** @throws Error listing everything that is wrong, one line each. */
export function readAgentConfig(value: unknown): AgentConfig {
  const parsed = agentConfig.safeParse(value)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((i) => `  - ${i.path.join('.') || 'configuration'}: ${i.message}`)
  throw new Error(`The agent's configuration is not valid:\n${lines.join('\n')}`)
}
