import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { problem, QuarterdeckError } from '#lib/platform/errors.ts'

/** Where the API is, as whom it is called, and in which workspace. */
export type ApiFlags = { url: string; token?: string; tokenFile?: string; workspace?: string }

const timeoutMs = 30_000
/** Above the longest token that the API takes. */
const tokenCharsMax = 20_000
const Problem = z.looseObject({ detail: z.string(), code: z.string() })

/** Adds the options that every command needs which talks to a running Quarterdeck. */
export function withApiOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--url <origin>', 'where Quarterdeck runs').env('QUARTERDECK_URL').default('http://127.0.0.1:3000'),
    )
    .addOption(
      new Option(
        '--token <token>',
        'a bearer token; better given by the environment, where no list of processes shows it',
      ).env('QUARTERDECK_TOKEN'),
    )
    .option('--token-file <file>', 'a file that holds the token, such as a projected one; read before --token')
    .option('--workspace <name>', 'where the token has several')
}

/**
 * One request to the API. @throws QuarterdeckError with the server's own words when it refuses, `unavailable` when it does
 * not answer, `invalid` when there is no token
 */
export async function callApi(
  flags: ApiFlags,
  method: 'GET' | 'POST',
  path: string,
  body?: Record<string, unknown>,
): Promise<unknown> {
  const headers = {
    authorization: `Bearer ${await tokenOf(flags)}`,
    ...(flags.workspace === undefined ? {} : { 'quarterdeck-workspace': flags.workspace }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  return request(flags.url, `/api/v1${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** What a running Quarterdeck tells anybody, without a token. @throws as `callApi` */
export function callPublic(url: string, path: string): Promise<unknown> {
  return request(url, path, {})
}

/** The token that these flags name, from its file or as it stands. @throws `invalid` when there is none, or no one line */
export async function tokenOf(flags: Pick<ApiFlags, 'token' | 'tokenFile'>): Promise<string> {
  const text = flags.tokenFile === undefined ? flags.token : await readFile(flags.tokenFile, 'utf8')
  const token = text?.trim()
  if (!token) throw problem('invalid', 'A bearer token is needed: set QUARTERDECK_TOKEN or give --token-file.')
  if (token.length > tokenCharsMax || !/^[\x21-\x7e]+$/.test(token))
    throw problem('invalid', 'What was given as a bearer token is none: it is one word of at most 20,000 characters.')
  return token
}

async function request(url: string, path: string, init: RequestInit): Promise<unknown> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw problem(
      'invalid',
      `${url} is not the address of an installation: give one such as https://quarterdeck.example.`,
    )
  const address = new URL(path, url)
  const response = await fetch(address, {
    ...init,
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
