import { describe, expect, it } from 'vitest'
import { parseKubeconfig } from './kubeconfig.ts'

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')
const file = (user: string, cluster = '', rest = 'current-context: main') => `
apiVersion: v1
kind: Config
clusters:
  - name: eu
    cluster: { server: "https://10.0.0.1:6443/", certificate-authority-data: ${base64('CA')}${cluster} }
users:
  - name: dana
    user: ${user}
contexts:
  - { name: main, context: { cluster: eu, user: dana, namespace: models } }
  - { name: other, context: { cluster: us, user: dana } }
${rest}
`
const parsed = (text: string, context: string | null = null) =>
  parseKubeconfig({ text, folder: '/etc/cluster', context, readFile: (path) => `read ${path}` })

describe('kubeconfig', () => {
  it('reads the cluster, its authority and the namespace of the current context', () => {
    expect(parsed(file('{ token: t0k3n }'))).toEqual({
      server: 'https://10.0.0.1:6443',
      ca: 'CA',
      serverName: null,
      namespace: 'models',
      identity: { kind: 'token', token: 't0k3n' },
    })
  })

  it('reads a client certificate from data and from files that are meant from its folder', () => {
    const data = `{ client-certificate-data: ${base64('CERT')}, client-key: keys/dana.pem }`
    expect(parsed(file(data)).identity).toEqual({
      kind: 'certificate',
      cert: 'CERT',
      key: 'read /etc/cluster/keys/dana.pem',
    })
  })

  it('prefers the token file, which is renewed, to the token', () => {
    const identity = { kind: 'token-file', path: '/var/run/token' }
    expect(parsed(file('{ token: old, tokenFile: /var/run/token }')).identity).toEqual(identity)
  })

  it('reads an exec plugin, and tells it the cluster where it asks', () => {
    const exec = `
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: ./login
        args: [get-token]
        env: [{ name: PROFILE, value: eu }]
        provideClusterInfo: true
        interactiveMode: Never`
    expect(parsed(file(exec)).identity).toEqual({
      kind: 'exec',
      plugin: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: '/etc/cluster/login',
        args: ['get-token'],
        env: { PROFILE: 'eu' },
        cluster: { server: 'https://10.0.0.1:6443', 'certificate-authority-data': base64('CA') },
      },
    })
  })

  it.each([
    ['no context', file('{}', '', ''), null, 'no current-context: name one of "main", "other"'],
    ['an unknown context', file('{}'), 'x', 'no context x: there is "main", "other"'],
    ['a context of an unknown cluster', file('{}'), 'other', 'no cluster us: there is "eu"'],
    ['no check of the certificate', file('{}', ', insecure-skip-tls-verify: true'), null, 'certificate-authority-data'],
    ['a proxy', file('{}', ', proxy-url: "http://p"'), null, 'proxy-url'],
    ['a password', file('{ username: a, password: b }'), null, 'use a token'],
    ['an auth-provider', file('{ auth-provider: { name: gcp } }'), null, 'exec plugin'],
    ['half a certificate', file('{ client-key: k }'), null, 'only one'],
    ['plain http', file('{}').replace('https:', 'http:'), null, 'not an https address'],
    ['no YAML', '{', null, 'not YAML'],
    ['something else', 'kind: Config', null, 'contexts is not as it must be'],
  ])('refuses %s in words', (_, text, context, words) => {
    expect(() => parsed(text, context)).toThrow(words)
  })
})
