import { isProblem } from '#lib/platform/errors.ts'

/**
 * What was made, or undefined where another process made it first: several make the same at their first start, and that
 * is as good.
 */
export async function orTheirs<T>(making: Promise<T>): Promise<T | undefined> {
  try {
    return await making
  } catch (error) {
    if (isProblem(error, 'conflict')) return undefined
    throw error
  }
}
