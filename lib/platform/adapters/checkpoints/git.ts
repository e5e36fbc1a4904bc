import { execFile } from 'node:child_process'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { problem } from '#lib/platform/errors.ts'
import type { CheckpointStore } from '#lib/platform/ports/checkpoint-store.ts'

export type GitStoreOptions = {
  /** As git understands it: ssh://, https:// or file://. */
  url: string
  branch: string
  /** A folder of our own for the clone; whatever is in it may be lost at any time. */
  workFolder: string
  identity: { name: string; email: string }
  keepsTiles: boolean
}

const run = promisify(execFile)
const timeoutMs = 60_000
const outputBytesMax = 1_048_576

/**
 * A branch of a git repository: a commit for each checkpoint, so that its history keeps all of them, pushed without force.
 * Runs the system's git with fixed arguments and without a shell, with nothing of our environment but a home for its keys;
 * hooks and helpers of the clone are off. Every turn starts from what the remote has.
 */
export function gitStore(options: GitStoreOptions): CheckpointStore {
  const { url, branch, workFolder } = options
  const clone = path.join(workFolder, 'clone')
  const shown = shownUrl(url)
  const git = async (args: readonly string[], inClone = true): Promise<string> => {
    try {
      const { stdout } = await run('git', [...fixed(options), ...(inClone ? ['-C', clone] : []), ...args], {
        timeout: timeoutMs,
        maxBuffer: outputBytesMax,
        env: environment,
      })
      return stdout
    } catch (cause) {
      throw problem('unavailable', `git ${args[0] ?? ''} of ${shown} failed.`, {}, { cause })
    }
  }
  const prepare = async () => {
    await mkdir(workFolder, { recursive: true, mode: 0o700 })
    if (!(await isThere(path.join(clone, '.git'))))
      await git(['init', '--quiet', '--initial-branch', branch, clone], false)
  }
  /** Makes the clone equal to the remote's branch. @returns false when the remote has no such branch yet */
  const sync = async (): Promise<boolean> => {
    await prepare()
    const there = (await git(['ls-remote', '--heads', '--', url, `refs/heads/${branch}`])).trim() !== ''
    if (there) {
      await git(['fetch', '--quiet', '--depth', '1', '--no-tags', '--', url, `refs/heads/${branch}`])
      await git(['reset', '--quiet', '--hard', 'FETCH_HEAD'])
    } else {
      await git(['update-ref', '-d', `refs/heads/${branch}`])
      await git(['read-tree', '--empty'])
    }
    // What an unfinished turn has left is not published and not built upon.
    await git(['clean', '--quiet', '-ffdx'])
    return there
  }
  return {
    target: `git ${shown}#${branch}`,
    keepsTiles: options.keepsTiles,
    async readCheckpoint() {
      await sync()
      return (await readIfThere(path.join(clone, 'checkpoint')))?.toString('utf8')
    },
    readFile: (relative) => readIfThere(path.join(clone, relative)),
    async writeFiles(files) {
      for (const file of files) {
        const place = path.join(clone, file.path)
        const held = await readIfThere(place)
        if (held?.equals(file.bytes)) continue
        if (held) throw problem('conflict', `${file.path} stands in ${shown} with other bytes.`)
        await mkdir(path.dirname(place), { recursive: true })
        await writeFile(place, file.bytes)
      }
    },
    async writeCheckpoint(note, expected) {
      await prepare()
      const place = path.join(clone, 'checkpoint')
      if ((await readIfThere(place))?.toString('utf8') !== expected) throw moved(shown)
      await writeFile(place, note)
      await git(['add', '--all', '--force'])
      await git(['commit', '--quiet', '--allow-empty', '--no-verify', '--message', subjectOf(note)])
      try {
        // Without force: who has pushed meanwhile is not overwritten.
        await git(['push', '--quiet', '--no-verify', '--', url, `HEAD:refs/heads/${branch}`])
      } catch (cause) {
        const reachable = await sync()
        const stands = (await readIfThere(place))?.toString('utf8')
        // The push may have arrived although its answer was lost.
        if (reachable && stands === note) return
        throw stands === expected ? cause : moved(shown)
      }
    },
  }
}

const environment: NodeJS.ProcessEnv = {
  NODE_ENV: 'production',
  PATH: '/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin',
  HOME: homedir(),
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
}

function fixed({ identity }: GitStoreOptions): string[] {
  const settings = {
    'user.name': identity.name,
    'user.email': identity.email,
    'core.hooksPath': '/dev/null',
    'core.autocrlf': 'false',
    'core.fsmonitor': 'false',
    'commit.gpgSign': 'false',
    'gc.auto': '0',
    'protocol.ext.allow': 'never',
  }
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
}

/** The first two lines of a checkpoint: which log, how many entries. */
function subjectOf(note: string): string {
  const [origin = '', size = ''] = note.split('\n')
  return `Checkpoint of ${origin} at ${size} entries`
}

function moved(shown: string): Error {
  return problem('conflict', `Another checkpoint stands in ${shown} than the one that was read.`)
}

/** Without user and password. */
function shownUrl(url: string): string {
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  return parsed.href
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(absent)) !== undefined
}

function readIfThere(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(absent)
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    return undefined
  throw error
}
