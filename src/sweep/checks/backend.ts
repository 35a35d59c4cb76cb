import type { RawDeploy } from '../schema/deploy.ts'

/** The engine that takes the settings; rules of one engine hold for it alone. */
export type Backend = 'trtllm' | 'vllm' | 'sglang' | 'other'

export function backendOf(deploy: RawDeploy): Backend {
  if (deploy.with !== 'dynamo' && deploy.with !== 'slurm') return 'other'
  const name = /^dynamo\.(trtllm|vllm|sglang)$/.exec(deploy.backend)?.[1]
  return (name as Backend | undefined) ?? 'other'
}
