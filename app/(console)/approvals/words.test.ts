import { expect, it } from 'vitest'
import { changedWords } from './words.ts'

it.each([
  [[], 'nothing that it binds changed'],
  [['card'], 'card changed'],
  [['card', 'policy'], 'card and policy changed'],
  [['card', 'evidence', 'policy'], 'card, evidence and policy changed'],
])('%j reads as "%s"', (changed, words) => {
  expect(changedWords(changed)).toBe(words)
})
