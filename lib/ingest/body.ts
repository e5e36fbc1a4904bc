import { createGunzip, createZstdDecompress } from 'node:zlib'
import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { problem } from '#lib/platform/errors.ts'

/** Memory that bodies in work may take together. `take` counts bytes in or refuses; `give` counts them out. */
export type ByteBudget = { take(bytes: number): boolean; give(bytes: number): void }

export function byteBudget(bytesMax: number): ByteBudget {
  let held = 0
  return {
    take(bytes) {
      if (held + bytes > bytesMax) return false
      held += bytes
      return true
    },
    give(bytes) {
      held -= bytes
    },
  }
}

const decoders: Readonly<Record<string, (() => Transform) | null>> = {
  identity: null,
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  zstd: () => createZstdDecompress(),
}

/**
 * Reads and decompresses a body. The limit is on what comes out of it, and reading stops there: a small body that unpacks
 * to a huge one is refused after `bytesMax`. What was taken of the budget is the length of the result.
 *
 * @throws `unsupported-media-type` for an encoding that is not read here, `too-large`, `invalid` for damaged data,
 * `rate-limited` when the budget is used up
 */
export async function readBody(
  request: IncomingMessage,
  options: { bytesMax: number; budget: ByteBudget },
): Promise<Buffer> {
  const { bytesMax, budget } = options
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const decoder = decoders[encoding]
  if (decoder === undefined)
    throw problem('unsupported-media-type', 'content-encoding: must be gzip, zstd or identity.', {
      encoding: 'unknown',
    })
  if (decoder === null && Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of decoder === null ? request : decompress(request, decoder())) {
      const bytes = chunk as Buffer
      if (length + bytes.length > bytesMax) throw tooLarge(bytesMax)
      if (!budget.take(bytes.length)) throw busy()
      length += bytes.length
      chunks.push(bytes)
    }
  } catch (error) {
    budget.give(length)
    throw error
  }
  return Buffer.concat(chunks, length)
}

/** What a sender is told when memory is full: nothing is lost if it comes again. */
export function busy() {
  return problem('rate-limited', 'More events wait than fit in memory. Send this again in a moment.', {
    retryAfterSeconds: 1,
  })
}

function decompress(request: IncomingMessage, decoder: Transform): AsyncIterable<unknown> {
  request.pipe(decoder)
  request.once('error', (error) => decoder.destroy(error))
  request.once('aborted', () => decoder.destroy(new Error('the client went away')))
  return explained(decoder)
}

async function* explained(decoder: Transform): AsyncIterable<unknown> {
  try {
    yield* decoder
  } catch (cause) {
    throw problem(
      'invalid',
      'The body cannot be decompressed: it is damaged or not what content-encoding says.',
      {},
      { cause },
    )
  }
}

function tooLarge(bytesMax: number) {
  return problem('too-large', `The body may have ${bytesMax} bytes after decompression: send several requests.`, {
    bytesMax,
  })
}
