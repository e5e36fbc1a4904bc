import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Command } from 'commander'
import { vi } from 'vitest'
import type { TestApi } from '#lib/api/testing/api.ts'
import { declarations } from '../commands.ts'

export type Ran = { code: number; stdout: string; stderr: string }

/**
 * The API of a test on a port of its own, and the commands of `quarterdeck` against it, in this process: flags are parsed,
 * requests go over HTTP. A command that throws has the exit code that `cli/main.ts` would give it.
 */
export async function runningApi({ api }: Pick<TestApi, 'api'>) {
  const server = createAdaptorServer({ fetch: api.fetch })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const run = (args: readonly string[]) => captured(args.includes('--url') ? args : [...args, '--url', url])
  const as = (token: string) => (args: readonly string[]) => run([...args, '--token', token])
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    await closed
  }
  return { url, run, as, close }
}

async function captured(args: readonly string[]): Promise<Ran> {
  const told = { stdout: '', stderr: '' }
  const into = (to: 'stdout' | 'stderr') =>
    vi.spyOn(process[to], 'write').mockImplementation((text) => {
      told[to] += String(text)
      return true
    })
  const spies = [into('stdout'), into('stderr')]
  const program = new Command('quarterdeck').enablePositionalOptions().exitOverride()
  for (const declare of declarations) declare(program)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return { code: Number(process.exitCode ?? 0), ...told }
  } catch (error) {
    return { code: 1, ...told, stderr: told.stderr + (error instanceof Error ? error.message : String(error)) }
  } finally {
    process.exitCode = undefined
    for (const spy of spies) spy.mockRestore()
  }
}
