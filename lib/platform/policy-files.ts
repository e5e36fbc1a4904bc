import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

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
  const names = (await readdir(/* turbopackIgnore: true */ folder)).filter((f) => f.endsWith('.yaml')).sort()
  if (names.length === 0 || names.length > filesMax)
    throw new Error(`${folder} has ${names.length} policy files: 1 to ${filesMax} are read`)
  return Promise.all(names.map((file) => readOne(folder, file)))
}

async function readOne(folder: string, file: string): Promise<PolicyFile> {
  const text = await readFile(/* turbopackIgnore: true */ join(folder, file), 'utf8')
  if (text.length > bytesMax) throw new Error(`${file}: a policy file has at most ${bytesMax} bytes`)
  return { file, text }
}
