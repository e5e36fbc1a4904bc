import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { processSingleton } from '#lib/platform/globals.ts'
import { parsePrices } from './policy.ts'
import type { Prices } from './price.ts'

type Holder = { prices: Prices | undefined }
const holder = () => processSingleton<Holder>('prices', () => ({ prices: undefined }))

/** Reads the prices in force, the folder's default.yaml. A file that does not parse stops the start. */
export async function loadPrices(folder = join(process.cwd(), 'policies', 'costs')): Promise<Prices> {
  const prices = parsePrices(await readFile(join(folder, 'default.yaml'), 'utf8'), 'default.yaml')
  holder().prices = prices
  return prices
}

/** The prices in force in this process. */
export function currentPrices(): Prices {
  const { prices } = holder()
  if (!prices) throw new Error('prices are not loaded: call loadPrices at start')
  return prices
}
