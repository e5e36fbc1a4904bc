import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessMatrix } from '#lib/access/access-matrix.ts'
import { buildAccessRules } from '#lib/access/rules.ts'

// Writes policies/access/access-matrix.txt: who may do what, for review. A test holds it equal to the rules.
const folder = join(import.meta.dirname, '..', 'policies', 'access')
const [model, policy] = await Promise.all(
  ['model.conf', 'roles.csv'].map((file) => readFile(join(folder, file), 'utf8')),
)
await writeFile(join(folder, 'access-matrix.txt'), accessMatrix(await buildAccessRules(model ?? '', policy ?? '')))
