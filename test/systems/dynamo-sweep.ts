import { join } from 'node:path'
import { dynamoVersions, model } from './dynamo-deployment.ts'

const repository = join(import.meta.dirname, '../..')

/** Arguments of mockers that answer like DeepSeek-R1 on GB200s; without the bytes, they overstate the KV transfer. */
export const gb200 = `engine-type: trtllm, planner-profile-data: ${repository}/profiles/deepseek-r1-fp4-gb200-tp4ep4.npz, kv-bytes-per-token: 35136`

/** What tests vary in {@link mockers}. */
export interface MockerKeys {
  /** Default: 1.4.2. */
  readonly python?: string
  /** Module of the workers; default: the mocker. */
  readonly backend?: string
  /** Default: `engine-type: trtllm`. */
  readonly args?: string
  /** Variables of every process, such as `ETCD_LEASE_TTL: 3`, so that killed workers leave discovery soon. */
  readonly env?: string
}

/** The lines of a sweep file's `deploy` that start an installed Dynamo with mocker workers, without the network. */
export function mockers({
  python = dynamoVersions[0].python,
  backend = 'dynamo.mocker',
  args = 'engine-type: trtllm',
  env,
}: MockerKeys = {}): string {
  const variables = [`HF_HOME: ${repository}/.systems/hf`, 'HF_HUB_OFFLINE: 1', ...(env === undefined ? [] : [env])]
  return `  python: ${python}
  backend: ${backend}
  args: { model-path: ${model.name}, ${args} }
  env: { ${variables.join(', ')} }`
}
