import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Trust } from '#lib/attestations/trust.ts'
import { parseVerifierKey } from '#lib/audit/note-key.ts'
import type { Files } from '../pack-files.ts'
import { verifyScript } from '../verify-script.ts'

/** Writes files below a folder. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), bytes)
  }
}

/** The keys of a trust file as `verify.sh` takes them: a folder of PEM files. */
export async function writeKeys(folder: string, trust: Trust): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [n, key] of trust.keys.entries()) await writeFile(path.join(folder, `key-${n}.pem`), key.publicKey)
  if (trust.log === null) return
  const pem = parseVerifierKey(trust.log).publicKey.export({ type: 'spki', format: 'pem' })
  await writeFile(path.join(folder, 'log.pem'), pem)
}

/** Runs the script, as it is made here and not the copy in the pack, over an unpacked pack. */
export async function runVerifyScript(
  work: string,
  pack: string,
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  const script = path.join(work, 'trusted-verify.sh')
  await writeFile(script, verifyScript)
  return new Promise((resolve) => {
    execFile('sh', [script, ...args, pack], { timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: `${stdout}${stderr}` })
    })
  })
}
