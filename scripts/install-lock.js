// A lock file with an owner and a pulse, for the time of one installation. Plain JavaScript, no dependencies.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { SetupError } from './launch.js'

const pulseMs = 5_000
const silentMsMax = 60_000
const waitMsMax = 20 * 60_000
const pollMs = 250

/**
 * Runs `work` while no other process holds the lock at `file`. A lock is stale, and is taken over, when its process on this
 * host is gone or when nobody has touched it for a minute.
 * @param {string} file @param {() => Promise<void>} work
 */
export async function withInstallLock(file, work) {
  mkdirSync(dirname(file), { recursive: true })
  const mark = await acquire(file)
  const pulse = setInterval(() => touch(file), pulseMs)
  pulse.unref()
  const release = () => {
    if (read(file) === mark) rmSync(file, { force: true })
  }
  process.on('exit', release)
  try {
    await work()
  } finally {
    clearInterval(pulse)
    process.removeListener('exit', release)
    release()
  }
}

/** @param {string} file */
async function acquire(file) {
  const mark = JSON.stringify({ pid: process.pid, host: hostname(), startedTicks: startedTicks(process.pid) })
  const polls = Math.ceil(waitMsMax / pollMs)
  for (let poll = 0; poll < polls; poll += 1) {
    if (create(file, mark)) return mark
    const held = read(file)
    if (held !== undefined && stale(file, held)) remove(file, held)
    else {
      if (poll === 0) process.stderr.write(`quarterdeck: another process is installing (${file}); waiting for it\n`)
      await pause(pollMs)
    }
  }
  throw new SetupError(
    `another installation has held ${file} for ${waitMsMax / 60_000} minutes; end it, then run this again`,
  )
}

/** @param {string} file @param {string} mark */
function create(file, mark) {
  try {
    writeFileSync(file, mark, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** @param {string} file @param {string} held */
function stale(file, held) {
  const modifiedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs
  // Another process released it in between: the next attempt to create it decides.
  if (modifiedMs === undefined) return false
  if (Date.now() - modifiedMs > silentMsMax) return true
  let owner
  try {
    owner = JSON.parse(held)
  } catch (error) {
    // Half written: its owner is between creating it and writing into it, or died there and falls silent.
    if (error instanceof SyntaxError) return false
    throw error
  }
  return owner.host === hostname() && (!alive(owner.pid) || startedTicks(owner.pid) !== owner.startedTicks)
}

/**
 * Moves the stale lock aside before deleting it: of two processes that saw the same stale lock, the slower one may have
 * moved the other's fresh lock, notices by its content, and puts it back.
 * @param {string} file @param {string} held
 */
function remove(file, held) {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
    if (readFileSync(aside, 'utf8') !== held) linkSync(aside, file)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  rmSync(aside, { force: true })
}

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** When the process started, in kernel ticks: tells a reused pid from the first. Undefined without /proc or for a zombie. @param {number} pid */
function startedTicks(pid) {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19]
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
}

/** @param {string} file */
function touch(file) {
  const now = new Date()
  try {
    utimesSync(file, now, now)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}
