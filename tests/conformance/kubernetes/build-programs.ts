import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { z } from 'zod'
import { findGo, goProgram } from '../go-program.ts'

/** Paths of the programs that make a control plane of Kubernetes. */
type Programs = { readonly etcd: string; readonly apiserver: string }

// The version that the server tells is stamped in by the linker; without it the server calls itself v0.0.0.
const version = 'v1.36.3'
const [major, minor] = ['1', '36']
const stamp = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'archive' }

/** etcd and kube-apiserver, each built once at the versions that go.mod and go.sum pin. No registry offers the programs. */
export async function buildPrograms(): Promise<Programs> {
  const linked = Object.entries(stamp).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  const of = {
    module: import.meta.dirname,
    files: ['go.mod', 'go.sum'],
    flags: ['-tags=grpcnotrace', `-ldflags=-s -w ${linked.join(' ')}`],
    buildSecondsMax: 1_500,
  }
  return {
    etcd: await goProgram({ ...of, target: 'go.etcd.io/etcd/server/v3', name: 'etcd' }),
    apiserver: await goProgram({ ...of, target: 'k8s.io/kubernetes/cmd/kube-apiserver', name: 'kube-apiserver' }),
  }
}

const downloaded = z.object({ Dir: z.string() })

/** The folders of the resource definitions, in Go's module cache at the versions that crds/go.mod pins. */
export function definitionFolders(): { gatewayApi: string; istio: string } {
  const folderOf = (module: string) => {
    const answer = execFileSync(findGo(), ['mod', 'download', '-json', module], {
      cwd: path.join(import.meta.dirname, 'crds'),
      encoding: 'utf8',
      timeout: 300_000,
    })
    return downloaded.parse(JSON.parse(answer)).Dir
  }
  return {
    gatewayApi: path.join(folderOf('sigs.k8s.io/gateway-api'), 'config', 'crd', 'standard'),
    istio: path.join(folderOf('istio.io/api'), 'kubernetes'),
  }
}
