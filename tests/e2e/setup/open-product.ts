import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Product = {
  /** Where its console is. */
  origin: string
  /** Where its gateway to the models is. */
  gateway: string
  data: string
}
export type OpenProduct = Product & { close(): Promise<void> }

/** Starts a product of its own and waits until it serves. What it says goes to `logFile`. */
export async function openProduct(options: { demo: boolean; logFile: string }): Promise<OpenProduct> {
  const keeper = spawn(
    process.execPath,
    [join(import.meta.dirname, 'keep-product.ts'), ...(options.demo ? [] : ['--no-demo'])],
    // A group of its own: what ends the group of the tests must leave it the time to clean up.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  )
  keeper.stderr.pipe(createWriteStream(options.logFile))
  const ended = new Promise<never>((_, reject) => {
    keeper.on('error', reject)
    keeper.on('exit', (code) => reject(new Error(`the product ended (${code}): see ${options.logFile}`)))
  })
  ended.catch(() => undefined)
  const said = new Promise<string>((resolve) => createInterface(keeper.stdout).once('line', resolve))
  const product = JSON.parse(await Promise.race([said, ended])) as Product
  return {
    ...product,
    close: async () => {
      keeper.stdin.end()
      await ended.catch(() => undefined)
    },
  }
}
