import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { endpointState, endpointsMax, type EndpointState } from './state.ts'

export type StateFiles = {
  /** Returns once the state would survive a power cut. Calls for one endpoint must not overlap. */
  save(state: EndpointState): Promise<void>
}

/**
 * Opens the folder of endpoint states (one JSON file each) and reads what is there. A file that cannot be read stops the
 * start: serving on without knowing the fences would let stale actors in.
 * @throws Error naming the file and what to do.
 */
export async function openStateFiles(folder: string): Promise<{ files: StateFiles; states: EndpointState[] }> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  if (names.length > endpointsMax) throw new Error(`${folder} holds more than ${endpointsMax} endpoints`)
  const states = await Promise.all(names.map((name) => readState(join(folder, name))))
  return { files: { save: (state) => save(folder, state) }, states }
}

async function readState(path: string): Promise<EndpointState> {
  const text = await readFile(path, 'utf8')
  try {
    return endpointState.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${path} is not a state of this agent; restore it, or move it away to begin that endpoint anew`, {
      cause,
    })
  }
}

/** Written beside, synced, renamed over, and the folder synced: a reader sees the old state or the new one, whole. */
async function save(folder: string, state: EndpointState): Promise<void> {
  const path = join(folder, `${state.endpointId}.json`)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(state))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
