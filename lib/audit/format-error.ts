/**
 * What can be wrong with the log's bytes. Closed, so that a caller can tell a forged log from a full disk.
 * This class stands apart from the product's request errors: the formats are also read by an offline verifier, which
 * has no request to answer.
 */
export type FormatErrorCode =
  | 'not-canonical'
  | 'too-large'
  | 'malformed'
  | 'key-invalid'
  | 'signature-invalid'
  | 'inconsistent'
  | 'proof-invalid'
  | 'immutable-differs'

/** A byte-level fault of the transparency log's formats; `code` is for programs, `message` says what to do. */
export class AuditFormatError extends Error {
  readonly code: FormatErrorCode

  constructor(code: FormatErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'AuditFormatError'
    this.code = code
  }
}
