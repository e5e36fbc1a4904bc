import { lstat, opendir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Findings } from './export-finding.ts'
import { TILE_WIDTH, parseLogPath, tileWidth } from './tiles.ts'

export const CHECKPOINT_FILE = 'checkpoint'
export const ENTRIES_FILE = 'entries.ndjson'
export const KEY_FILE = 'log.vkey'
/** For people; nothing in it is believed. */
export const README_FILE = 'README.txt'

const FOLDER_DEPTH_MAX = 12

/** How many bytes a file may have; `exact` when both bounds are equal. */
export type LengthBounds = { readonly min: number; readonly max: number }

/** Reads a regular file of the export whole, or names what is wrong with it and answers undefined. */
export async function readExportFile(
  folder: string,
  relative: string,
  { min, max }: LengthBounds,
  findings: Findings,
): Promise<Buffer | undefined> {
  const where = relative
  try {
    const stat = await lstat(path.join(folder, relative))
    if (!stat.isFile()) {
      findings.add({ kind: 'unreadable-file', where, message: 'is not a regular file' })
      return undefined
    }
    if (stat.size < min || stat.size > max) {
      const expected = min === max ? `${min}` : `${min} to ${max}`
      findings.add({ kind: 'wrong-length', where, message: `has ${stat.size} bytes, should have ${expected}` })
      return undefined
    }
    return await readFile(path.join(folder, relative))
  } catch (error) {
    if (isAbsent(error)) findings.add({ kind: 'missing-file', where, message: 'is missing' })
    else findings.add({ kind: 'unreadable-file', where, message: `cannot be read: ${String(error)}` })
    return undefined
  }
}

/** True if something of that name exists, whatever it is. */
export async function exists(folder: string, relative: string): Promise<boolean> {
  try {
    await lstat(path.join(folder, relative))
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

/** Widths below `width` for which the folder still holds a partial file beside this full path. */
export async function earlierWidths(folder: string, fullPath: string, width: number): Promise<number[]> {
  const widths: number[] = []
  try {
    for await (const item of await opendir(path.join(folder, `${fullPath}.p`)))
      if (/^[1-9]\d{0,2}$/.test(item.name) && Number(item.name) < width) widths.push(Number(item.name))
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
  return widths.sort((a, b) => a - b)
}

/** Names every file that has no place in the log of `size` entries. Reads folders entry by entry. */
export async function findExtraFiles(folder: string, size: number, findings: Findings): Promise<void> {
  const waiting = ['']
  for (let relative = waiting.pop(); relative !== undefined; relative = waiting.pop()) {
    for await (const item of await opendir(path.join(folder, relative))) {
      const where = relative === '' ? item.name : `${relative}/${item.name}`
      if (!item.isDirectory()) {
        if (!belongs(where, size))
          findings.add({ kind: 'extra-file', where, message: `has no place in a log of ${size} entries` })
      } else if (where.split('/').length >= FOLDER_DEPTH_MAX) {
        findings.add({ kind: 'extra-file', where, message: 'is a folder deeper than any tile' })
      } else {
        waiting.push(where)
      }
    }
  }
}

/** A partial file of an earlier size belongs: a log keeps them for every checkpoint that it published. */
function belongs(relative: string, size: number): boolean {
  if ([CHECKPOINT_FILE, ENTRIES_FILE, KEY_FILE, README_FILE].includes(relative)) return true
  const place = parseLogPath(relative)
  if (place === undefined) return false
  const width = tileWidth(size, place.kind === 'tile' ? place.level : 0, place.index)
  return place.width <= Math.min(width, TILE_WIDTH)
}

function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}
