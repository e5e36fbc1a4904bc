import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointStore } from './checkpoint-store.ts'

export interface CheckpointStoreHarness {
  /** A store on the same empty place, as another process would open it. */
  open(): Promise<CheckpointStore>
  /** Changes what stands at a path behind the store's back, as whoever controls the place could. */
  tamper(path: string, bytes: Uint8Array): Promise<void>
  /** Makes the place unreachable. */
  stop(): Promise<void>
  close(): Promise<void>
}

const bytes = (text: string) => Buffer.from(text)

/** What every adapter of the port must do, run against the real thing. The harness is made anew for each test. */
export function checkpointStoreContract(name: string, makeHarness: () => Promise<CheckpointStoreHarness>): void {
  describe(`checkpoint store: ${name}`, () => {
    let h: CheckpointStoreHarness
    let store: CheckpointStore
    beforeEach(async () => {
      h = await makeHarness()
      store = await h.open()
    })
    afterEach(() => h.close())

    const publish = async (by: CheckpointStore, note: string, files: Readonly<Record<string, string>> = {}) => {
      const expected = await by.readCheckpoint()
      await by.writeFiles(Object.entries(files).map(([path, text]) => ({ path, bytes: bytes(text) })))
      await by.writeCheckpoint(note, expected)
    }

    it('is empty at first', async () => {
      expect(await store.readCheckpoint()).toBeUndefined()
      expect(await store.readFile('tile/0/000.p/1')).toBeUndefined()
    })
    it('gives back what was published, to another process too', async () => {
      await publish(store, 'head — 1\n', { 'tile/0/000.p/1': 'a', 'tile/entries/000.p/1': 'b' })
      const other = await h.open()
      expect(await other.readCheckpoint()).toBe('head — 1\n')
      expect(await other.readFile('tile/0/000.p/1')).toEqual(bytes('a'))
      expect(await other.readFile('tile/0/000.p/2')).toBeUndefined()
    })
    it('replaces the checkpoint that was read', async () => {
      await publish(store, 'one\n')
      await publish(store, 'two\n', { 'tile/0/x001/000': 'full' })
      expect(await (await h.open()).readCheckpoint()).toBe('two\n')
    })
    it('refuses to replace another one, and shows which stands there', async () => {
      await publish(store, 'one\n')
      const late = await h.open()
      const expected = await late.readCheckpoint()
      await publish(store, 'two\n')
      await expect(late.writeCheckpoint('fork\n', expected)).rejects.toMatchObject({ code: 'conflict' })
      await expect((await h.open()).writeCheckpoint('fork\n', undefined)).rejects.toMatchObject({ code: 'conflict' })
      expect(await late.readCheckpoint()).toBe('two\n')
    })
    it('leaves a file that is equal, and never changes one', async () => {
      await publish(store, 'one\n', { 'tile/0/000': 'a' })
      await publish(store, 'two\n', { 'tile/0/000': 'a' })
      await store.readCheckpoint()
      const other = store.writeFiles([{ path: 'tile/0/000', bytes: bytes('b') }])
      await expect(other).rejects.toMatchObject({ code: 'conflict' })
      const reader = await h.open()
      await reader.readCheckpoint()
      expect(await reader.readFile('tile/0/000')).toEqual(bytes('a'))
    })
    it('goes on after a process that died before its checkpoint', async () => {
      await publish(store, 'one\n', { 'tile/0/000.p/1': 'a' })
      await store.readCheckpoint()
      await store.writeFiles([{ path: 'tile/0/000.p/2', bytes: bytes('ab') }])
      const next = await h.open()
      expect(await next.readCheckpoint()).toBe('one\n')
      await publish(next, 'two\n', { 'tile/0/000.p/2': 'ab' })
      expect(await (await h.open()).readCheckpoint()).toBe('two\n')
    })
    it('shows what somebody else has put there', async () => {
      await publish(store, 'one\n')
      await h.tamper('checkpoint', bytes('forged\n'))
      expect(await store.readCheckpoint()).toBe('forged\n')
    })
    it('says that it cannot be reached', async () => {
      await publish(store, 'one\n')
      await h.stop()
      await expect(store.readCheckpoint()).rejects.toMatchObject({ code: 'unavailable' })
    })
    it('names itself without a secret', () => {
      expect(store.target).not.toMatch(/secret|password|@.*:/)
    })
  })
}
