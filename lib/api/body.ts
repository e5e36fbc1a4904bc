import { problem } from '#lib/platform/errors.ts'
import { invalidField } from './answer.ts'

/** What a body may have unless its route says otherwise. */
export const bodyBytesDefault = 1_048_576
const depthMax = 32

/**
 * Reads a JSON body: of the right type, not too large, not nested too deeply, of numbers that are finite and of text that the
 * database and canonical JSON can hold (no U+0000, no unpaired surrogates). An absent body is undefined.
 * @throws `unsupported-media-type`, `too-large`, `invalid`
 */
export async function readJsonBody(request: Request, bytesMax: number): Promise<unknown> {
  const type = request.headers.get('content-type')
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity')
    throw problem('unsupported-media-type', 'Send the body without content-encoding.')
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > bytesMax) throw tooLarge(bytesMax)
  if (type === null && (request.body === null || declared === 0)) {
    const rest = await readBytes(request, bytesMax)
    if (rest.length === 0) return undefined
  }
  if (!isJson(type)) throw problem('unsupported-media-type', 'Send the body as application/json.')
  const bytes = await readBytes(request, bytesMax)
  const value = parse(bytes)
  checkValues(value)
  return value
}

function isJson(type: string | null): boolean {
  const [essence, ...parameters] = (type ?? '').split(';').map((p) => p.trim().toLowerCase())
  return essence === 'application/json' && parameters.every((p) => /^charset="?utf-8"?$/.test(p))
}

/** Reads a body as it came. @throws `too-large` */
export async function readBytes(request: Request, bytesMax: number): Promise<Buffer> {
  if (request.bodyUsed || request.body === null) return Buffer.alloc(0)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of request.body as unknown as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > bytesMax) throw tooLarge(bytesMax)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    const message = cause instanceof SyntaxError ? 'must be JSON' : 'must be UTF-8'
    throw problem('invalid', `body: ${message}`, { errors: [{ path: 'body', message }] }, { cause })
  }
}

// With a stack of its own: a recursion would end at whatever depth a caller chose to send.
function checkValues(root: unknown): void {
  const stack: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { value, depth } = next
    if (depth > depthMax) throw invalidField('body', `must not be nested more than ${depthMax} levels deep`)
    if (typeof value === 'string') checkText(value)
    if (typeof value === 'number' && !Number.isFinite(value))
      throw invalidField('body', 'has a number that is too large')
    if (typeof value !== 'object' || value === null) continue
    for (const [key, inner] of Object.entries(value)) {
      checkText(key)
      stack.push({ value: inner, depth: depth + 1 })
    }
  }
}

function checkText(text: string): void {
  if (text.includes('\0') || !text.isWellFormed())
    throw invalidField('body', 'has text with U+0000 or an unpaired surrogate, which cannot be kept')
}

function tooLarge(bytesMax: number) {
  return problem('too-large', `The body may have ${bytesMax} bytes at most.`, { bytesMax })
}
