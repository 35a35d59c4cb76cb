import type { LoadLevel } from '../model/index.ts'
import { largest } from '../model/index.ts'

/** `concurrency 64`, `12.5 requests/s`: the name of a load level. */
export function loadLabel(level: LoadLevel): string {
  switch (level.kind) {
    case 'concurrency':
      return `concurrency ${level.concurrency}`
    case 'rate':
      return `${level.requestsPerS} requests/s`
    case 'stages':
      return `ramp to ${largest(level.stages.map(stage => stage.requestsPerS))} requests/s`
    case 'trace':
      return `trace at ${level.speed}×${level.users === undefined ? '' : `, ${level.users} ${level.users === 1 ? 'user' : 'users'}`}`
  }
}

/** A load level as short as fits a cell: `c 64`, `12/s`. */
export const shortLoad = (level: LoadLevel): string => shortened(loadLabel(level))

/** The same of a label that is there already. */
export const shortened = (label: string): string => label.replace('concurrency ', 'c ').replace(' requests/s', '/s')

/** The one number that orders load levels of a kind: requests in flight, or requests/s; null where there is none. */
export function loadValue(level: LoadLevel): number | null {
  if (level.kind === 'concurrency') return level.concurrency
  if (level.kind === 'trace') return level.users ?? null
  return level.kind === 'rate' ? level.requestsPerS : null
}
