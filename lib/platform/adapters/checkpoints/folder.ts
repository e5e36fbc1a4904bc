import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { problem } from '#lib/platform/errors.ts'
import type { CheckpointStore } from '#lib/platform/ports/checkpoint-store.ts'

/**
 * A folder, such as a mounted share of another organisation. It must exist: one that is not mounted is not made anew.
 * Files are written whole, synced and renamed; one writer at a time (the caller holds a lease).
 */
export function folderStore(folder: string, options: { keepsTiles: boolean }): CheckpointStore {
  const place = (relative: string) => path.join(folder, relative)
  const readIfThere = async (relative: string): Promise<Buffer | undefined> => {
    try {
      return await readFile(place(relative))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw unreachable(folder, error)
    }
  }
  const assertMounted = async () => {
    try {
      if ((await stat(folder)).isDirectory()) return
    } catch (error) {
      throw unreachable(folder, error)
    }
    throw unreachable(folder, new Error('not a folder'))
  }
  const write = async (relative: string, bytes: Uint8Array) => {
    try {
      await mkdir(path.dirname(place(relative)), { recursive: true })
      await writeWhole(place(relative), bytes)
    } catch (error) {
      throw unreachable(folder, error)
    }
  }
  const current = async () => {
    await assertMounted()
    return (await readIfThere('checkpoint'))?.toString('utf8')
  }
  return {
    target: `folder ${folder}`,
    keepsTiles: options.keepsTiles,
    readCheckpoint: current,
    readFile: readIfThere,
    async writeFiles(files) {
      await assertMounted()
      for (const file of files) {
        const held = await readIfThere(file.path)
        if (held === undefined) await write(file.path, file.bytes)
        else if (!held.equals(file.bytes))
          throw problem('conflict', `${file.path} stands in ${folder} with other bytes.`)
      }
    },
    async writeCheckpoint(note, expected) {
      if ((await current()) !== expected)
        throw problem('conflict', `Another checkpoint stands in ${folder} than the one that was read.`)
      await write('checkpoint', Buffer.from(note, 'utf8'))
    },
  }
}

async function writeWhole(target: string, bytes: Uint8Array): Promise<void> {
  const staged = `${target}.new`
  const handle = await open(staged, 'w')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(staged, target)
  const folder = await open(path.dirname(target), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function unreachable(folder: string, cause: unknown): Error {
  const message = `The folder ${folder} cannot be used to publish the audit log: is it there and writable?`
  return problem('unavailable', message, { reason: codeOf(cause) ?? 'failed' }, { cause })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
