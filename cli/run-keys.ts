import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AttestationError } from '#lib/attestations/attestation-error.ts'
import { parseTrust } from '#lib/attestations/trust.ts'
import { parseVerifierKey } from '#lib/audit/note-key.ts'
import { problem } from '#lib/platform/errors.ts'

/** Writes one PEM a key into a new folder, and tells their names. */
export async function writeKeys(file: string, flags: { out: string; demo?: boolean }): Promise<void> {
  const trust = trustOf(await readFile(file, 'utf8'), file)
  const pems = trust.keys
    .filter((key) => !key.demo || flags.demo)
    .map((key, n) => ({ name: `${key.demo ? 'demo' : 'attestations'}-${n + 1}.pem`, pem: key.publicKey }))
  if (trust.log !== null) {
    const pem = parseVerifierKey(trust.log).publicKey.export({ type: 'spki', format: 'pem' }).toString()
    pems.push({ name: 'log.pem', pem })
  }
  // Into a new folder alone: a key that lay there already would be trusted too.
  await mkdir(flags.out)
  for (const { name, pem } of pems) {
    await writeFile(join(flags.out, name), pem, { flag: 'wx' })
    process.stdout.write(`${join(flags.out, name)}\n`)
  }
}

function trustOf(text: string, file: string): ReturnType<typeof parseTrust> {
  try {
    return parseTrust(text)
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    throw problem('invalid', `${file}: ${error.message}`, {}, { cause: error })
  }
}
