/**
 * Runs the conformance suites named after it one after the other and adds their counts:
 *
 *   npm run test:governance
 *
 * A suite that is not there, or that ends without its own count, is a failure. The last line says "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const counts = { passed: 0, failed: 0 }
for (const name of process.argv.slice(2)) {
  console.log(`== ${name}`)
  const { code, text } = await runSuite(name)
  const found = [...text.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1)
  counts.passed += Number(found?.[1] ?? 0)
  counts.failed += Number(found?.[2] ?? 0)
  if (!found || (code !== 0 && found[2] === '0')) {
    console.log(`${name} ended with exit code ${code}: counted as a failure`)
    counts.failed += 1
  }
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1

function runSuite(name: string): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, name, 'run.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    text = (text + chunk.toString('utf8')).slice(-4_000)
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })))
}
