import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { credentialsOf, readCredential } from './credentials.ts'
import { inClusterAccess } from './in-cluster.ts'

const credential = (status: object) => JSON.stringify({ kind: 'ExecCredential', status })
let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'quarterdeck-credentials-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('credentials', () => {
  it('reads a token file again after a minute, or at once when the token was refused', async () => {
    const file = path.join(folder, 'token')
    let nowMs = 0
    const credentials = credentialsOf({ kind: 'token-file', path: file }, () => nowMs, {})
    writeFileSync(file, 'first\n')
    expect((await credentials.prove()).token).toBe('first')
    writeFileSync(file, 'second\n')
    nowMs = 59_999
    expect((await credentials.prove()).token).toBe('first')
    nowMs = 60_000
    expect((await credentials.prove()).token).toBe('second')
    writeFileSync(file, 'third\n')
    credentials.forget()
    expect((await credentials.prove()).token).toBe('third')
  })

  it('runs the plugin again shortly before its token ends', async () => {
    const script = `const n = require('node:fs'); const f = process.argv[1]; const i = 1 + Number(n.existsSync(f) ? n.readFileSync(f, 'utf8') : 0)
      n.writeFileSync(f, String(i)); const asked = JSON.parse(process.env.KUBERNETES_EXEC_INFO)
      console.log(JSON.stringify({ kind: 'ExecCredential', status: { token: asked.kind + process.env.P + process.env.HERE + i, expirationTimestamp: '1970-01-01T00:10:00Z' } }))`
    const plugin = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script, path.join(folder, 'count')],
      env: { P: '-eu-' },
      cluster: null,
    }
    let nowMs = 0
    const credentials = credentialsOf({ kind: 'exec', plugin }, () => nowMs, { HERE: 'here' })
    expect((await credentials.prove()).token).toBe('ExecCredential-eu-here1')
    nowMs = 569_999
    expect((await credentials.prove()).token).toBe('ExecCredential-eu-here1')
    nowMs = 570_000
    expect((await credentials.prove()).token).toBe('ExecCredential-eu-here2')
  })

  it('says which plugin failed, and how', async () => {
    const plugin = { apiVersion: 'v1', command: path.join(folder, 'none'), args: [], env: {}, cluster: null }
    await expect(credentialsOf({ kind: 'exec', plugin }, () => 0, {}).prove()).rejects.toThrow('none is not installed')
    const failing = {
      ...plugin,
      command: process.execPath,
      args: ['-e', 'console.error("sign in first"); process.exit(1)'],
    }
    await expect(credentialsOf({ kind: 'exec', plugin: failing }, () => 0, {}).prove()).rejects.toThrow('sign in first')
  })

  it.each([
    ['no JSON', 'hello', 'did not print JSON'],
    ['another kind', '{"kind":"Pod","status":{}}', 'did not print an ExecCredential'],
    ['nothing in it', credential({}), 'neither a token nor a certificate'],
    ['a certificate without its key', credential({ clientCertificateData: 'C' }), 'neither a token nor a certificate'],
    ['a time that is none', credential({ token: 't', expirationTimestamp: 'soon' }), 'no time'],
  ])('refuses a plugin that prints %s', (_, stdout, words) => {
    expect(() => readCredential(stdout, 'login')).toThrow(words)
  })

  it('takes a certificate from a plugin', () => {
    const got = readCredential(credential({ clientCertificateData: 'C', clientKeyData: 'K' }), 'login')
    expect(got).toEqual({ proof: { token: null, certificate: { cert: 'C', key: 'K' } }, untilMs: Infinity })
  })

  it('finds the service account of a pod, and says what to do outside of one', () => {
    for (const [name, text] of [
      ['ca.crt', 'CA'],
      ['namespace', 'models\n'],
      ['token', 't'],
    ] as const) {
      writeFileSync(path.join(folder, name), text)
    }
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
    expect(inClusterAccess(env, folder)).toEqual({
      server: 'https://[fd00::1]:443',
      ca: 'CA',
      serverName: null,
      namespace: 'models',
      identity: { kind: 'token-file', path: path.join(folder, 'token') },
    })
    expect(() => inClusterAccess({}, folder)).toThrow('bind the cluster with a kubeconfig')
    expect(() => inClusterAccess(env, path.join(folder, 'none'))).toThrow('automountServiceAccountToken')
  })
})
