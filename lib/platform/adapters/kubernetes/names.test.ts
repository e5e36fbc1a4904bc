import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serverName, trafficName } from './names.ts'

describe('names of objects', () => {
  it('are DNS labels for any ids', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (endpointId, versionId) => {
        for (const name of [trafficName(endpointId), serverName(endpointId, versionId)]) {
          expect(name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/)
        }
      }),
    )
  })

  it('keep a version apart at two endpoints, and ids apart that read alike', () => {
    expect(serverName('ep_1', 'mv_1')).not.toBe(serverName('ep_2', 'mv_1'))
    expect(trafficName('ep_1')).not.toBe(trafficName('ep-1'))
    expect(serverName('ep_1', 'mv_1')).toMatch(/^qd-mv-1-[0-9a-f]{10}$/)
  })
})
