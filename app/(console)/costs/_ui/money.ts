import { parseMoney } from '#lib/costs/money.ts'
import { formatMoney } from '../../../_ui/format.ts'

/** Decimal text of a currency's unit, as reads give it, in that currency: exact to the last digit shown. */
export function money(amount: string, currency: string): string {
  return formatMoney(parseMoney(amount), currency)
}
