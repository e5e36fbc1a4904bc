/** What a data scientist's client does to an MLflow server, by its REST API. */
export function mlflowOf(url: string, headers: Record<string, string> = {}) {
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text === '' ? '{}' : text) as Answer
  }
  const put = async (path: string, content: string) => {
    const address = path.split('/').map(encodeURIComponent).join('/')
    const answer = await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${address}`, {
      method: 'PUT',
      headers,
      body: content,
    })
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status}`)
  }
  return {
    call,
    put,
    createModel: (name: string, tags: Record<string, string> = {}) =>
      call('POST', 'registered-models/create', { name, tags: pairs(tags) }),
    /** A run with metrics and a dataset; its id. */
    async createRun(metrics: Record<string, number> = {}, params: Record<string, string> = {}): Promise<string> {
      const { run } = await call('POST', 'runs/create', { experiment_id: '0', tags: pairs({ 'mlflow.user': 'dana' }) })
      const id: string = run.info.run_id
      const logged = Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: 1, step: 0 }))
      await call('POST', 'runs/log-batch', { run_id: id, metrics: logged, params: pairs(params) })
      const dataset = { name: 'train', digest: 'abc', source_type: 'local', source: 'file:///train' }
      await call('POST', 'runs/log-inputs', { run_id: id, datasets: [{ dataset }] })
      return id
    },
    /** A version of the model from an artefact of that run; its number. */
    async createVersion(name: string, runId: string, folder = 'model'): Promise<string> {
      const source = `mlflow-artifacts:/0/${runId}/artifacts/${folder}`
      const { model_version: made } = await call('POST', 'model-versions/create', { name, source, run_id: runId })
      return made.version
    },
    putModel: (runId: string, content: string, folder = 'model') =>
      Promise.all([
        put(`0/${runId}/artifacts/${folder}/MLmodel`, description),
        put(`0/${runId}/artifacts/${folder}/data/weights.bin`, content),
      ]),
    deleteVersion: (name: string, version: string) => call('DELETE', 'model-versions/delete', { name, version }),
    deleteModel: (name: string) => call('DELETE', 'registered-models/delete', { name }),
    setAlias: (name: string, alias: string, version: string) =>
      call('POST', 'registered-models/alias', { name, alias, version }),
    deleteAlias: (name: string, alias: string) => call('DELETE', 'registered-models/alias', { name, alias }),
    async aliasOf(name: string, alias: string): Promise<string | undefined> {
      const { registered_model: model } = await call('GET', `registered-models/get?name=${encodeURIComponent(name)}`)
      return (model.aliases ?? []).find((each) => each.alias === alias)?.version
    },
  }
}

/** What the calls above read of MLflow's answers. */
type Answer = {
  run: { info: { run_id: string } }
  model_version: { version: string }
  registered_model: { aliases?: { alias: string; version: string }[] }
}

const description = `flavors: {}
signature:
  inputs: '[{"type": "double", "name": "amount"}, {"type": "string", "name": "country"}]'
`

function pairs(tags: Record<string, string>) {
  return Object.entries(tags).map(([key, value]) => ({ key, value }))
}
