import { describe, expect, it } from 'vitest'
import { readAgentConfig } from './config.ts'

describe('readAgentConfig', () => {
  it('fills in the defaults', () => {
    const config = readAgentConfig({ dataFolder: 'var/agent', adminToken: '0123456789abcdef' })
    expect(config).toMatchObject({ ingest: null, heartbeatMs: 5000, versionHeaderAllowed: false })
    expect(config.servers).toEqual({ backoffMs: 250, backoffMsMax: 30_000, stopGraceMs: 5000 })
    expect(config.tap.bufferEventsMax).toBe(50_000)
  })

  it('lists everything that is wrong', () => {
    const wrong = { adminToken: 'short', breaker: { window: 5, failures: 6 }, tap: { batchMs: 0 }, colour: 'red' }
    expect(() => readAgentConfig(wrong)).toThrow(
      /dataFolder: [\s\S]*adminToken: must have at least 16[\s\S]*breaker: failures must not exceed window[\s\S]*tap\.batchMs/,
    )
    expect(() => readAgentConfig(wrong)).toThrow(/colour/)
  })
})
