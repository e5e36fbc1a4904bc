import { parse } from 'yaml'
import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { parseMoney } from './money.ts'
import { meters, type Prices } from './price.ts'

const textLengthMax = 256 * 1024
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and dashes' })

// Usage is kept in slices of ten seconds: a price that began within one could not be told from the one before.
const instant = z.iso
  .datetime({ error: 'must be an RFC 3339 time in UTC, such as 2026-01-01T00:00:00Z' })
  .refine((text) => Date.parse(text) % 60_000 === 0, { error: 'must be at a whole minute' })

const amount = z.string({ error: 'must be decimal text in quotes, such as "0.0000002"' }).superRefine((text, ctx) => {
  try {
    if (parseMoney(text) >= 0n) return
    ctx.addIssue({ code: 'custom', message: 'must not be negative' })
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'not an amount' })
  }
})

const Price = z
  .strictObject({
    meter: z.enum(meters),
    unit: z.string().min(1).max(40),
    price: amount,
    validFrom: instant,
    /** The first moment at which it does not hold any more. */
    validUntil: instant.optional(),
    /** Where the price comes from: a price list, a bill, a contract, or an assumption. */
    provenance: z.strictObject({ source: z.string().min(1).max(300), note: z.string().max(1000).optional() }),
  })
  .refine((p) => p.validUntil === undefined || Date.parse(p.validUntil) > Date.parse(p.validFrom), {
    error: 'must be after validFrom',
    path: ['validUntil'],
  })

const File = z
  .strictObject({
    apiVersion: z.literal('quarterdeck/v1'),
    kind: z.literal('Prices'),
    name: slug,
    currency: z.string().regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code such as USD' }),
    prices: z.array(Price).max(1000),
  })
  .superRefine(({ prices }, ctx) => {
    const sorted = prices
      .map((p, index) => ({ ...p, index, from: Date.parse(p.validFrom), until: untilOf(p.validUntil) }))
      .sort((a, b) => a.from - b.from)
    for (const [i, price] of sorted.entries()) {
      const overlapping = sorted.slice(0, i).find((p) => p.meter === price.meter && p.until > price.from)
      if (overlapping)
        ctx.addIssue({
          code: 'custom',
          path: ['prices', price.index],
          message: `overlaps with prices.${overlapping.index}: a meter has one price at a time`,
        })
    }
  })

/** Parses the YAML of policies/costs. @throws `invalid` with the path of every wrong field */
export function parsePrices(text: string, file: string): Prices {
  if (text.length > textLengthMax)
    throw problem('invalid', `${file}: longer than ${textLengthMax} characters`, { file })
  const parsed = File.safeParse(readYaml(text, file))
  if (!parsed.success) {
    const errors = parsed.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message }))
    const list = errors.map((e) => `${e.path === '' ? 'document' : e.path}: ${e.message}`).join('; ')
    throw problem('invalid', `${file}: ${list}`, { file, errors })
  }
  const { name, currency, prices } = parsed.data
  return {
    name,
    currency,
    digest: policyDigest(parsed.data),
    prices: prices.map((p) => ({
      meter: p.meter,
      unit: p.unit,
      price: parseMoney(p.price),
      validFromMs: Date.parse(p.validFrom),
      validUntilMs: untilOf(p.validUntil),
      provenance: p.provenance,
    })),
  }
}

function untilOf(text: string | undefined): number {
  return text === undefined ? Infinity : Date.parse(text)
}

function readYaml(text: string, file: string): unknown {
  try {
    return parse(text, { maxAliasCount: 20 })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : 'unreadable'
    throw problem('invalid', `${file}: not YAML: ${why}`, { file }, { cause })
  }
}
