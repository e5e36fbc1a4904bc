/**
 * Runs one command so that it cannot outlive the agent: `node launcher.ts program arguments…`.
 *
 * The agent starts this file as the leader of a process group of its own and holds the other end of file descriptor 3.
 * However the agent ends, kill -9 included, the kernel closes that end, and this process kills its whole group: the
 * command, whatever it is, and all that it started. No cooperation of the command is needed.
 */
import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

const lifeline = new Socket({ fd: 3, readable: true, writable: true })
const [program = '', ...args] = process.argv.slice(2)

function killGroup(): void {
  process.kill(-process.pid, 'SIGKILL')
}

function report(message: Record<string, unknown>, then: () => void): void {
  lifeline.write(`${JSON.stringify(message)}\n`, then)
}

lifeline.on('data', () => {})
lifeline.on('close', killGroup)
lifeline.on('error', killGroup)
// The agent stops a server by signalling the group; the command decides when it is done, and its exit ends us.
process.on('SIGTERM', () => {})
process.on('SIGINT', () => {})

const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
child.once('spawn', () => report({ pid: child.pid }, () => {}))
child.once('error', (error) => report({ exit: { code: null, signal: null, error: error.message } }, killGroup))
child.once('exit', (code, signal) => report({ exit: { code, signal } }, killGroup))
