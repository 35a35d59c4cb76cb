import type { LoadLevel } from '../model/index.ts'
import { largest } from '../model/index.ts'

/** Name of a load level: `concurrency 64`, `12.5 requests/s`. */
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

/** Short name of a load level for a table cell: `c 64`, `12/s`. */
export const shortLoad = (level: LoadLevel): string => shortened(loadLabel(level))

/** Shortens an existing label in the same way. */
export const shortened = (label: string): string => label.replace('concurrency ', 'c ').replace(' requests/s', '/s')

/** The number by which load levels of one kind are ordered: requests in flight, or requests/s; null for other kinds. */
export function loadValue(level: LoadLevel): number | null {
  if (level.kind === 'concurrency') return level.concurrency
  if (level.kind === 'trace') return level.users ?? null
  return level.kind === 'rate' ? level.requestsPerS : null
}
