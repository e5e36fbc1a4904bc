export type LogFile = { readonly path: string; readonly bytes: Uint8Array }

/**
 * A place outside of this installation that holds copies of the log's head, and of its tiles: evidence is only what
 * somebody else holds. It never interprets what it is given.
 *
 * Calls come in this order: `readCheckpoint`, `writeFiles` any number of times, `writeCheckpoint`. Whoever dies in between has
 * published nothing: what was written under an earlier, unfinished turn is found equal and left, or was never seen.
 */
export type CheckpointStore = {
  /** Names the place in logs, pages and entries; it holds no secret. */
  readonly target: string
  /** True when tiles and bundles are kept beside the checkpoint. */
  readonly keepsTiles: boolean
  /** The signed note that stands there now; undefined where nothing was published. @throws `unavailable` */
  readCheckpoint(): Promise<string | undefined>
  /** The bytes of a file that was published; undefined where there is none. @throws `unavailable` */
  readFile(path: string): Promise<Buffer | undefined>
  /**
   * Writes files that never change. One that is there with the same bytes is left. @throws `conflict` when one is there with
   * other bytes, `unavailable`
   */
  writeFiles(files: readonly LogFile[]): Promise<void>
  /**
   * Replaces the checkpoint, and only the one that was read: `expected` is its text, undefined for none.
   * @throws `conflict` when another one stands there by now, `unavailable`
   */
  writeCheckpoint(note: string, expected: string | undefined): Promise<void>
}
