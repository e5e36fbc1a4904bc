import { z } from 'zod'

const secret = z.string().min(1).max(4_000)
const address = z
  .string()
  .max(500)
  .refine(isAddress, { error: 'must be http:// or https://, without a user, a query or a fragment' })

export const Auth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('basic'), username: z.string().min(1).max(200), password: secret }),
  z.strictObject({ kind: z.literal('bearer'), token: secret }),
])
export type Auth = z.output<typeof Auth>

export const outsideEdits = ['report', 'put-back'] as const
export const registryStates = ['checking', 'connected', 'failing', 'disabled'] as const
export type RegistryState = (typeof registryStates)[number]

export const ConnectRegistryInput = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{1,40}$/, {
    error: 'must be 2 to 41 lower-case letters, digits and dashes, and start with a letter',
  }),
  url: address,
  auth: Auth.default({ kind: 'none' }),
  /** PEM of the authority that issued its certificate, where it is none that everybody knows. */
  ca: z.string().max(60_000).includes('-----BEGIN CERTIFICATE-----', { error: 'must be PEM' }).optional(),
  /** MLflow's own workspace, where its server has several. */
  upstreamWorkspace: z.string().min(1).max(200).optional(),
  /** What becomes of an alias that somebody moves there: told, or told and put back. */
  outsideEdits: z.enum(outsideEdits).default('report'),
})
export type ConnectRegistryInput = z.input<typeof ConnectRegistryInput>

export const RegistryInput = z.strictObject({ registryId: z.string().startsWith('rg_') })
export type RegistryInput = z.input<typeof RegistryInput>

export const ChooseModelsInput = z.strictObject({
  registryId: z.string().startsWith('rg_'),
  /** Names as the registry has them. */
  models: z.array(z.string().min(1).max(500)).min(1).max(1_000),
})
export type ChooseModelsInput = z.input<typeof ChooseModelsInput>

export const DisableRegistryInput = z.strictObject({
  registryId: z.string().startsWith('rg_'),
  reason: z.string().trim().min(3).max(1_000),
})
export type DisableRegistryInput = z.input<typeof DisableRegistryInput>

/** What of a connection may be shown; what is secret is sealed beside it. */
export type RegistrySettings = {
  auth: Auth['kind']
  username: string | null
  ca: string | null
  upstreamWorkspace: string | null
}

export type RegistryView = {
  id: string
  name: string
  kind: 'mlflow'
  url: string
  auth: Auth['kind']
  outsideEdits: (typeof outsideEdits)[number]
  state: RegistryState
  because: string
  serverVersion: string | null
  createdAt: Date
  checkedAt: Date | null
  scannedAt: Date | null
  syncedAt: Date | null
  hookAt: Date | null
  /** What was seen there and what of it is here. */
  models: number
  chosen: number
  versions: number
  imported: number
  failed: number
}

export type UpstreamModelView = {
  name: string
  description: string
  tags: Record<string, string>
  aliases: Record<string, number>
  versions: number
  imported: number
  failed: number
  /** Why one of its versions is not here, where that is so. */
  because: string | null
  chosen: boolean
  modelId: string | null
  gone: boolean
}

const ended = { allowed: false, because: 'the connection was disabled: connect the registry again' } as const

/** What may be done to a connection in its state. */
export const can = {
  test: (state: RegistryState) => (state === 'disabled' ? ended : ({ allowed: true } as const)),
  choose: (state: RegistryState) => (state === 'disabled' ? ended : ({ allowed: true } as const)),
  disable: (state: RegistryState) => (state === 'disabled' ? ended : ({ allowed: true } as const)),
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return plain && (url.protocol === 'https:' || url.protocol === 'http:')
}
