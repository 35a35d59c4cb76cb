import type { Engine, Workers } from '../../engines/define-engine.ts'
import { engineNamed } from '../../engines/index.ts'
import type { SettingSources } from './sources.ts'

/** The engine that the workers run; rules of one engine apply to it alone. */
export function engineOf({ workers }: Pick<SettingSources, 'workers'>): Engine {
  return engineNamed(workers.engine)
}

/** What rules may know of the workers beside their settings. */
export function workersOf({ workers }: Pick<SettingSources, 'workers'>): Workers {
  return workers
}
