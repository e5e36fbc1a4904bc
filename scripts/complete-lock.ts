// `node scripts/run.js complete-lock`, after every `npm install`: a registry that lacks the builds of some platforms makes npm
// write a lock without them, silently, and `npm ci` then refuses that lock everywhere. This adds their entries, without an
// integrity (nobody here has seen the files), optional, and bound to their platform, so that other platforms skip them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { completeLock, type Lock } from './lock.ts'
import { root } from './launch.js'

const file = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock
const { lock: complete, added } = completeLock(lock)
writeFileSync(file, `${JSON.stringify(complete, undefined, 2)}\n`)
process.stdout.write(`${added.length} entries added to package-lock.json\n`)
