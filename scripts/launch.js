// Starts a Node 24 program from whatever Node runs this file (20 or newer). Plain JavaScript, no dependencies:
// it must work before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import nodeModule from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const binFolder = join(root, 'node_modules', '.bin')
const tether = pathToFileURL(join(root, 'scripts', 'tether.js')).href
const { enableCompileCache } = nodeModule
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']
const wantedMajor = 24

/** What stops a program before it runs: its message is the whole explanation, so no stack is shown. */
export class SetupError extends Error {
  name = 'SetupError'
}

/** Runs what comes before a program and explains what stops it. @param {() => Promise<void>} work */
export async function orExplain(work) {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`quarterdeck: ${error.message}\n`)
    process.exitCode = 1
  }
}

/**
 * Runs `file` (a script for Node) with `args` under Node 24 or newer, as `exec` would: same standard streams, signals
 * passed on, same exit code. In this very process when it is new enough.
 * @param {string} file @param {string[]} args
 */
export async function launch(file, args) {
  process.env.PATH = pathWithNode()
  keepCompiled()
  if (Number(process.versions.node.split('.')[0]) >= wantedMajor) {
    process.argv = [process.execPath, file, ...args]
    watchNpm(() => process.kill(process.pid, 'SIGTERM'))
    await import(pathToFileURL(file).href)
    return
  }
  relay(nodePath(), [file, ...args])
}

/**
 * Spawns a Node program in a process group of its own that ends when this process ends, however it ends.
 * @param {string} node @param {string[]} args @param {{ stdio: any[], env?: NodeJS.ProcessEnv, cwd?: string }} options
 * @returns {import('node:child_process').ChildProcess}
 */
export function spawnTethered(node, args, options) {
  const fd = options.stdio.length
  const child = spawn(node, ['--import', tether, ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...(options.env ?? process.env), QUARTERDECK_TETHER_FD: String(fd) },
    stdio: [...options.stdio, 'pipe'],
    detached: process.platform !== 'win32',
  })
  // The pipe carries nothing; an error on it only says that the child is gone, which `exit` says too.
  child.stdio[fd]?.on('error', () => undefined)
  return child
}

/** The script behind a command of node_modules/.bin, or undefined when it is not a Node script. @param {string} name */
export function binScript(name) {
  const link = join(binFolder, name)
  if (!existsSync(link)) return undefined
  const file = realpathSync(link)
  return readFileSync(file, { encoding: 'latin1' }).slice(0, 64).startsWith('#!/usr/bin/env node') ? file : undefined
}

/** Tells a child's whole process group; a group that is gone already is what was wanted.
 * @param {number | undefined} pid @param {NodeJS.Signals} name */
export function signalGroup(pid, name) {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, name)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/**
 * Runs a Node program in the place of this process: same streams, signals passed on, and this process ends as it ends.
 * @param {string} node @param {string[]} args
 */
export function relay(node, args) {
  const child = spawnTethered(node, args, { stdio: ['inherit', 'inherit', 'inherit'] })
  // A Ctrl-C reaches this process twice (from the terminal and from npm), and must reach the child once.
  const lastSentMs = new Map()
  for (const name of forwarded) {
    process.on(name, () => {
      const now = performance.now()
      if (now - (lastSentMs.get(name) ?? -Infinity) < 200) return
      lastSentMs.set(name, now)
      child.kill(name)
    })
  }
  watchNpm(() => child.kill('SIGTERM'))
  child.on('error', (error) => {
    process.stderr.write(`quarterdeck: cannot start ${child.spawnfile}: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    // What the child left in its group has nobody to answer to any more.
    signalGroup(child.pid, 'SIGTERM')
    if (signal === null) process.exit(code ?? 1)
    for (const name of forwarded) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

/**
 * Node keeps what it compiled (and stripped of types) between runs, here and in every process below: hundreds of modules
 * are read in less than half the time. A folder that cannot be written costs only the time that it would have saved.
 */
function keepCompiled() {
  process.env.NODE_COMPILE_CACHE ||= join(root, 'var', 'cache', 'compiled')
  // Absent before Node 22, which only starts the Node that this is for.
  enableCompileCache?.(process.env.NODE_COMPILE_CACHE)
}

/** npm killed by SIGKILL tells nobody; under an npm script a changed parent means that it is gone. @param {() => void} gone */
function watchNpm(gone) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    gone()
  }, 500)
  timer.unref()
}

/** The Node 24 that npm installed for this platform. */
function nodePath() {
  const system = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${system}-${process.arch}`
  const file = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(file)) return file
  throw new SetupError(
    `this is Node ${process.versions.node}, Quarterdeck needs ${wantedMajor} or newer, and npm has none for ` +
      `${process.platform}-${process.arch} (${name}). Install Node ${wantedMajor} (see .nvmrc) and run this again.`,
  )
}

/** PATH whose first `node` is the one that is used here. */
function pathWithNode() {
  const rest = (process.env.PATH ?? '').split(delimiter).filter((part) => part !== binFolder)
  const own = existsSync(join(binFolder, 'node')) ? [] : [dirname(process.execPath)]
  return [binFolder, ...own, ...rest].join(delimiter)
}
