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
      return `trace at ${level.speed}×`
  }
}

/** As short as fits a cell of a heat map: `c=64`, `12/s`. */
export function shortLoad(level: LoadLevel): string {
  switch (level.kind) {
    case 'concurrency':
      return `c=${level.concurrency}`
    case 'rate':
      return `${level.requestsPerS}/s`
    default:
      return level.kind
  }
}

/** The one number that orders load levels of a kind: requests in flight, or requests/s; null where there is none. */
export function loadValue(level: LoadLevel): number | null {
  if (level.kind === 'concurrency') return level.concurrency
  return level.kind === 'rate' ? level.requestsPerS : null
}
