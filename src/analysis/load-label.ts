import type { LoadLevel } from '../point/index.ts'

/** `64 concurrent`, `12.5 req/s`; the short name of a load level. */
export function loadLabel(level: LoadLevel): string {
  switch (level.kind) {
    case 'concurrency':
      return `concurrency ${level.concurrency}`
    case 'rate':
      return `${level.requestsPerS} requests/s`
    case 'stages':
      return `ramp to ${Math.max(...level.stages.map(stage => stage.requestsPerS))} requests/s`
    case 'trace':
      return `trace at ${level.speed}×`
  }
}

/** The one number that orders load levels of a kind: requests in flight, or requests/s; null where there is none. */
export function loadValue(level: LoadLevel): number | null {
  if (level.kind === 'concurrency') return level.concurrency
  return level.kind === 'rate' ? level.requestsPerS : null
}
