import type { WorkerEngine } from '../../deployers/worker-engine.ts'
import type { Engine, Workers } from '../../engines/define-engine.ts'
import { engineNamed } from '../../engines/index.ts'

/** The engine that the workers run. */
export function engineOf({ workers }: { readonly workers: WorkerEngine }): Engine {
  return engineNamed(workers.engine)
}

/** Facts about the workers, besides their settings, that rules can use. */
export function workersOf({ workers }: { readonly workers: WorkerEngine }): Workers {
  return workers
}
