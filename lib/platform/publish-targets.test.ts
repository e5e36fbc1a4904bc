import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from './config.ts'
import { parsePublishTargets } from './publish-targets.ts'

describe('places to publish to', () => {
  it('are folders, git repositories and buckets', () => {
    const list = `file:///mnt/other/audit  git+ssh://git@host/repo.git#log/main git+https://host/r.git?tiles=no
      s3+https://s3.example.com/bucket/prefix?region=eu-central-1&lock=compliance&days=3650`
    expect(parsePublishTargets(list)).toEqual([
      { kind: 'folder', folder: '/mnt/other/audit', keepsTiles: true },
      { kind: 'git', url: 'ssh://git@host/repo.git', branch: 'log/main', keepsTiles: true },
      { kind: 'git', url: 'https://host/r.git', branch: 'audit-log', keepsTiles: false },
      {
        kind: 'bucket',
        url: 'https://s3.example.com/bucket/prefix',
        region: 'eu-central-1',
        keepsTiles: true,
        lock: { mode: 'COMPLIANCE', days: 3650 },
      },
    ])
    expect(parsePublishTargets('  ')).toEqual([])
  })
  it.each([
    ['relative', 'not a URL'],
    ['ftp://host/x', 'begins with none of'],
    ['git+ext://host/x', 'begins with none of'],
    ['git+https://host/x#--upload-pack=x', 'no usable branch'],
    ['git+https://host/x#a..b', 'no usable branch'],
    ['git+https://user:word@host/x', 'keep secrets out'],
    ['s3+https://host', 'names no bucket'],
    ['s3+https://host/b?lock=compliance', 'go together'],
    ['s3+https://host/b?lock=perhaps&days=1', 'lock'],
    ['file:///x?colour=red', 'colour'],
    ['file:///x?lock=compliance&days=1', 'are for s3'],
  ])('refuse %s', (entry, because) => {
    expect(() => parsePublishTargets(entry)).toThrow(because)
    expect(() => readConfig({ QUARTERDECK_AUDIT_PUBLISH: entry })).toThrow(ConfigError)
  })
  it('need keys for a bucket', () => {
    const env = { QUARTERDECK_AUDIT_PUBLISH: 's3+https://host/bucket' }
    expect(() => readConfig(env)).toThrow('QUARTERDECK_AUDIT_S3_ACCESS_KEY_ID')
    const keys = { QUARTERDECK_AUDIT_S3_ACCESS_KEY_ID: 'a', QUARTERDECK_AUDIT_S3_SECRET_ACCESS_KEY: 'b' }
    expect(readConfig({ ...env, ...keys }).auditPublish).toHaveLength(1)
  })
})

describe('the retention floor', () => {
  it.each(['1', '0', '-1', '183', '183.9', 'never', '1e2', ' '])('no setting lowers it: %s', (days) => {
    expect(() => readConfig({ QUARTERDECK_AUDIT_RETENTION_DAYS: days })).toThrow('QUARTERDECK_AUDIT_RETENTION_DAYS')
  })
  it('is 184 days, which are at least six months; without a setting everything is kept', () => {
    expect(readConfig({ QUARTERDECK_AUDIT_RETENTION_DAYS: '184' }).auditRetentionDays).toBe(184)
    expect(readConfig({}).auditRetentionDays).toBeUndefined()
    for (let month = 0; month < 48; month++) {
      const start = Date.UTC(2024, month, 1)
      expect((Date.UTC(2024, month + 6, 1) - start) / 86_400_000).toBeLessThanOrEqual(184)
    }
  })
})
