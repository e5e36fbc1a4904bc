import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from './errors.ts'

export type PolicyFile = { file: string; text: string }

const filesMax = 500
const bytesMax = 262_144

/** The policies' folder of this installation: `policies/<kind>` below the working folder. */
export function policyFolder(kind: string): string {
  return join(/* turbopackIgnore: true */ process.cwd(), 'policies', kind)
}

/**
 * The YAML files of a policy folder, in the order of their names. What they say is for the domain's parser.
 * @throws when there is none, too many, or one too large: a start without its policies would decide by none
 */
export async function readPolicyFiles(folder: string): Promise<PolicyFile[]> {
  if (!existsSync(/* turbopackIgnore: true */ folder))
    throw problem(
      'not-found',
      `There is no folder ${folder}. Policies are read below the folder in which a command is started: start it in that of the product.`,
    )
  const names = (await readdir(/* turbopackIgnore: true */ folder)).filter((f) => f.endsWith('.yaml')).sort()
  if (names.length === 0 || names.length > filesMax)
    throw new Error(`${folder} has ${names.length} policy files: 1 to ${filesMax} are read`)
  return Promise.all(names.map((file) => readPolicyFile(folder, file)))
}

/** One file of a policy folder. @throws when it is missing or has more than 256 KiB */
export async function readPolicyFile(folder: string, file: string): Promise<PolicyFile> {
  const text = await readFile(/* turbopackIgnore: true */ join(folder, file), 'utf8')
  if (text.length > bytesMax) throw new Error(`${file}: a policy file has at most ${bytesMax} bytes`)
  return { file, text }
}
