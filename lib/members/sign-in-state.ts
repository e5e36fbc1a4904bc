import { z } from 'zod'
import { seal, unseal } from '#lib/platform/seal.ts'
import { sameText, type Secrets } from '#lib/platform/secrets.ts'
import { problem } from '#lib/platform/errors.ts'

/** How long somebody may take at their identity provider. */
export const signInSeconds = 600

const State = z.object({
  issuer: z.string(),
  state: z.string().min(20),
  nonce: z.string().min(20),
  codeVerifier: z.string().min(43),
  reauthenticate: z.boolean(),
  /** Of a confirmation: whose it is. Somebody else's sign-in does not count. */
  identityId: z.string().nullable(),
  returnTo: z.string(),
  startedAtMs: z.number(),
})
export type SignInState = z.output<typeof State>

/** The attempt as the browser keeps it: sealed, so that nobody reads or makes one. */
export function sealState(secrets: Secrets, state: SignInState): string {
  return seal(secrets, 'sign-in', JSON.stringify(state))
}

/**
 * Opens what the browser kept and holds it against what the issuer sent back: both must be of the same attempt, which began
 * in this browser (login CSRF). @throws `forbidden`
 */
export function openState(secrets: Secrets, sealed: string | undefined, sent: string | null, now: Date): SignInState {
  const opened = sealed === undefined ? undefined : tryOpen(secrets, sealed)
  if (!opened || sent === null || !sameText(opened.state, sent))
    throw problem('forbidden', 'This sign-in was not begun in this browser. Begin it again.')
  if (now.getTime() - opened.startedAtMs > signInSeconds * 1000)
    throw problem('forbidden', `This sign-in was begun more than ${signInSeconds / 60} minutes ago. Begin it again.`)
  return opened
}

/** An address of this console to lead to after the sign-in, else Home: never another site. */
export function safeReturnTo(text: string | null | undefined): string {
  const base = 'https://console.invalid'
  if (!text || text.length > 1_000 || !/^\/(?![/\\])/.test(text) || !URL.canParse(text, base)) return '/'
  const url = new URL(text, base)
  return url.origin === base ? `${url.pathname}${url.search}` : '/'
}

function tryOpen(secrets: Secrets, sealed: string): SignInState | undefined {
  try {
    return State.safeParse(JSON.parse(unseal(secrets, 'sign-in', sealed))).data
  } catch {
    // Anybody may send any cookie: what does not open is none.
    return undefined
  }
}
