import { z } from 'zod'
import type { Meter, Price } from './price.ts'

const rangeMsMax = 400 * 86_400_000
const range = { from: z.date(), to: z.date() }
const inOrder = ({ from, to }: { from: Date; to: Date }) => to > from && to.getTime() - from.getTime() <= rangeMsMax
const orderError = { error: 'must be after from, by at most 400 days', path: ['to'] }

export const WorkspaceCostInput = z.strictObject(range).refine(inOrder, orderError)
export type WorkspaceCostInput = z.input<typeof WorkspaceCostInput>

export const EndpointCostInput = z
  .strictObject({ endpointId: z.string().startsWith('ep_'), ...range })
  .refine(inOrder, orderError)
export type EndpointCostInput = z.input<typeof EndpointCostInput>

/** Amounts are decimal text in the view's currency, quantities decimal text in the meter's unit. */
export type CostLineView = {
  endpointId: string
  versionId: string
  meter: Meter
  quantity: string
  unit: string
  unitPrice: string
  provenance: Price['provenance']
  amount: string
}

export type UnpricedView = {
  endpointId: string
  versionId: string
  meter: Meter
  /** Null when nobody reported how much it was. */
  quantity: string | null
  because: string
}

/** What of a cost belongs to one endpoint or version. */
export type CostShare = {
  requests: number
  /** Of what has a price; the whole of it only when `complete`. */
  amount: string
  /** False when some of the usage has no price or was not measured: then the cost is not known. */
  complete: boolean
  /** Null when the cost is not known or there were no requests. */
  perThousandRequests: string | null
}

export type CostView = CostShare & {
  from: Date
  to: Date
  currency: string
  prices: { name: string; digest: string }
  /** What `amount` was cut by, an integer of 10⁻¹⁸ of the currency's unit. */
  remainder: string
  lines: CostLineView[]
  unpriced: UnpricedView[]
}

export type EndpointCostView = CostView & {
  endpointId: string
  versions: (CostShare & { versionId: string; serves: 'stable' | 'candidate' | null })[]
}

export type WorkspaceCostView = CostView & { endpoints: (CostShare & { endpointId: string })[] }
