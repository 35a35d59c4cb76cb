import { type Asking, askingByDefault, probe } from '../../generators/probe.ts'
import { bearer, defined, type Endpoint, FulcrumError } from '../../model/index.ts'
import { parseExposition } from '../../telemetry/exposition.ts'
import { registeredInstances } from '../discovery.ts'
import { type Check, missed, noticed, passed } from '../doctor/check.ts'
import { type ExpectedWorkers, judgeInstances, judgeModelMetrics } from '../doctor/registration.ts'
import type { AttachConfig } from './config.ts'

const limitMs = 30_000

/** Checks that a running endpoint lists the model, answers for it with and without streaming, and has metrics. */
export async function checkEndpoint(
  config: AttachConfig,
  model: string | undefined,
  expected: ExpectedWorkers | null = null,
  ask: Asking = askingByDefault,
): Promise<readonly Check[]> {
  const token = config.api_key_env === undefined ? undefined : process.env[config.api_key_env]
  const headers = bearer(token)
  const get = (path: string) =>
    fetch(`${config.url}${path}`, { headers, signal: AbortSignal.timeout(limitMs) }).catch(() => null)
  const keyCheck =
    config.api_key_env !== undefined && token === undefined
      ? [missed('api key', `${config.api_key_env} is not set`, `export ${config.api_key_env}=…`)]
      : []
  const models = await get('/v1/models')
  if (models === null)
    return [...keyCheck, missed('endpoint', 'it does not respond', 'Start it, or correct deploy.url.', config.url)]
  const listed = await models.text().catch(() => '')
  if (!models.ok)
    return [
      ...keyCheck,
      missed('endpoint', `GET /v1/models: HTTP ${models.status}`, 'Check the server’s log.', config.url),
    ]
  if (model === undefined) return [...keyCheck, passed('endpoint', 'it answers', config.url)]
  const lists = listed.includes(JSON.stringify(model))
  const endpoint: Endpoint = {
    url: config.url,
    model,
    dialect: config.dialect,
    metricsUrls: {},
    ...defined({ apiKeyEnv: config.api_key_env }),
  }
  const metrics = await get('/metrics')
  const page = metrics?.ok === true ? await metrics.text().catch(() => null) : null
  return [
    ...keyCheck,
    lists
      ? passed('model', `${model} is listed`, config.url)
      : missed('model', `${model} is not in ${listed.slice(0, 200)}`, 'Correct model.name.', config.url),
    await completion(endpoint, { ...ask, streaming: true }),
    await completion(endpoint, { ...ask, streaming: false }),
    page === null
      ? noticed(
          'metrics',
          'GET /metrics returns nothing',
          'The sweep works without it, but has no server metrics.',
          config.url,
        )
      : passed('metrics', `${config.url}/metrics`, config.url),
    ...(expected === null ? [] : await registered(config, expected)),
    ...(expected === null || page === null ? [] : judgeModelMetrics(parseExposition(page), expected, config.url)),
  ]
}

/** A frontend of Dynamo 1.x lists its workers at `/health`; other servers don't. */
async function registered(config: AttachConfig, expected: ExpectedWorkers): Promise<readonly Check[]> {
  if (config.dialect !== 'dynamo-1') return []
  const instances = await registeredInstances(config.url, AbortSignal.timeout(limitMs)).catch(() => null)
  if (instances !== null) return [judgeInstances(instances, expected, config.url)]
  const remedy = 'If this is not a Dynamo frontend, set deploy.dialect.'
  return [noticed('workers', 'GET /health does not list them', remedy, config.url)]
}

async function completion(endpoint: Endpoint, ask: Asking): Promise<Check> {
  const name = ask.streaming ? 'completion, streamed' : 'completion'
  try {
    const { latencyMs } = await probe(endpoint, { signal: AbortSignal.timeout(limitMs), timeoutMs: limitMs, ...ask })
    return passed(name, `answered after ${Math.round(latencyMs)} ms`, endpoint.url)
  } catch (error) {
    const remedy = (error instanceof FulcrumError && error.remedy) || 'Check the logs of the frontend and the workers.'
    return missed(name, error instanceof Error ? error.message : String(error), remedy, endpoint.url)
  }
}
