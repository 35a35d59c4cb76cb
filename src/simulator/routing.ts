import type { Worker } from './worker.ts'

/** How the frontend picks a worker of a role, by Dynamo's own names. */
export const routerModes = ['round-robin', 'least-loaded'] as const

export type RouterMode = (typeof routerModes)[number]

/** Picks one of the workers that take requests; undefined when there are none. */
export type Router = (workers: readonly Worker[]) => Worker | undefined

export function createRouter(mode: RouterMode): Router {
  let next = 0
  if (mode === 'round-robin') return workers => workers[next++ % workers.length]
  return workers =>
    workers.reduce<Worker | undefined>((best, one) => (best && best.size <= one.size ? best : one), undefined)
}
