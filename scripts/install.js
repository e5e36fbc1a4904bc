// Brings node_modules in line with package-lock.json, once, whoever asks first. Plain JavaScript, no dependencies.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { withInstallLock } from './install-lock.js'
import { root, SetupError, signalGroup, spawnTethered } from './launch.js'

const stampFile = join(root, 'node_modules', '.quarterdeck-install.json')
const hiddenLockFile = join(root, 'node_modules', '.package-lock.json')
const installMsMax = 15 * 60_000

/**
 * Installs what `kind` needs unless a stamp says that it is there: `production` leaves development packages out, `full`
 * has everything (and serves `production` too). Ends the process with an explanation when npm fails.
 * @param {'production' | 'full'} kind
 */
export async function ensureInstalled(kind) {
  if (installed(kind)) return
  await withInstallLock(join(root, 'var', 'install.lock'), async () => {
    if (installed(kind)) return
    await npmCi(kind)
    writeStamp(kind)
  })
}

/** @param {'production' | 'full'} kind */
function installed(kind) {
  const stamp = readJson(stampFile)
  if (stamp !== undefined && stamp.lockSha256 === lockSha256() && stamp.platform === platform()) {
    return stamp.kind === 'full' || stamp.kind === kind
  }
  const found = installedByHand()
  if (found !== undefined) writeStamp(found)
  return found === 'full' || found === kind
}

/**
 * Whoever ran `npm ci` by hand need not wait for a second one: npm leaves a copy of the lock of what it installed.
 * @returns {'production' | 'full' | undefined}
 */
function installedByHand() {
  const hidden = readJson(hiddenLockFile)?.packages
  if (hidden === undefined) return undefined
  const wanted = Object.entries(readJson(join(root, 'package-lock.json'))?.packages ?? {}).filter(
    ([path]) => path !== '',
  )
  const present = ([path, entry]) =>
    entry.optional === true ||
    entry.devOptional === true ||
    (hidden[path]?.version === entry.version && hidden[path]?.integrity === entry.integrity)
  if (wanted.length === 0 || !wanted.filter(([, entry]) => entry.dev !== true).every(present)) return undefined
  return wanted.every(present) ? 'full' : 'production'
}

/** @param {'production' | 'full'} kind */
async function npmCi(kind) {
  const what = kind === 'full' ? 'all packages' : 'the packages it runs on'
  process.stderr.write(`quarterdeck: installing ${what} (npm ci; about half a minute)\n`)
  const args = ['ci', '--include=optional', kind === 'full' ? '--include=dev' : '--omit=dev', '--no-audit', '--no-fund']
  // npm runs on the older Node here and would warn about each package that wants a newer one, which it will have.
  args.push('--loglevel=error')
  const startedMs = performance.now()
  // npm's own words go to standard error: standard output belongs to the command that was asked for.
  const child = spawnTethered(process.execPath, [npmScript(), ...args], {
    cwd: root,
    env: npmEnv(),
    stdio: ['ignore', 2, 2],
  })
  const stop = (name) => {
    signalGroup(child.pid, name)
    process.exit(name === 'SIGINT' ? 130 : name === 'SIGHUP' ? 129 : 143)
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const name of names) process.on(name, stop)
  const progress = setInterval(() => {
    process.stderr.write(`quarterdeck: still installing, ${Math.round((performance.now() - startedMs) / 1000)} s\n`)
  }, 10_000)
  const limit = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), installMsMax)
  const outcome = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code, signal) => resolve(code === 0 ? 'done' : `exit ${code ?? signal}`))
  })
  clearInterval(progress)
  clearTimeout(limit)
  for (const name of names) process.removeListener(name, stop)
  if (outcome === 'done') {
    process.stderr.write(`quarterdeck: installed in ${Math.round((performance.now() - startedMs) / 1000)} s\n`)
    return
  }
  throw new SetupError(
    `npm ci failed (${outcome}); its reasons are above. The packages come from the npm registry of your npm settings ` +
      '(`npm config get registry`): without a network, run `npm ci --prefer-offline` on a machine that has them cached, ' +
      'or copy node_modules from one; with a proxy, set HTTPS_PROXY. Then run this command again.',
  )
}

/** npm's script, so that it can be run by this Node even while node_modules/.bin is being replaced. */
function npmScript() {
  const fromNpm = process.env.npm_execpath
  if (fromNpm !== undefined && /npm-cli\.c?js$/.test(fromNpm) && existsSync(fromNpm)) return fromNpm
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidates = [join(folder, 'npm'), join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js')]
    for (const file of candidates.filter((each) => existsSync(each)).map((each) => realpathSync(each))) {
      if (file.endsWith('.js')) return file
    }
  }
  throw new SetupError(
    'npm was not found on PATH. Install Node with npm (https://nodejs.org), then run this command again.',
  )
}

/**
 * The caller's npm settings without those that would change what `npm ci` installs or where: an outer `npm test` hands
 * its own down as npm_config_*, and NODE_ENV=production would leave packages out.
 */
function npmEnv() {
  const unwanted =
    /^npm_(?:config_(?:global|location|prefix|local_prefix|omit|include|only|also|production|dev|optional|dry_run|package_lock|package_lock_only|workspace|workspaces|ignore_scripts|call|package|if_present)$|lifecycle_|package_|command$)/i
  const kept = Object.entries(process.env).filter(
    ([name]) => !unwanted.test(name) && !/^NODE_(ENV|OPTIONS)$/.test(name),
  )
  return Object.fromEntries(kept)
}

/** @param {'production' | 'full'} kind */
function writeStamp(kind) {
  writeFileSync(stampFile, `${JSON.stringify({ kind, lockSha256: lockSha256(), platform: platform() })}\n`)
}

function lockSha256() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

function platform() {
  return `${process.platform}-${process.arch}`
}

/** A file that is missing or half written says nothing. @param {string} file */
function readJson(file) {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
