import type { Worker } from './worker.ts'

/** Ways in which the frontend picks a worker of a role, with Dynamo's names. */
export const routerModes = ['round-robin', 'least-loaded'] as const

/** One of {@link routerModes}. */
export type RouterMode = (typeof routerModes)[number]

/** Picks a worker that accepts requests; undefined if there are none. */
export type Router = (workers: readonly Worker[]) => Worker | undefined

/** Creates a router of this mode. */
export function createRouter(mode: RouterMode): Router {
  let next = 0
  if (mode === 'round-robin') return workers => workers[next++ % workers.length]
  return workers =>
    workers.reduce<Worker | undefined>((best, one) => (best && best.size <= one.size ? best : one), undefined)
}
