import { createHmac } from 'node:crypto'

export const commit = '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d'

/** GitHub's `workflow_run` as its documentation and its own deliveries have it, without the parts of links and people. */
export function workflowRun(over: { at: Date; conclusion?: string; sha?: string; repository?: string; from?: string }) {
  const { at, conclusion = 'success', sha = commit, repository = 'acme/fraud', from = repository } = over
  const url = `https://github.com/${repository}`
  const isOver = conclusion !== ''
  return {
    action: isOver ? 'completed' : 'in_progress',
    workflow_run: {
      id: 30433642,
      name: 'Train and test',
      node_id: 'MDEyOldvcmtmbG93IFJ1bjI2OTI4OQ==',
      check_suite_id: 42,
      head_branch: 'main',
      head_sha: sha,
      path: '.github/workflows/train.yml@main',
      run_number: 562,
      run_attempt: 1,
      event: 'push',
      display_title: 'Update the features',
      status: isOver ? 'completed' : 'in_progress',
      conclusion: isOver ? conclusion : null,
      workflow_id: 159038,
      url: `https://api.github.com/repos/${repository}/actions/runs/30433642`,
      html_url: `${url}/actions/runs/30433642`,
      pull_requests: [],
      created_at: at.toISOString(),
      updated_at: at.toISOString(),
      run_started_at: at.toISOString(),
      head_commit: { id: sha, tree_id: 'd23f6eedb1e1b9610bbc754ddb5197bfe7271223', message: 'Update the features' },
      repository: { id: 217723378, full_name: repository, private: true },
      head_repository: { id: 217723378, full_name: from, private: true },
    },
    workflow: { id: 159038, name: 'Train and test', path: '.github/workflows/train.yml', state: 'active' },
    repository: { id: 217723378, name: repository.split('/')[1], full_name: repository, private: true, html_url: url },
    sender: { login: 'octocat', id: 1, type: 'User' },
  }
}

/** GitLab's pipeline event as its documentation has it, without builds, runners and people. */
export function pipeline(over: { at: Date; status?: string; sha?: string; sourceProject?: number }) {
  const { at, status = 'success', sha = commit, sourceProject } = over
  const time = `${at.toISOString().slice(0, 10)} ${at.toISOString().slice(11, 19)} UTC`
  return {
    object_kind: 'pipeline',
    object_attributes: {
      id: 31,
      iid: 3,
      name: 'Pipeline for branch: main',
      ref: 'main',
      tag: false,
      sha,
      before_sha: 'bcbb5ec396a2c0f828686f14fac9b80b780504f2',
      source: 'push',
      status,
      stages: ['build', 'test', 'deploy'],
      created_at: time,
      finished_at: status === 'running' ? null : time,
      duration: 63,
      variables: [{ key: 'NESTOR_PROD_ENVIRONMENT', value: 'us-west-1' }],
      url: 'https://gitlab.example/acme/models/fraud/-/pipelines/31',
    },
    ...(sourceProject === undefined
      ? {}
      : { merge_request: { id: 1, iid: 1, source_project_id: sourceProject, target_project_id: 1 } }),
    user: { id: 1, name: 'Administrator', username: 'root' },
    project: {
      id: 1,
      name: 'Fraud',
      web_url: 'https://gitlab.example/acme/models/fraud',
      path_with_namespace: 'acme/models/fraud',
      default_branch: 'main',
    },
    commit: { id: sha, message: 'test\n', url: `https://gitlab.example/acme/models/fraud/-/commit/${sha}` },
    builds: [],
  }
}

export function githubHeaders(secret: string, body: string, id = '72d3162e-cc78-11e3-81ab-4c9367dc0958') {
  return {
    'x-github-event': 'workflow_run',
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }
}

export function gitlabHeaders(secret: string, id = 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f') {
  return { 'x-gitlab-event': 'Pipeline Hook', 'x-gitlab-token': secret, 'idempotency-key': id }
}

/** What GitLab sends where a signing token is set (Standard Webhooks). */
export function gitlabSigned(secret: string, body: string, at: Date, id = 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f') {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'x-gitlab-event': 'Pipeline Hook',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}
