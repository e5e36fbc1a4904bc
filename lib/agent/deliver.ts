import { Agent, request } from 'undici'
import type { Batch, Delivery } from './tap.ts'

export type IngestTarget = { url: string; key: string; timeoutMs: number }

/**
 * `POST {url}/v1/events` as NDJSON with the batch's id. 2xx is delivered; 408, 429, 5xx and no answer may be tried again;
 * any other answer is a refusal of this batch for good.
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
      await answer.body.dump()
      return judge(answer.statusCode)
    } catch (error) {
      return { kind: 'retry', because: error instanceof Error ? error.message : String(error) }
    }
  }
  return { deliver, close: () => dispatcher.destroy() }
}

function judge(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const because = `the ingest server answered ${status}`
  return { kind: status === 408 || status === 429 || status >= 500 ? 'retry' : 'refused', because }
}
