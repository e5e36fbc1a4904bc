import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../../scripts/launch.js'
import { expect, test } from '../setup/people.ts'

/** Kept for the conformance suite, which holds it against public tools (tests/conformance/audit). */
const exported = join(root, 'var', 'demo-export')

type Ended = { code: number; output: string }

async function quarterdeck(data: string, args: string[]): Promise<Ended> {
  const env = { ...process.env, QUARTERDECK_DATA: data }
  try {
    const { stdout } = await promisify(execFile)('node', [join(root, 'cli', 'main.ts'), ...args], { env, cwd: root })
    return { code: 0, output: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, output: `${stdout}${stderr}` }
  }
}

test('the log of the demonstration is exported, verifies, and one flipped bit is named', async ({ product }) => {
  await rm(exported, { recursive: true, force: true })
  await mkdir(join(root, 'var'), { recursive: true })
  const made = await quarterdeck(product.data, [
    'audit',
    'export',
    '--out',
    exported,
    '--as',
    'ingrid',
    '--workspace',
    'flights',
  ])
  expect(made, made.output).toMatchObject({ code: 0 })
  const key = join(exported, 'log.vkey')
  const sound = await quarterdeck(product.data, ['audit', 'verify', exported, '--vkey', key])
  expect(sound, sound.output).toMatchObject({ code: 0 })

  const entries = join(exported, 'entries.ndjson')
  const whole = await readFile(entries)
  const damaged = Buffer.from(whole)
  const at = whole.indexOf('"because"') + 14
  damaged[at] = (damaged[at] ?? 0) ^ 1
  await writeFile(entries, damaged)
  try {
    const found = await quarterdeck(product.data, ['audit', 'verify', exported, '--vkey', key])
    expect(found.code).toBe(1)
    expect(found.output).toContain('entries.ndjson')
  } finally {
    await writeFile(entries, whole)
  }
})
