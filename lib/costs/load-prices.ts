import { processSingleton } from '#lib/platform/globals.ts'
import { policyFolder, readPolicyFiles } from '#lib/platform/policy-files.ts'
import { parsePrices } from './policy.ts'
import type { Prices } from './price.ts'

type Holder = { prices: Prices | undefined }
const holder = () => processSingleton<Holder>('prices', () => ({ prices: undefined }))

const inForce = 'default'

/** Reads every file of the folder and puts the one named `default` in force. One that does not parse stops the start. */
export async function loadPrices(folder = policyFolder('costs')): Promise<Prices> {
  const files = (await readPolicyFiles(folder)).map(({ file, text }) => parsePrices(text, file))
  const named = files.filter((p) => p.name === inForce)
  const [prices] = named
  if (!prices || named.length > 1)
    throw new Error(`${named.length} files in ${folder} have prices named ${inForce}: there must be one`)
  holder().prices = prices
  return prices
}

/** The prices in force in this process. */
export function currentPrices(): Prices {
  const { prices } = holder()
  if (!prices) throw new Error('prices are not loaded: call loadPrices at start')
  return prices
}
