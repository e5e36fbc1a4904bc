const epochMs = /^-?\d{1,16}$/
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i
const dateMsMax = 8.64e15

/** Epoch ms of an `x-event-time` header (epoch ms, or a date-time of RFC 3339), or null when it is neither. */
export function readEventTime(text: string): number | null {
  if (epochMs.test(text)) return Math.abs(Number(text)) <= dateMsMax ? Number(text) : null
  if (!rfc3339.test(text)) return null
  const parsed = Date.parse(text)
  return Number.isNaN(parsed) ? null : parsed
}
