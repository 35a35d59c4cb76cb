import { join } from 'node:path'
import type { DynamoServeConfig } from '../../src/deployers/dynamo-serve/config.ts'

const root = join(import.meta.dirname, '../..')
export const workdir = join(import.meta.dirname, 'dynamo-serve-graph')

/** The guide's own Dynamo 0.3.1 over services of the guide's names that need no GPU. */
export const dynamoServe: DynamoServeConfig = {
  dynamo: join(root, '.systems/dynamo-0.3/bin/dynamo'),
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
  env: { PYTHONDONTWRITEBYTECODE: '1' },
  gpus: Array.from({ length: 16 }, (_, gpu) => gpu),
  ready_timeout: 120,
}
