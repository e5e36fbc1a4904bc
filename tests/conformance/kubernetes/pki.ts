import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export type Certificate = { certFile: string; keyFile: string; cert: string; key: string }
export type Pki = {
  ca: Certificate
  server: Certificate
  /** A member of system:masters. */
  admin: Certificate
  /** The pair by which the tokens of service accounts are signed. */
  serviceAccounts: { privateFile: string; publicFile: string }
  /** A certificate of the same authority for another subject, for example `/CN=dana`. */
  issue(name: string, subject: string): Certificate
}

/** An authority and the certificates of one control plane, in `folder`, by openssl. */
export function makePki(folder: string): Pki {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const at = (name: string) => path.join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const read = (name: string): Certificate => {
    const [certFile, keyFile] = [at(`${name}.crt`), at(`${name}.key`)]
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  }
  const ecKey = (name: string) =>
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at(`${name}.key`))
  const issue = (name: string, subject: string, usage: string, san: string | null): Certificate => {
    ecKey(name)
    openssl('req', '-new', '-key', at(`${name}.key`), '-subj', subject, '-out', at(`${name}.csr`))
    const extensions = ['keyUsage=digitalSignature,keyEncipherment', `extendedKeyUsage=${usage}`]
    writeFileSync(at(`${name}.ext`), [...extensions, ...(san === null ? [] : [`subjectAltName=${san}`])].join('\n'))
    const signed = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '30', '-sha256']
    const files = ['-in', at(`${name}.csr`), '-out', at(`${name}.crt`), '-extfile', at(`${name}.ext`)]
    openssl('x509', '-req', ...signed, ...files)
    return read(name)
  }
  ecKey('ca')
  const authority = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  openssl(
    'req',
    '-x509',
    '-key',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-days',
    '30',
    '-subj',
    '/CN=test-ca',
    ...authority,
  )
  openssl('genrsa', '-out', at('sa.key'), '2048')
  openssl('rsa', '-in', at('sa.key'), '-pubout', '-out', at('sa.pub'))
  return {
    ca: read('ca'),
    server: issue('server', '/CN=kube-apiserver', 'serverAuth', 'IP:127.0.0.1,DNS:localhost,DNS:kubernetes'),
    admin: issue('admin', '/O=system:masters/CN=admin', 'clientAuth', null),
    serviceAccounts: { privateFile: at('sa.key'), publicFile: at('sa.pub') },
    issue: (name, subject) => issue(name, subject, 'clientAuth', null),
  }
}
