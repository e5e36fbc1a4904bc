import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { ClusterIdentity } from '#lib/platform/adapters/kubernetes/access.ts'
import { kubernetesClient, type KubernetesClient } from '#lib/platform/adapters/kubernetes/client.ts'
import { httpRoute } from '#lib/platform/adapters/kubernetes/http-route.ts'
import { trafficName } from '#lib/platform/adapters/kubernetes/names.ts'
import { objectsIn } from '#lib/platform/adapters/kubernetes/objects.ts'
import { kubernetesTraffic } from '#lib/platform/adapters/kubernetes/traffic.ts'
import { virtualService } from '#lib/platform/adapters/kubernetes/virtual-service.ts'
import type { TrafficChange } from '#lib/platform/ports/traffic.ts'
import { definitionFolders } from './build-programs.ts'
import { startControlPlane, type ControlPlane } from './control-plane.ts'
import { installDefinitions } from './definitions.ts'
import { httpRouteDialect } from './dialects.ts'
import { startGateway, type Gateway } from './gateway.ts'
import { makeNamespace } from './namespace.ts'

let plane: ControlPlane
let namespace: string
let token: string
let gateway: Gateway
const clients: KubernetesClient[] = []

beforeAll(async () => {
  plane = await startControlPlane()
  const routes = path.join(definitionFolders().gatewayApi, 'gateway.networking.k8s.io_httproutes.yaml')
  await installDefinitions(plane.admin, routes, ['httproutes.gateway.networking.k8s.io'])
})
afterAll(() => plane?.close())
beforeEach(async () => {
  namespace = `models-${randomUUID().slice(0, 8)}`
  token = await makeNamespace(plane.admin, namespace)
  gateway = startGateway(plane.admin, httpRouteDialect(namespace, 'public'))
})
afterEach(async () => {
  plane.thaw()
  await gateway.close()
  for (const client of clients.splice(0)) await client.close()
})

const clientAs = (identity: ClusterIdentity, over: { ca?: string | null } = {}) => {
  const settings = { timeoutMs: 3_000, nowMs: () => performance.now(), environment: {} }
  const client = kubernetesClient({ ...plane.access, ...over, identity }, settings)
  clients.push(client)
  return client
}
const kindOf = () => httpRoute({ namespace, gateway: { name: 'public', namespace }, hostnames: [], servicePort: 80 })
const portAs = (identity: ClusterIdentity, over: { ca?: string | null } = {}) =>
  kubernetesTraffic(clientAs(identity, over), kindOf(), { manager: 'quarterdeck', confirmMsMax: 2_000 })
const ours = () => portAs({ kind: 'token', token })
const change = (over: Partial<TrafficChange> = {}): TrafficChange => ({
  endpointId: 'flights',
  weights: [
    { versionId: 'v1', percent: 90 },
    { versionId: 'v2', percent: 10 },
  ],
  expectResourceVersion: null,
  fence: 1,
  manager: 'quarterdeck',
  ...over,
})
const at = () => `${kindOf().collection}/${trafficName('flights')}`
const edit = (body: unknown, manager: string) =>
  plane.admin.call({
    method: 'PATCH',
    path: at(),
    query: { fieldManager: manager },
    body,
    contentType: 'application/json-patch+json',
  })
const first = async () => {
  const result = await ours().write(change())
  if (result.kind !== 'applied') throw new Error(JSON.stringify(result))
  return result
}

describe('traffic on a real API server that does not do as we wish', () => {
  it('names who edited the weights, shows what they are, and does not overwrite them unseen', async () => {
    const before = await first()
    await edit([{ op: 'replace', path: '/spec/rules/0/backendRefs/1/weight', value: 810 }], 'kubectl-edit')
    const conflict = await ours().write(change({ expectResourceVersion: before.resourceVersion, fence: 2 }))
    const weights = [
      { versionId: 'v1', percent: 10 },
      { versionId: 'v2', percent: 90 },
    ]
    expect(conflict).toMatchObject({ kind: 'conflict', observed: { otherManager: 'kubectl-edit', weights } })
    if (conflict.kind !== 'conflict' || conflict.observed.kind !== 'observed') throw new Error('not observed')
    const { resourceVersion, generation } = conflict.observed
    expect(generation).toBe(before.generation + 1)
    expect(await ours().write(change({ expectResourceVersion: resourceVersion, fence: 2 }))).toMatchObject({
      kind: 'applied',
    })
    await expect.poll(() => ours().read('flights')).toMatchObject({ otherManager: null, fence: 2 })
  })

  it('leaves the rules of others where they are, and names a backend that is not ours', async () => {
    const before = await first()
    const rule = { name: 'docs', matches: [{ path: { type: 'PathPrefix', value: '/docs' } }], backendRefs: [] }
    await edit([{ op: 'add', path: '/spec/rules/0', value: rule }], 'team-docs')
    const stale = await ours().write(change({ expectResourceVersion: before.resourceVersion, fence: 2 }))
    if (stale.kind !== 'conflict' || stale.observed.kind !== 'observed') throw new Error(JSON.stringify(stale))
    const weights = [{ versionId: 'v2', percent: 100 }]
    const again = change({ weights, expectResourceVersion: stale.observed.resourceVersion, fence: 2 })
    expect(await ours().write(again)).toMatchObject({ kind: 'applied' })
    const got = await objectsIn(plane.admin, kindOf().collection).read(trafficName('flights'))
    expect(got).toMatchObject({
      kind: 'object',
      object: { spec: { rules: [{ name: 'quarterdeck' }, { name: 'docs' }] } },
    })
    await edit([{ op: 'replace', path: '/spec/rules/0/backendRefs/0/name', value: 'theirs' }], 'kubectl-edit')
    await expect.poll(() => ours().read('flights')).toMatchObject({ weights: [{ versionId: 'service/theirs' }] })
  })

  it('does not call applied what no gateway has taken up, until one does', async () => {
    await gateway.close()
    const because = expect.stringContaining('has not taken up generation 1')
    expect(await ours().write(change())).toEqual({ kind: 'unreachable', because })
    expect(await ours().read('flights')).toEqual({ kind: 'unreachable', because })
    gateway = startGateway(plane.admin, httpRouteDialect(namespace, 'public'))
    expect(await ours().write(change())).toMatchObject({ kind: 'applied', generation: 1 })
  })

  it('answers in bounded time when the API server hangs, and reads what came of the write afterwards', async () => {
    const before = await first()
    plane.freeze()
    const asked = change({ weights: [{ versionId: 'v1', percent: 100 }], fence: 2 })
    const because = expect.stringContaining('did not answer in time')
    const write = { ...asked, expectResourceVersion: before.resourceVersion }
    expect(await ours().write(write)).toEqual({ kind: 'unreachable', because })
    plane.thaw()
    await expect.poll(() => ours().write(write), { timeout: 20_000 }).toMatchObject({ kind: 'applied' })
    expect(await ours().read('flights')).toMatchObject({ weights: asked.weights, fence: 2 })
  })

  it('serves an audience by a header rule, and everyone else with the stable version', async () => {
    const audience = { header: 'x-internal', equals: 'true' }
    const weights = [{ versionId: 'v2', percent: 100 }]
    expect(await ours().write(change({ weights, audience, stableVersionId: 'v1' }))).toMatchObject({ kind: 'applied' })
    expect(await ours().read('flights')).toMatchObject({ weights })
    expect(gateway.admit('/endpoints/flights/predict')).toMatch(/^qd-v1-/)
    expect(await ours().write(change({ audience }))).toMatchObject({ kind: 'refused' })
    expect(await ours().write(change({ sticky: { header: 'x-user' } }))).toMatchObject({ kind: 'refused' })
  })

  it('shows by a dry run what would come of a change, and stores nothing', async () => {
    await first()
    const routes = objectsIn(plane.admin, kindOf().collection)
    const before = await routes.read(trafficName('flights'))
    const manifest = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: trafficName('flights') },
      spec: { hostnames: ['models.example'] },
    }
    expect(await routes.apply(manifest, 'preview', { dryRun: true })).toMatchObject({
      kind: 'object',
      object: { spec: { hostnames: ['models.example'] } },
    })
    expect(await routes.read(trafficName('flights'))).toEqual(before)
    const wrong = { ...manifest, spec: { hostnames: ['no host!'] } }
    expect(await routes.apply(wrong, 'preview', { dryRun: true })).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('spec.hostnames[0]'),
    })
  })

  it.each([
    ['a token that nobody knows', () => portAs({ kind: 'token', token: 'x' }), /renew the token/],
    ['no credentials', () => portAs({ kind: 'none' }), /token, a client certificate or an exec plugin/],
    [
      "an authority that is not the server's",
      () => portAs({ kind: 'none' }, { ca: null }),
      /certificate-authority-data/,
    ],
    [
      'a person without the role',
      () => portAs({ kind: 'certificate', ...plane.pki.issue('dana', '/CN=dana') }),
      /User "dana" cannot get resource "httproutes".*deploy\/kubernetes\/rbac\.yaml/,
    ],
    [
      'a plugin that is not installed',
      () =>
        portAs({
          kind: 'exec',
          plugin: { apiVersion: 'v1', command: 'no-such-plugin', args: [], env: {}, cluster: null },
        }),
      /no-such-plugin is not installed/,
    ],
  ])('tells %s in words', async (_, port, words) => {
    expect(await port().read('flights')).toEqual({ kind: 'unreachable', because: expect.stringMatching(words) })
  })

  it('tells a kind that the server does not serve', async () => {
    const settings = { namespace, gateways: ['mesh'], hosts: ['models'], servicePort: 80, status: 'silent' } as const
    const client = clientAs(plane.access.identity)
    const port = kubernetesTraffic(client, virtualService(settings), { manager: 'quarterdeck', confirmMsMax: 0 })
    const because = expect.stringContaining('install its resource definition')
    expect(await port.read('flights')).toEqual({ kind: 'unreachable', because })
  })

  it('signs in by an exec plugin, and again when the server has refused the old token', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-exec-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const script = `const fs = require('node:fs'); const f = process.argv[1]; const again = fs.existsSync(f); fs.writeFileSync(f, '')
      console.log(JSON.stringify({ kind: 'ExecCredential', status: { token: again ? process.argv[2] : 'revoked' } }))`
    const file = path.join(folder, 'asked')
    const plugin = {
      apiVersion: 'v1',
      command: process.execPath,
      args: ['-e', script, file, token],
      env: {},
      cluster: null,
    }
    expect(await portAs({ kind: 'exec', plugin }).read('flights')).toEqual({ kind: 'absent' })
  })
})
