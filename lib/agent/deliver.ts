import { Agent, request } from 'undici'
import { z } from 'zod'
import type { Batch, Delivery, Rejected } from './tap.ts'

export type IngestTarget = { url: string; key: string; timeoutMs: number }

/**
 * `POST {url}/v1/events` as NDJSON with the batch's id. 2xx is delivered; 408, 429, 5xx and no answer may be tried again;
 * any other answer is a refusal of this batch for good. A delivered batch can have rejected events: the answer lists them.
 */
export function deliverTo(target: IngestTarget): {
  deliver: (batch: Batch) => Promise<Delivery>
  close(): Promise<void>
} {
  const dispatcher = new Agent({ connections: 1 })
  const deliver = async (batch: Batch): Promise<Delivery> => {
    try {
      const answer = await request(new URL('/v1/events', target.url), {
        method: 'POST',
        dispatcher,
        signal: AbortSignal.timeout(target.timeoutMs),
        headers: {
          authorization: `Bearer ${target.key}`,
          'content-type': 'application/x-ndjson',
          'x-batch-id': batch.id,
        },
        body: `${batch.lines.join('\n')}\n`,
      })
      if (!isTaken(answer.statusCode)) {
        await answer.body.dump()
        return judge(answer.statusCode)
      }
      return { kind: 'delivered', rejected: rejectedIn(await answer.body.text()) }
    } catch (error) {
      return { kind: 'retry', because: error instanceof Error ? error.message : String(error) }
    }
  }
  return { deliver, close: () => dispatcher.destroy() }
}

function isTaken(status: number): boolean {
  return status >= 200 && status < 300
}

const partialAnswer = z.object({
  rejected: z.array(z.object({ index: z.number(), path: z.string(), message: z.string() })).min(1),
  rejectedMore: z.int().min(0).default(0),
})

/** What the ingest server says that it did not take of a delivered batch; null when it says of nothing. */
function rejectedIn(text: string): Rejected | null {
  const parsed = partialAnswer.safeParse(readJson(text))
  if (!parsed.success) return null
  const { rejected, rejectedMore } = parsed.data
  const [first] = rejected
  return { events: rejected.length + rejectedMore, because: first ? `${first.path}: ${first.message}` : '' }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The status says that it was taken; an answer without JSON says nothing of rejections.
    return null
  }
}

function judge(status: number): Delivery {
  const because = `the ingest server answered ${status}`
  return { kind: status === 408 || status === 429 || status >= 500 ? 'retry' : 'refused', because }
}
