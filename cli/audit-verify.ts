import { readFile, stat } from 'node:fs/promises'
import { AuditFormatError } from '#lib/audit/format-error.ts'
import { verifyExport, type VerifyReport } from '#lib/audit/verify-export.ts'

export type VerifyFlags = { vkey?: string; previousCheckpoint?: string; origin?: string; json?: boolean }

/** Verifies an export and prints what it found. @returns the exit code: 0 sound, 1 findings, 2 cannot tell */
export async function runAuditVerify(folder: string, flags: VerifyFlags): Promise<0 | 1 | 2> {
  try {
    if (!(await stat(folder)).isDirectory()) return cannotTell(`${folder} is not a folder`)
    const vkey = flags.vkey === undefined ? undefined : await keyText(flags.vkey)
    const previous =
      flags.previousCheckpoint === undefined ? undefined : await readFile(flags.previousCheckpoint, 'utf8')
    const report = await verifyExport(folder, {
      ...(vkey === undefined ? {} : { vkey }),
      ...(flags.origin === undefined ? {} : { origin: flags.origin }),
      ...(previous === undefined ? {} : { previousCheckpoint: previous }),
    })
    process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : textOf(report))
    return report.ok ? 0 : 1
  } catch (error) {
    if (error instanceof AuditFormatError) return cannotTell(error.message)
    if (error instanceof Error && 'code' in error) return cannotTell(error.message)
    throw error
  }
}

// A verifier key has plus signs and no path has its form, so the two cannot be mistaken for each other.
async function keyText(given: string): Promise<string> {
  return /^[^\s+]+\+[0-9a-f]{8}\+\S+$/.test(given.trim()) ? given.trim() : (await readFile(given, 'utf8')).trim()
}

function textOf(report: VerifyReport): string {
  const { findings, findingsOmitted, contents, notes } = report
  const lines = findings.map((f) => `${f.where}: ${f.kind}: ${f.message}`)
  if (findingsOmitted > 0) lines.push(`and ${findingsOmitted} more`)
  const size = report.size === null ? 'no valid checkpoint' : `${report.size} entries of ${report.origin}`
  const unnamed = contents.unnamed === 0 ? '' : `, ${contents.unnamed} without who it was`
  const told = `${contents.checked} contents match${unnamed}, ${contents.erased} were erased`
  lines.push(`${report.ok ? 'sound' : `NOT SOUND (${findings.length + findingsOmitted} findings)`}: ${size}; ${told}`)
  lines.push(...notes)
  return `${lines.join('\n')}\n`
}

function cannotTell(why: string): 2 {
  process.stderr.write(`quarterdeck audit verify: cannot tell: ${why}\n`)
  return 2
}
