import { describe, expect, it } from 'vitest'
import type { ApprovalView } from '#lib/approvals/model.ts'
import type { EndpointView } from '#lib/endpoints/model.ts'
import type { ModelView, ServingView } from '#lib/models/model.ts'
import { lineOf, sortLines, type Known } from './status.ts'

const model = (id: string): ModelView => ({
  id,
  name: id.slice(3),
  title: id,
  description: '',
  risk: 'low',
  labels: [],
  createdAt: new Date(0),
})
const nothing: Known = { newest: [], serving: [], endpoints: [], approvals: [] }
const serving = [{ modelId: 'mo_a', version: '1.0.0' } as ServingView]
const endpoints = [{ modelId: 'mo_a', candidate: { versionId: 'mv_2', version: '1.1.0' } } as EndpointView]
const approval = (state: ApprovalView['state'], decidedMs: number | null, id = 'mo_a') =>
  ({ state, subject: { model: { id } }, decidedAt: decidedMs === null ? null : new Date(decidedMs) }) as ApprovalView

describe('the state of a model', () => {
  it('is the most advanced thing that happens to it, and nobody else', () => {
    const all = { ...nothing, serving, endpoints, approvals: [approval('open', null)] }
    expect(lineOf(model('mo_a'), all).state).toBe('canary')
    expect(lineOf(model('mo_a'), { ...all, endpoints: [] }).state).toBe('serving')
    expect(lineOf(model('mo_a'), { ...all, endpoints: [], serving: [] }).state).toBe('review')
    expect(lineOf(model('mo_a'), nothing).state).toBe('draft')
    expect(lineOf(model('mo_b'), all)).toMatchObject({ state: 'draft', serving: [], lastApproval: null })
  })
  it('shows the newest approval that holds, not one that was refused since', () => {
    const approvals = [approval('rejected', 9), approval('approved', 8), approval('approved', 2)]
    expect(lineOf(model('mo_a'), { ...nothing, approvals }).lastApproval?.decidedAt?.getTime()).toBe(8)
  })
})

describe('sorting models', () => {
  it('keeps what has no value last in both directions', () => {
    const approvals = [approval('approved', 9, 'mo_c'), approval('approved', 2, 'mo_b')]
    const lines = ['mo_a', 'mo_b', 'mo_c', 'mo_d'].map((id) => lineOf(model(id), { ...nothing, approvals }))
    const names = (direction: 'ascending' | 'descending') =>
      sortLines(lines, { by: 'approval', direction }).map((l) => l.model.name)
    expect(names('ascending')).toEqual(['b', 'c', 'a', 'd'])
    expect(names('descending')).toEqual(['c', 'b', 'a', 'd'])
  })
  it('sorts by name unless told otherwise', () => {
    const lines = ['mo_c', 'mo_a'].map((id) => lineOf(model(id), nothing))
    expect(sortLines(lines, { by: 'name', direction: 'ascending' }).map((l) => l.model.name)).toEqual(['a', 'c'])
  })
})
