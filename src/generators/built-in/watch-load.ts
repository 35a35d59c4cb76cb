import { firstDue, lookAt, type StopRule } from '../../metrics/stopping/stop.ts'
import type { Control } from './control.ts'
import { stopMeasuring } from './control.ts'
import type { LookTable } from './look-table.ts'
import { endedSoFar } from './look-table.ts'

/** Nothing depends on how often: what is looked at is decided by request numbers. */
const lookEveryMs = 20

/** The watch over a load that stops by what it has measured. */
export interface LoadWatch {
  /** Measured requests at the look that ended it; the most where none did. */
  readonly requests: number
  end(): void
}

/**
 * Looks at the load as soon as the requests of the next look have ended, and lets no more be measured once a look says
 * so.
 */
export function watchLoad(control: Control, table: LookTable, rule: StopRule): LoadWatch {
  let ended = 0
  let next = 0
  let requests = rule.looks.at(-1)?.requests ?? 0
  const timer = setInterval(() => {
    ended = endedSoFar(table, ended)
    for (let look = rule.looks[next]; look !== undefined; look = rule.looks[next]) {
      const needed = rule.before + look.requests
      // Who is at the last look has nothing to decide.
      if (next === rule.looks.length - 1 || ended < needed) return
      next += 1
      if (lookAt(firstDue(table.records, needed), rule, look).reason === null) continue
      requests = look.requests
      stopMeasuring(control, requests)
      clearInterval(timer)
      return
    }
  }, lookEveryMs)
  return {
    get requests() {
      return requests
    },
    end: () => clearInterval(timer),
  }
}
