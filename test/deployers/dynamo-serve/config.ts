import { join } from 'node:path'
import type { DynamoServeConfig } from '../../../src/deployers/dynamo-serve/config.ts'
import type { Deployment, EngineSettings, Role, Topology } from '../../../src/model/index.ts'

/** The graph that the system's test serves: here only its files are read. */
export const workdir = join(import.meta.dirname, '../../systems/dynamo-serve-graph')

export const config: DynamoServeConfig = {
  dynamo: '/venv/bin/dynamo',
  workdir,
  configs: {
    aggregated: join(workdir, 'configs/deepseek_r1/agg.yaml'),
    disaggregated: join(workdir, 'configs/deepseek_r1/disagg.yaml'),
  },
  graphs: { aggregated: 'graphs.agg:Frontend', disaggregated: 'graphs.agg:Frontend' },
  workers: {
    prefill: 'components.prefill_worker:TensorRTLLMPrefillWorker',
    decode: 'components.worker:TensorRTLLMWorker',
    aggregated: 'components.worker:TensorRTLLMWorker',
  },
  env: {},
  http_port: 8000,
  ready_timeout: 60,
}

export const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
export const aggregated = (workers: number): Topology => ({ kind: 'aggregated', workers })

export function deployment(topology: Topology, engine: { readonly [role in Role]?: EngineSettings } = {}): Deployment {
  const model = { name: 'org/model', tokenizer: 't' }
  return { id: 'x', topology, model, engine, gpusPerWorker: { prefill: 2, decode: 4, aggregated: 8 } }
}
