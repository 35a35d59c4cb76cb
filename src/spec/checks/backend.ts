import { roles } from '../../model/index.ts'
import type { SettingSources } from './sources.ts'

/** The engine that takes the settings; rules of one engine hold for it alone. */
export type Backend = 'trtllm' | 'vllm' | 'sglang' | 'other'

export function backendOf({ deploy, engineFile }: Pick<SettingSources, 'deploy' | 'engineFile'>): Backend {
  // Of the engines, only TensorRT-LLM has its settings in a file.
  if (deploy.with === 'kubernetes') return roles.some(role => engineFile(role) !== null) ? 'trtllm' : 'other'
  if (deploy.with === 'dynamo-serve') return 'trtllm'
  if (deploy.with !== 'dynamo' && deploy.with !== 'slurm') return 'other'
  const name = /^dynamo\.(trtllm|vllm|sglang)$/.exec(deploy.backend)?.[1]
  return (name as Backend | undefined) ?? 'other'
}
