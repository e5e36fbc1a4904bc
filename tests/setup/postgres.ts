import type { TestProject } from 'vitest/node'
import { serveTestClusters } from '#lib/platform/db/test-clusters.ts'

/** Offers PostgreSQL clusters to the test workers; none starts before a test asks for one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { socket, close } = await serveTestClusters()
  project.provide('testClusterStarter', socket)
  return close
}
