import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPolicyFiles } from '#lib/platform/policy-files.ts'

const root = join(import.meta.dirname, '..')

describe('quarterdeck', () => {
  it('says its version', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(quarterdeck(['--version'])).toMatchObject({ status: 0, stdout: `${manifest.version}\n` })
  })

  it('lists its commands', () => {
    const { status, stdout } = quarterdeck(['help'])
    expect(status).toBe(0)
    expect(stdout).toContain('calc')
  })

  it.each([
    ['an unknown command', ['nonsense'], '', "unknown command 'nonsense'"],
    ['an unknown option', ['calc', 'drift', '--loud'], '', "unknown option '--loud'"],
    ['an unknown calculator', ['calc', 'nonsense'], '', 'nonsense'],
    ['input that is not JSON', ['calc', 'adjust'], 'nonsense', 'input: not JSON'],
    ['input of another shape', ['calc', 'adjust'], '{"p":"many"}', 'line 1: '],
    ['no input', ['calc', 'drift'], '', 'input: nothing was given'],
  ])('refuses %s with exit code 2 and a message', (_, args, input, message) => {
    const { status, stdout, stderr } = quarterdeck(args, input)
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
  })

  it.each([
    ['gate', ['gate', '--model', 'fraud', '--version', '7.0.0', '--env', 'production', '--url', 'http://127.0.0.1:1']],
    ['evidence add', ['evidence', 'add', '--model', 'fraud', '--version', '7.0.0', '--file', '-', '--token', 'x']],
  ])('gives --version after %s to that command: it is no question for our own, which would end with 0', (_, args) => {
    const { status, stdout } = quarterdeck(args, '{}')
    expect(status).not.toBe(0)
    expect(stdout).not.toMatch(/^[0-9]+\.[0-9]+\.[0-9]+$/m)
  })

  it('names a file that is not there, without a stack', () => {
    const { status, stderr } = quarterdeck(['card', 'check', 'nowhere.md'])
    expect(status).toBe(2)
    expect(stderr).toContain('nowhere.md')
    expect(stderr).not.toContain('    at ')
  })

  it('checks a card from any folder, by the policy that ships where that folder has none', () => {
    const args = [
      process.execPath,
      [join(root, 'cli', 'main.ts'), 'card', 'check', '-'],
      { cwd: tmpdir(), input: '# A' },
    ] as const
    const { status, stdout } = spawnSync(args[0], args[1], { ...args[2], encoding: 'utf8', timeout: 20_000 })
    expect(status).toBe(1)
    expect(stdout).not.toBe('')
  })

  it('finds no installation where none was started, and makes none', () => {
    const folder = join(tmpdir(), 'quarterdeck-was-never-here')
    const env = { ...process.env, DATABASE_URL: '', QUARTERDECK_DATA: folder }
    const { status, stdout, stderr } = quarterdeck(['token', '--as', 'dana'], '', env)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(`There is no installation in ${folder}`)
    expect(existsSync(folder)).toBe(false)
  })

  it('says where policies are read, when it is started elsewhere', async () => {
    await expect(readPolicyFiles(join(tmpdir(), 'quarterdeck-no-policies'))).rejects.toThrow(
      'start it in that of the product',
    )
  })

  it('answers each line, and stops at a bad one', () => {
    const { status, stdout, stderr } = quarterdeck(
      ['calc', 'adjust'],
      '{"p":[0.01,0.02],"method":"bonferroni"}\n{"p":[0.5],"method":"bh"}\n{"p":[2],"method":"bh"}\n',
    )
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([{ adjusted: [0.02, 0.04] }, { adjusted: [0.5] }])
    expect(status).toBe(2)
    expect(stderr).toContain('line 3: ')
  })

  it('calculates drift and verdicts', () => {
    const drift = quarterdeck(['calc', 'drift'], '{"reference":[50,50],"current":[50,50],"smoothing":"none"}')
    expect(JSON.parse(drift.stdout)).toMatchObject({ psi: 0, totalVariation: 0 })
    const verdict = quarterdeck(
      ['calc', 'verdict'],
      '{\n"kind":"proportion","stable":{"n":100000,"k":100},"candidate":{"n":100000,"k":50000},"notWorseThan":{"by":0.01},"alpha":0.05}',
    )
    expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'fail' })
  })
})

function quarterdeck(
  args: readonly string[],
  input = '',
  env: NodeJS.ProcessEnv = process.env,
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(root, 'cli', 'main.ts'), ...args], {
    input,
    env,
    encoding: 'utf8',
    timeout: 20_000,
  })
}
