import { pino, type Logger } from 'pino'

export type Log = Logger

/** Keys whose values never reach a log line, in the logged object itself and in objects one or two levels within it. */
const secretPaths = ['authorization', 'cookie', 'token', 'secret', 'password', 'key', 'databaseUrl'].flatMap((k) => [
  k,
  `*.${k}`,
  `*.*.${k}`,
])

/** A structured logger that writes JSON lines to standard error (standard output belongs to the CLI's answers). */
export function createLog(options: { level: string; role: string; instance: string }): Log {
  return pino(
    {
      level: options.level,
      base: { role: options.role, instance: options.instance },
      redact: { paths: secretPaths, censor: '[secret]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ fd: 2, sync: true }),
  )
}

/** A log that says nothing, for tests. */
export function silentLog(): Log {
  return pino({ level: 'silent' })
}
