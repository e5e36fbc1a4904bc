import { AuditFormatError } from './format-error.ts'

/**
 * Standard base64 (RFC 4648 §4), canonical: Buffer.from forgives whitespace, missing padding and stray trailing bits, so two
 * texts could mean one value and a flipped bit could go unseen. Throws `AuditFormatError` code `malformed`.
 */
export function decodeBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (text === '' || bytes.toString('base64') !== text)
    throw new AuditFormatError('malformed', `${what} is not canonical base64`)
  return bytes
}
