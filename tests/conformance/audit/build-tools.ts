import path from 'node:path'
import { goProgram } from '../go-program.ts'

/** Paths of the built programs. */
export type Tools = { readonly fsck: string; readonly driver: string; readonly versitygw: string }

const S3_PACKAGE = 'github.com/versity/versitygw/cmd/versitygw'
const FSCK_PACKAGE = 'github.com/transparency-dev/tessera/cmd/fsck'

/** Tessera's fsck, our driver and an S3 server, each built once at the versions that go.mod and go.sum pin. */
export async function buildTools(): Promise<Tools> {
  const buildSecondsMax = 1_300
  const module = import.meta.dirname
  const judges = { module, files: ['go.mod', 'go.sum', 'driver/main.go'], buildSecondsMax }
  const s3 = { module: path.join(module, 's3'), files: ['go.mod', 'go.sum'], buildSecondsMax }
  return {
    versitygw: await goProgram({ ...s3, target: S3_PACKAGE, name: 'versitygw' }),
    fsck: await goProgram({ ...judges, target: FSCK_PACKAGE, name: 'fsck' }),
    driver: await goProgram({ ...judges, target: './driver', name: 'driver' }),
  }
}
