import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openProduct } from './open-product.ts'

export const productVariable = 'QUARTERDECK_STORIES_PRODUCT'

/**
 * One product with the demonstration for the whole run; the workers find it by an environment variable. Set already, it names
 * one that runs (`{"origin", "gateway", "data"}`), which is left as it is: to write stories against.
 */
// oxlint-disable-next-line import/no-default-export -- Playwright calls it
export default async function serveProduct(): Promise<() => Promise<void>> {
  if (process.env[productVariable] !== undefined) return () => Promise.resolve()
  const reports = join(import.meta.dirname, '..', '..', '..', 'var', 'reports')
  mkdirSync(reports, { recursive: true })
  const startedMs = performance.now()
  const { close, ...product } = await openProduct({ demo: true, logFile: join(reports, 'stories-product.log') })
  process.env[productVariable] = JSON.stringify(product)
  process.stdout.write(`The product serves after ${((performance.now() - startedMs) / 1000).toFixed(1)} s.\n`)
  return close
}
