import { isProblem } from '#lib/platform/errors.ts'
import type { Refusal } from '../_ui/permission-button.tsx'
import { found } from './found.ts'
import { stateRefusal } from './refusal.ts'

export type PageRead<T> = { refusal: null; value: T } | { refusal: Refusal; value: null }

/**
 * A read for a page. What is not there (or is another workspace's) becomes the not-found page, a refusal becomes the words
 * that stand in its place; every other failure is left to the error page.
 */
export async function pageRead<T>(read: Promise<T>): Promise<PageRead<T>> {
  try {
    return { refusal: null, value: await found(read) }
  } catch (error) {
    if (!isProblem(error, 'forbidden')) throw error
    return { refusal: stateRefusal(error.message), value: null }
  }
}
