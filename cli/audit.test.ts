import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signInAsPersona } from '#lib/members/sign-in-as-persona.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { personaIssuer } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import { testSecret, testSystem, type TestSystem, type TestWorkspace } from '../tests/support/system.ts'

const root = join(import.meta.dirname, '..')
let t: TestSystem
let ws: TestWorkspace
let folder: string
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  await ws.as('developer', 'dana')
  const persona = { issuer: personaIssuer, subject: 'ingrid', name: 'Ingrid', role: 'auditor' as const }
  await bindRole(systemCtx(t.system, ws.id), persona)
  await signInAsPersona(t.system, 'ingrid')
  folder = await mkdtemp(join(tmpdir(), 'quarterdeck-cli-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await t.close()
})

async function quarterdeck(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [join(root, 'cli', 'main.ts'), ...args], {
    cwd: root,
    env: {
      ...process.env,
      DATABASE_URL: t.databaseUrl,
      QUARTERDECK_SECRET: testSecret,
      LOG_LEVEL: 'silent',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ])
  return { code, stdout, stderr }
}

describe('quarterdeck audit', () => {
  let vkey = ''

  it('exports a log that it then verifies', async () => {
    const out = join(folder, 'log')
    const exported = await quarterdeck(['audit', 'export', '--out', out])
    expect(exported).toMatchObject({ code: 0, stderr: '' })
    vkey = /verifier key: (\S+)/.exec(exported.stdout)?.[1] ?? ''
    const verified = await quarterdeck(['audit', 'verify', out, '--vkey', vkey])
    expect(verified).toMatchObject({ code: 0, stderr: '' })
    expect(verified.stdout).toMatch(/^sound: \d+ entries of quarterdeck\.local\/log; [1-9]\d* contents match/)
    const json = await quarterdeck(['audit', 'verify', out, '--vkey', join(out, 'log.vkey'), '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, keyTrusted: true, findings: [] })
  })

  it('says that the key inside the folder proves nothing', async () => {
    const { code, stdout } = await quarterdeck(['audit', 'verify', join(folder, 'log')])
    expect(code).toBe(0)
    expect(stdout).toContain('No trusted key was given')
  })

  it('names a flipped bit, each in its file, with exit code 1', async () => {
    for (const file of ['checkpoint', 'entries.ndjson', 'tile/entries/000.p/']) {
      const out = join(folder, `flipped-${file.replaceAll(/\W/g, '-')}`)
      await quarterdeck(['audit', 'export', '--out', out])
      const { size } = JSON.parse((await quarterdeck(['audit', 'verify', out, '--json'])).stdout) as { size: number }
      const name = file.endsWith('/') ? `${file}${size}` : file
      const bytes = await readFile(join(out, name))
      const at = Math.floor(bytes.length / 2)
      bytes[at] = bytes[at]! ^ 1
      await writeFile(join(out, name), bytes)
      const { code, stdout } = await quarterdeck(['audit', 'verify', out, '--vkey', vkey])
      expect(code).toBe(1)
      expect(stdout.split('\n')[0]).toContain(`${name}: `)
      expect(stdout).toContain('NOT SOUND')
    }
  })

  it('holds a log against a checkpoint that was kept', async () => {
    const [older, newer] = [join(folder, 'older'), join(folder, 'newer')]
    await quarterdeck(['audit', 'export', '--out', older])
    await quarterdeck(['audit', 'export', '--out', newer])
    const forwards = await quarterdeck([
      'audit',
      'verify',
      newer,
      '--vkey',
      vkey,
      '--previous-checkpoint',
      join(older, 'checkpoint'),
    ])
    expect(forwards.code).toBe(0)
    const backwards = await quarterdeck([
      'audit',
      'verify',
      older,
      '--vkey',
      vkey,
      '--previous-checkpoint',
      join(newer, 'checkpoint'),
    ])
    expect(backwards).toMatchObject({ code: 1 })
    expect(backwards.stdout).toContain('shrunk')
  })

  it.each([
    ['a folder that is not there', ['audit', 'verify', '/nowhere/at/all']],
    ['a key that is none', ['audit', 'verify', root, '--vkey', '/nowhere/key']],
    ['a checkpoint that is not there', ['audit', 'verify', root, '--previous-checkpoint', '/nowhere/checkpoint']],
    ['no folder at all', ['audit', 'verify']],
  ])('cannot tell of %s: exit code 2', async (_, args) => {
    const { code, stderr } = await quarterdeck(args)
    expect(code).toBe(2)
    expect(stderr).not.toBe('')
    expect(stderr).not.toContain('    at ')
  })

  it('exports as a persona only where personas are allowed and have the role', async () => {
    const out = (name: string) => ['audit', 'export', '--out', join(folder, name), '--as', 'ingrid']
    const refused = await quarterdeck(out('off'))
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('ersonas are off')
    expect(await quarterdeck(out('on'), { QUARTERDECK_PERSONAS: '1' })).toMatchObject({ code: 0 })
    const nobody = await quarterdeck(['audit', 'export', '--out', join(folder, 'none'), '--as', 'mallory'], {
      QUARTERDECK_PERSONAS: '1',
    })
    expect(nobody.stderr).toContain('no persona named mallory')
  })
})
