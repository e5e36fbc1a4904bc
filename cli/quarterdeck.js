#!/usr/bin/env node
// The `quarterdeck` command from a clone: installs what is missing, then runs cli/main.ts under Node 24.
import { join } from 'node:path'
import { ensureInstalled } from '../scripts/install.js'
import { launch, root } from '../scripts/launch.js'

try {
  await ensureInstalled('production')
} catch (error) {
  process.stderr.write(`quarterdeck: ${error.message}\n`)
  process.exit(1)
}
await launch(join(root, 'cli', 'main.ts'), process.argv.slice(2))
