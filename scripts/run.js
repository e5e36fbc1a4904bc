#!/usr/bin/env node
// The entry of `npm start`, `npm test` and every other script: a clean clone has no node_modules and may be run by Node 20,
// which cannot run TypeScript. Installs what is missing, then continues under Node 24.
//
//   node scripts/run.js start [args]        the product on this machine
//   node scripts/run.js <name> [args]       scripts/<name>.ts: test, check, …
//   node scripts/run.js node <file> [args]  any program
//   node scripts/run.js <command> [args]    a command of node_modules/.bin
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ensureInstalled } from './install.js'
import { binScript, launch, orExplain, root, SetupError } from './launch.js'

const [command, ...args] = process.argv.slice(2)

await orExplain(async () => {
  if (command === undefined || !/^[a-z][a-z-]*$/.test(command)) {
    throw new SetupError('usage: node scripts/run.js start|test|check|node FILE|COMMAND')
  }
  await ensureInstalled(command === 'start' ? 'production' : 'full')
  await launch(...target())
})

/** @returns {[string, string[]]} the script to run and its arguments */
function target() {
  if (command === 'start') return [join(root, 'cli', 'main.ts'), ['start', ...args]]
  if (command === 'node' && args[0] !== undefined) return [resolve(args[0]), args.slice(1)]
  const script = join(root, 'scripts', `${command}.ts`)
  if (existsSync(script)) return [script, args]
  const bin = binScript(command)
  if (bin === undefined)
    throw new SetupError(`there is neither scripts/${command}.ts nor a command ${command} in node_modules/.bin`)
  return [bin, args]
}
