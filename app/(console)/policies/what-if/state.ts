export type WouldBe = {
  approvalId: string
  model: string
  version: string
  environment: string
  requestedAtMs: number
  was: string
  would: string
  /** The policy that would have been for it. */
  policy: string
  because: string
}

export type WhatIfState =
  | { status: 'idle' }
  | { status: 'failed'; message: string }
  | { status: 'answered'; policies: { name: string; digest: string }[]; replayed: number; otherwise: WouldBe[] }

/** The answer in one sentence. */
export function answerOf(state: WhatIfState): string {
  if (state.status === 'idle') return ''
  if (state.status === 'failed') return state.message
  const { replayed, otherwise } = state
  if (replayed === 0) return 'Nothing was asked for yet, so there is nothing to decide again.'
  const all = replayed === 1 ? 'The one request' : `Each of the ${replayed} requests`
  if (otherwise.length === 0) return `${all} would have come out as it did.`
  return `${otherwise.length} of ${replayed} requests would have come out otherwise.`
}
