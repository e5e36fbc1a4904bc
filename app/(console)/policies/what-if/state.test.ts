import { expect, it } from 'vitest'
import { answerOf, type WhatIfState, type WouldBe } from './state.ts'

const one: WouldBe = {
  approvalId: 'ap_1',
  model: 'fraud-scorer',
  version: 'v42',
  environment: 'production',
  requestedAtMs: 0,
  was: 'approved',
  would: 'refused',
  policy: 'stricter',
  because: 'It could not have been asked for.',
}
const answered = (replayed: number, otherwise: WouldBe[]): WhatIfState => ({
  status: 'answered',
  policies: [],
  replayed,
  otherwise,
})

it.each<[WhatIfState, string]>([
  [{ status: 'idle' }, ''],
  [{ status: 'failed', message: 'policies: line 5' }, 'policies: line 5'],
  [answered(0, []), 'Nothing was asked for yet, so there is nothing to decide again.'],
  [answered(1, []), 'The one request would have come out as it did.'],
  [answered(7, []), 'Each of the 7 requests would have come out as it did.'],
  [answered(7, [one]), '1 of 7 requests would have come out otherwise.'],
])('%j', (state, words) => {
  expect(answerOf(state)).toBe(words)
})
