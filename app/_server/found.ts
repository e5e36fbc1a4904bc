import { notFound } from 'next/navigation'
import { isProblem } from '#lib/platform/errors.ts'

/** What a read of one thing gives, or the page that says that there is no such thing here. */
export async function found<T>(read: Promise<T>): Promise<T> {
  try {
    return await read
  } catch (error) {
    if (isProblem(error, 'not-found')) notFound()
    throw error
  }
}
