import { Agent, request } from 'undici'
import { z } from 'zod'

export type AgentClientOptions = {
  /** The agent's admin API, for example `http://127.0.0.1:8081`. */
  adminUrl: string
  token: string
  timeoutMs: number
}

export type AgentAnswer = { kind: 'answer'; status: number; body: unknown } | { kind: 'unreachable'; because: string }

export type AgentClient = {
  /** One request, never repeated by itself. Whatever goes wrong on the way is `unreachable`, within `timeoutMs`. */
  call(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<AgentAnswer>
  close(): Promise<void>
}

const because = z.object({ because: z.string() })

/** An HTTP client of the local agent's admin API. */
export function agentClient(options: AgentClientOptions): AgentClient {
  const dispatcher = new Agent({ connections: 16, connect: { timeout: options.timeoutMs } })
  const call: AgentClient['call'] = async (method, path, body) => {
    try {
      const answer = await request(new URL(path, options.adminUrl), {
        method,
        dispatcher,
        signal: AbortSignal.timeout(options.timeoutMs),
        headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const json: unknown = await answer.body.json()
      const status = answer.statusCode
      if (status === 401 || status === 403 || status >= 500) {
        return { kind: 'unreachable', because: `the agent answered ${status}: ${becauseOf(json)}` }
      }
      return { kind: 'answer', status, body: json }
    } catch (error) {
      return { kind: 'unreachable', because: error instanceof Error ? error.message : String(error) }
    }
  }
  return { call, close: () => dispatcher.destroy() }
}

/** Why the agent refused, from its answer. */
export function becauseOf(body: unknown): string {
  return because.safeParse(body).data?.because ?? 'it gave no reason'
}

/** The value of an answer of the expected form; any other form is an agent that we do not understand. */
export function understood<T>(
  schema: z.ZodType<T>,
  answer: { status: number; body: unknown },
): T | { kind: 'unreachable'; because: string } {
  const parsed = schema.safeParse(answer.body)
  if (parsed.success) return parsed.data
  return { kind: 'unreachable', because: `the agent answered ${answer.status} in a form that is not known here` }
}
