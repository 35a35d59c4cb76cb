import type { WorkerEngine } from '../../deployers/worker-engine.ts'
import type { Engine, Workers } from '../../engines/define-engine.ts'
import { engineNamed } from '../../engines/index.ts'

/** The engine that the workers run; rules of one engine apply to it alone. */
export function engineOf({ workers }: { readonly workers: WorkerEngine }): Engine {
  return engineNamed(workers.engine)
}

/** What rules may know of the workers besides their settings. */
export function workersOf({ workers }: { readonly workers: WorkerEngine }): Workers {
  return workers
}
