import { problem } from '#lib/platform/errors.ts'
import { takeFileLock } from '#lib/platform/file-lock.ts'

/**
 * Lets one process at a time start the PostgreSQL of a folder.
 *
 * @returns the function that releases it
 * @throws QuarterdeckError `unavailable` when another process holds it for longer than `waitMsMax`
 */
export async function takeStartLock(file: string, waitMsMax: number): Promise<() => void> {
  const release = await takeFileLock(file, waitMsMax)
  if (release) return release
  throw problem(
    'unavailable',
    `Another Quarterdeck has been starting PostgreSQL for more than ${waitMsMax / 1000} s (it holds ${file}). End that process and start again.`,
  )
}
