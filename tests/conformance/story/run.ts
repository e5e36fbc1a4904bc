/**
 * Tells the long story in a browser, that of the demonstration, on a product that is started for it (`npm test` tells the
 * short ones).
 *
 *   node tests/conformance/story/run.ts
 *
 * The last line says "N passed, N failed".
 */
import { root } from '../../../scripts/launch.js'
import { tellStories } from '../../../scripts/stories.ts'

process.chdir(root)
const { passed, failed } = await tellStories(['--project', 'demonstration'], 20 * 60_000)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
