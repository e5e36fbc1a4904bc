/**
 * Holds attestations of a real approval (verbs, PostgreSQL, keys in files) against public tools: slsa-verifier, @sigstore/verify
 * and openssl must believe them, and they and our own verifiers must refuse what was changed.
 *
 *   node tests/conformance/attestations/run.ts
 *
 * Needs Go and openssl 3. The last line says "N passed, N failed"; the exit code is 1 if anything failed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { buildVerifier } from './build-verifier.ts'

const Report = z.object({ numPassedTests: z.number(), numFailedTests: z.number(), success: z.boolean() })

const verifier = await buildVerifier()
const work = await mkdtemp(path.join(tmpdir(), 'quarterdeck-attestations-'))
try {
  const root = path.join(import.meta.dirname, '..', '..', '..')
  const report = path.join(work, 'report.json')
  const args = [path.join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config']
  args.push(
    path.join(import.meta.dirname, 'vitest.config.ts'),
    '--reporter=verbose',
    '--reporter=json',
    `--outputFile=${report}`,
  )
  const env = { ...process.env, QUARTERDECK_SLSA_VERIFIER: verifier }
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  const told = Report.parse(JSON.parse(await readFile(report, 'utf8')))
  // A file that does not load has no tests, and is a failure all the same.
  const failed = told.numFailedTests + (told.numFailedTests === 0 && (code !== 0 || !told.success) ? 1 : 0)
  console.log(`${told.numPassedTests} passed, ${failed} failed`)
  process.exitCode = failed === 0 && told.numPassedTests > 0 ? 0 : 1
} finally {
  await rm(work, { recursive: true, force: true })
}
