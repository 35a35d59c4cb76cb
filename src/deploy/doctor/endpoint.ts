import { probe } from '../../load/probe.ts'
import type { Endpoint } from '../../point/index.ts'
import type { AttachConfig } from '../config.ts'
import { type Check, missed, passed } from './check.ts'

const limitMs = 30_000

/** Whether an endpoint that somebody else runs lists the model, answers for it both ways, and shows metrics. */
export async function checkEndpoint(config: AttachConfig, model: string | undefined): Promise<readonly Check[]> {
  const token = config.apiKeyEnv === undefined ? undefined : process.env[config.apiKeyEnv]
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const get = (path: string) =>
    fetch(`${config.url}${path}`, { headers, signal: AbortSignal.timeout(limitMs) }).catch(() => null)
  const keyCheck =
    config.apiKeyEnv !== undefined && token === undefined
      ? [missed('api key', `${config.apiKeyEnv} is not set`, `export ${config.apiKeyEnv}=…`)]
      : []
  const models = await get('/v1/models')
  if (models === null)
    return [...keyCheck, missed('endpoint', `${config.url} does not answer`, 'Start it, or correct deploy.url.')]
  const listed = await models.text().catch(() => '')
  if (!models.ok)
    return [...keyCheck, missed('endpoint', `GET /v1/models: HTTP ${models.status}`, 'Look at the server’s log.')]
  if (model === undefined) return [...keyCheck, passed('endpoint', `${config.url} answers`)]
  const lists = listed.includes(JSON.stringify(model))
  const endpoint: Endpoint = {
    url: config.url,
    model,
    dialect: config.dialect,
    metricsUrls: {},
    ...(config.apiKeyEnv === undefined ? {} : { apiKeyEnv: config.apiKeyEnv }),
  }
  const metrics = await get('/metrics')
  return [
    ...keyCheck,
    lists
      ? passed('model', `${model} is listed`)
      : missed('model', `${model} is not in ${listed.slice(0, 200)}`, 'Correct model.name.'),
    await completion(endpoint, true),
    await completion(endpoint, false),
    metrics?.ok
      ? passed('metrics', `${config.url}/metrics`)
      : missed(
          'metrics',
          'GET /metrics gives nothing',
          'The sweep works without; the server’s own view will be missing.',
        ),
  ]
}

async function completion(endpoint: Endpoint, streaming: boolean): Promise<Check> {
  const name = streaming ? 'completion, streamed' : 'completion'
  try {
    const { latencyMs } = await probe(endpoint, { signal: AbortSignal.timeout(limitMs), timeoutMs: limitMs, streaming })
    return passed(name, `came back after ${Math.round(latencyMs)} ms`)
  } catch (error) {
    return missed(
      name,
      error instanceof Error ? error.message : String(error),
      'Look at the logs of frontend and workers.',
    )
  }
}
