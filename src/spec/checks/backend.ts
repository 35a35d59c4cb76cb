import type { Engine, Workers } from '../../engines/define-engine.ts'
import { engineOfModule, trtllm, unknownEngine } from '../../engines/index.ts'
import { roles } from '../../model/index.ts'
import type { SettingSources } from './sources.ts'

/** The engine that the workers run; rules of one engine apply to it alone. */
export function engineOf({ deploy, engineFile }: Pick<SettingSources, 'deploy' | 'engineFile'>): Engine {
  // Of the engines, only TensorRT-LLM has its settings in a file.
  if (deploy.with === 'kubernetes') return roles.some(role => engineFile(role) !== null) ? trtllm : unknownEngine
  if (deploy.with === 'dynamo-serve') return trtllm
  return deploy.with === 'dynamo' || deploy.with === 'slurm' ? engineOfModule(deploy.backend) : unknownEngine
}

/** What rules may know of the workers beside their settings. */
export function workersOf({ deploy }: Pick<SettingSources, 'deploy'>): Workers {
  const isComplete = deploy.with === 'dynamo' || deploy.with === 'slurm'
  return deploy.with === 'dynamo-serve' ? { release: 'dynamo-0.3', isComplete } : { isComplete }
}
