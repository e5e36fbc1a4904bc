import { Option, type Command } from 'commander'
import { z } from 'zod'
import { QuarterdeckError } from '#lib/platform/errors.ts'

/** Where the API is and as whom it is called. */
export type ApiFlags = { url: string; token: string }

const timeoutMs = 30_000
const Problem = z.looseObject({ detail: z.string(), code: z.string() })

/** Adds the two options that every command needs which talks to a running Quarterdeck. */
export function withApiOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--url <origin>', 'where Quarterdeck runs').env('QUARTERDECK_URL').default('http://127.0.0.1:3000'),
    )
    .addOption(
      new Option(
        '--token <token>',
        'a bearer token; better given by the environment, where no list of processes shows it',
      )
        .env('QUARTERDECK_TOKEN')
        .makeOptionMandatory(),
    )
}

/**
 * One request to the API. @throws QuarterdeckError with the server's own words when it refuses, `unavailable` when it does
 * not answer
 */
export async function callApi(
  flags: ApiFlags,
  method: 'GET' | 'POST',
  path: string,
  body?: Record<string, unknown>,
): Promise<unknown> {
  const address = new URL(`/api/v1${path}`, flags.url)
  const response = await fetch(address, {
    method,
    headers: {
      authorization: `Bearer ${flags.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // A redirect would take the token elsewhere.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw new QuarterdeckError('unavailable', `${address.origin} does not answer: is --url right?`, {}, { cause })
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok) return answer
  const told = Problem.safeParse(answer)
  const words = told.success ? told.data.detail : `${address.origin} answered ${response.status}`
  throw new QuarterdeckError('invalid', words, told.success ? { problem: told.data } : {})
}
