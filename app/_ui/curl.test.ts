import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { curlOf } from './curl.ts'

const call = {
  origin: 'http://127.0.0.1:3000',
  workspace: 'flights',
  method: 'POST',
  path: '/approvals/ap_1/votes',
} as const

/** What a shell passes to the program, with `printf` in the place of curl. */
function argumentsOf(command: string): string[] {
  const asked = command.replace(/^curl/, String.raw`printf '%s\0'`).replace('$(quarterdeck token)', 'TOKEN')
  return execFileSync('sh', ['-c', asked], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

describe('a call as a command', () => {
  it('reaches the program as it was meant, whatever its body says', () => {
    const reasons = ["it's fine", '"; rm -rf / #', '$(id) `id` $HOME', 'two\nlines', '\\']
    for (const reason of reasons) {
      expect(argumentsOf(curlOf({ ...call, body: { reason } }))).toEqual([
        '-X',
        'POST',
        'http://127.0.0.1:3000/api/v1/approvals/ap_1/votes',
        '-H',
        'authorization: Bearer TOKEN',
        '-H',
        'quarterdeck-workspace: flights',
        '-H',
        'content-type: application/json',
        '-d',
        JSON.stringify({ reason }),
      ])
    }
  })
  it('leaves no quote open', () => {
    fc.assert(
      fc.property(fc.string(), (reason) => {
        const quotes =
          curlOf({ ...call, body: { reason } })
            .replaceAll(String.raw`\'`, '')
            .match(/'/g) ?? []
        expect(quotes.length % 2).toBe(0)
      }),
    )
  })
})
