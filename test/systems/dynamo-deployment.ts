import { join } from 'node:path'
import type { DeployContext, DeployEvent } from '../../src/deployers/deployer.ts'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import type { Deployment, EngineSettings, Role, Topology } from '../../src/model/index.ts'
import { contentId } from '../../src/model/index.ts'

const root = join(import.meta.dirname, '../..')

export const model = { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' }

/** The versions of Dynamo that the tests drive. */
export const dynamoVersions = [
  { version: '1.4.2', python: join(root, '.systems/dynamo/bin/python') },
  { version: '1.6.1', python: join(root, '.systems/dynamo-1.6/bin/python') },
] as const

/** The real Dynamo 1.4.2 with mocker workers; a lease of 5 s, so that killed workers leave discovery soon. */
export const mocker: DynamoConfig = {
  python: dynamoVersions[0].python,
  backend: 'dynamo.mocker',
  args: { 'model-path': model.name, 'engine-type': 'trtllm' },
  role_args: {},
  frontend_args: {},
  env: { HF_HOME: join(root, '.systems/hf'), HF_HUB_OFFLINE: '1', ETCD_LEASE_TTL: '5' },
  ready_timeout: 180,
}

export const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
export const aggregated = (workers: number): Topology => ({ kind: 'aggregated', workers })

export function deployment(topology: Topology, engine: { readonly [role in Role]?: EngineSettings } = {}): Deployment {
  const content = { topology, model, engine, gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 } }
  return { id: contentId(content), ...content }
}

/** A context that keeps what happened. */
export function watch(signal: AbortSignal): DeployContext & { readonly events: DeployEvent[] } {
  const events: DeployEvent[] = []
  return { signal, events, onEvent: event => void events.push(event) }
}

/** Process numbers by name of what was started. */
export function startedPids(events: readonly DeployEvent[]): { readonly [name: string]: number } {
  const started = events.flatMap(event =>
    event.kind === 'start' && event.pid !== undefined ? [[event.what, event.pid] as const] : [],
  )
  return Object.fromEntries(started)
}

/** Names of what was stopped and started, apart from the frontend’s first start. */
export function changes(events: readonly DeployEvent[]): { readonly stopped: string[]; readonly started: string[] } {
  const names = (kind: DeployEvent['kind']) => events.flatMap(event => (event.kind === kind ? [event.what] : [])).sort()
  return { stopped: names('stop'), started: names('start') }
}
