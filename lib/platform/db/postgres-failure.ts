import { readFileSync } from 'node:fs'
import { problem, isProblem } from '#lib/platform/errors.ts'

/** What PostgreSQL, initdb or the kernel say, and what the person at the keyboard can do about it. */
const explanations: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /ENOSPC|No space left on device/i,
    'The disk is full. Free some space there and start again; nothing committed was lost.',
  ],
  [/EDQUOT|Disk quota exceeded/i, 'The disk quota is used up. Raise it or free some space, then start again.'],
  [/EROFS|Read-only file system/i, 'The disk is mounted read-only. Choose a writable folder with QUARTERDECK_DATA.'],
  [
    /EIO|Input\/output error/i,
    'The disk reports errors. Check it (dmesg, smartctl) before you start again, and restore from a backup if data is damaged.',
  ],
  [
    /could not create shared memory|could not map anonymous shared memory|Cannot allocate memory/i,
    'The machine has too little memory left for PostgreSQL (it asks for about 150 MB).',
  ],
  [
    /could not look up effective user ID|user does not exist/i,
    'The user has no entry in /etc/passwd. Add one, or start Quarterdeck as a user that has.',
  ],
  [
    /has wrong ownership|EACCES|EPERM|Permission denied/i,
    'Quarterdeck may not write there. Start it as the user who owns the folder, or choose another with QUARTERDECK_DATA.',
  ],
  [
    /could not locate a valid checkpoint record|invalid (primary )?checkpoint|PANIC/i,
    'The database files are damaged. Restore the folder from a backup.',
  ],
]

/**
 * One error that says what failed, what to do, and quotes the end of what PostgreSQL said.
 *
 * @param doing what was tried, such as "PostgreSQL could not be started in /var/lib/quarterdeck/postgres"
 */
export function explainFailure(doing: string, said: string, cause?: unknown): Error {
  if (isProblem(cause)) return cause
  const advice = explanations.find(([pattern]) => pattern.test(said))?.[1]
  const quoted = said.trim().split('\n').slice(-8).join('\n')
  return problem(
    'unavailable',
    [`${doing}.`, advice, quoted && `It said:\n${quoted}`].filter(Boolean).join(' '),
    {},
    { cause },
  )
}

/** The last `bytes` of a log file, or nothing if there is no such file. */
export function tailOf(file: string, bytes = 8192): string {
  try {
    return readFileSync(file).subarray(-bytes).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
