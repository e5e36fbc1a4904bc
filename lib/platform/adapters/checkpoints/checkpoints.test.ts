import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkpointStoreContract } from '#lib/platform/ports/checkpoint-store.contract.ts'
import { folderStore } from './folder.ts'
import { gitStore } from './git.ts'

checkpointStoreContract('folder', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'quarterdeck-store-'))
  const folder = path.join(root, 'published')
  await mkdir(folder)
  return {
    open: () => Promise.resolve(folderStore(folder, { keepsTiles: true })),
    tamper: (file, bytes) => writeFile(path.join(folder, file), bytes),
    stop: () => rename(folder, `${folder}-unmounted`),
    close: () => rm(root, { recursive: true, force: true }),
  }
})

const identity = { name: 'Quarterdeck audit log', email: 'audit@quarterdeck.invalid' }

/** A bare repository on this machine, which git reaches as it reaches any other. */
async function bareRepository() {
  const root = await mkdtemp(path.join(tmpdir(), 'quarterdeck-store-'))
  const bare = path.join(root, 'log.git')
  const git = (...args: string[]) => execFileSync('git', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  git('init', '--quiet', '--bare', bare)
  let clones = 0
  const open = () => {
    clones += 1
    return gitStore({
      url: `file://${bare}`,
      branch: 'audit-log',
      workFolder: path.join(root, `clone-${clones}`),
      identity,
      keepsTiles: true,
    })
  }
  return { root, bare, git, open }
}

checkpointStoreContract('git repository', async () => {
  const { root, bare, git, open } = await bareRepository()
  return {
    open: () => Promise.resolve(open()),
    tamper: async (file, bytes) => {
      const clone = path.join(root, 'attacker')
      git('clone', '--quiet', '--branch', 'audit-log', bare, clone)
      await writeFile(path.join(clone, file), bytes)
      git('-C', clone, '-c', 'user.name=m', '-c', 'user.email=m@x', 'commit', '--quiet', '--all', '--message', 'forged')
      git('-C', clone, 'push', '--quiet', 'origin', 'HEAD:audit-log')
    },
    stop: () => rename(bare, `${bare}-away`),
    close: () => rm(root, { recursive: true, force: true }),
  }
})

describe('a git repository as checkpoint store', () => {
  it('keeps every checkpoint in its history, under our identity', async () => {
    const { root, bare, git, open } = await bareRepository()
    try {
      const store = open()
      for (const size of [1, 2, 3]) {
        const expected = await store.readCheckpoint()
        await store.writeFiles([{ path: `tile/0/000.p/${size}`, bytes: Buffer.from('x'.repeat(size)) }])
        await store.writeCheckpoint(`example.com/log\n${size}\nroot\n`, expected)
      }
      expect(git('-C', bare, 'log', '--format=%s|%an|%ae', 'audit-log').trim().split('\n')).toEqual(
        [3, 2, 1].map((n) => `Checkpoint of example.com/log at ${n} entries|${identity.name}|${identity.email}`),
      )
      const files = git('-C', bare, 'ls-tree', '-r', '--name-only', 'audit-log').trim().split('\n')
      expect(files).toEqual(['checkpoint', 'tile/0/000.p/1', 'tile/0/000.p/2', 'tile/0/000.p/3'])
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })
})
