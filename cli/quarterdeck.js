#!/usr/bin/env node
// The `quarterdeck` command from a clone: installs what is missing, then runs cli/main.ts under Node 24.
import { join } from 'node:path'
import { ensureInstalled } from '../scripts/install.js'
import { launch, orExplain, root } from '../scripts/launch.js'

await orExplain(async () => {
  await ensureInstalled('production')
  await launch(join(root, 'cli', 'main.ts'), process.argv.slice(2))
})
