import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { kubernetesClient, type KubernetesClient } from '#lib/platform/adapters/kubernetes/client.ts'
import type { ClusterAccess } from '#lib/platform/adapters/kubernetes/access.ts'
import { makePki, type Pki } from './pki.ts'

export type ControlPlane = {
  pki: Pki
  /** The access of an administrator. */
  access: ClusterAccess
  /** A client of its own, as administrator. */
  admin: KubernetesClient
  /** Starts what does not run, on the state that is there, and waits until it is usable. */
  up(): Promise<void>
  /** Ends kube-apiserver and etcd by SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP: the sockets stay open, nobody answers. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

const readySecondsMax = 120
const endMsMax = 15_000

/** etcd and kube-apiserver on loopback, with ports, certificates and state of their own. `run.ts` says where the programs are. */
export async function startControlPlane(): Promise<ControlPlane> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-kubernetes-'))
  const pki = makePki(path.join(folder, 'pki'))
  const [api, etcd, peer] = await Promise.all([freePort(), freePort(), freePort()])
  const access: ClusterAccess = {
    server: `https://127.0.0.1:${api}`,
    ca: pki.ca.cert,
    serverName: null,
    namespace: null,
    identity: { kind: 'certificate', cert: pki.admin.cert, key: pki.admin.key },
  }
  const admin = kubernetesClient(access, { timeoutMs: 5_000, nowMs: () => performance.now(), environment: {} })
  const running = new Map<string, ChildProcess>()
  const killAll = () => {
    for (const child of running.values()) child.kill('SIGKILL')
  }
  // Whatever ends the tests, no server outlives them.
  process.once('exit', killAll)

  const run = (name: string, program: string, args: readonly string[]) => {
    if (running.has(name)) return
    const log = openSync(path.join(folder, `${name}.log`), 'a')
    const child = spawn(program, args, { stdio: ['ignore', log, log], cwd: folder })
    closeSync(log)
    running.set(name, child)
    child.once('exit', () => running.delete(name))
  }
  const up = async () => {
    run('etcd', programAt('QUARTERDECK_TEST_ETCD'), etcdArguments(path.join(folder, 'etcd'), etcd, peer))
    for (let turn = 0; turn < readySecondsMax * 10; turn++) {
      run('kube-apiserver', programAt('QUARTERDECK_TEST_APISERVER'), apiserverArguments(pki, api, etcd))
      const answer = await admin.call({ method: 'GET', path: '/readyz' })
      if (answer.kind === 'answer' && answer.status === 200) return
      await delay(100)
    }
    const tail = readFileSync(path.join(folder, 'kube-apiserver.log'), 'utf8').slice(-2_000)
    throw new Error(`kube-apiserver was not ready within ${readySecondsMax} s:\n${tail}`)
  }
  const kill = async () => {
    const ended = [...running.values()].map(exitOf)
    killAll()
    await Promise.all(ended)
  }
  await up()
  return {
    pki,
    access,
    admin,
    up,
    kill,
    freeze: () => void running.get('kube-apiserver')?.kill('SIGSTOP'),
    thaw: () => void running.get('kube-apiserver')?.kill('SIGCONT'),
    close: async () => {
      await admin.close()
      await kill()
      process.off('exit', killAll)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function etcdArguments(data: string, client: number, peer: number): string[] {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
  return [
    '--name=test',
    `--data-dir=${data}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    // The state outlives processes, not the machine.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]
}

function apiserverArguments(pki: Pki, port: number, etcd: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${pki.server.certFile}`,
    `--tls-private-key-file=${pki.server.keyFile}`,
    `--client-ca-file=${pki.ca.certFile}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki.serviceAccounts.publicFile}`,
    `--service-account-signing-key-file=${pki.serviceAccounts.privateFile}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    '--profiling=false',
    '--shutdown-delay-duration=0s',
  ]
}

function programAt(name: string): string {
  const program = process.env[name]
  if (program === undefined) throw new Error(`${name} is not set: start this suite with npm run test:kubernetes`)
  return program
}

async function exitOf(child: ChildProcess): Promise<void> {
  const late = AbortSignal.timeout(endMsMax)
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve())
    late.addEventListener('abort', () => reject(new Error(`process ${child.pid} did not end`)), { once: true })
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
