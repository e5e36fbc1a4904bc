import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { request } from 'undici'

/** True when the health path answers 2xx within `timeoutMs`. Anything else, of any kind, is not healthy. */
export async function isHealthy(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const answer = await request(url, { signal: AbortSignal.timeout(timeoutMs) })
    await answer.body.dump()
    return answer.statusCode >= 200 && answer.statusCode < 300
  } catch {
    // Refused, reset, timed out: a probe has no other question than whether it was answered well.
    return false
  }
}

/** Resident memory of a process in MiB (proc(5), VmRSS), or null where the system does not tell. */
export async function residentMiB(pid: number): Promise<number | null> {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? null : Number(kib) / 1024
  } catch {
    // Not Linux, or the process has just ended: unknown, which the caller treats as such.
    return null
  }
}

/** A TCP port that was free on 127.0.0.1 a moment ago. A server that loses the race for it is started again on another. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port was given'))
        else resolve(address.port)
      })
    })
  })
}
