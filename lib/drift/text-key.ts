import { createHash } from 'node:crypto'

import { TEXT_LENGTH_MAX } from './cells.ts'

/**
 * The form in which a categorical text is compared and stored: well-formed Unicode without NUL (neither canonical JSON
 * nor PostgreSQL can hold the rest), and bounded: a text longer than `TEXT_LENGTH_MAX` UTF-16 units becomes its first
 * 64 units, an ellipsis and the SHA-256 of the whole. Idempotent.
 */
export function textKey(text: string): string {
  const clean = text.toWellFormed().replaceAll('\u0000', '\uFFFD')
  if (clean.length <= TEXT_LENGTH_MAX) return clean
  const digest = createHash('sha256').update(clean).digest('hex')
  return `${clean.slice(0, 64).toWellFormed()}…sha256:${digest}`
}
