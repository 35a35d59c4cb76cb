import { lookAt, mostRows, type StopRule, wholeSessions } from '../../metrics/stopping/stop.ts'
import type { Control } from './control.ts'
import { stopMeasuring } from './control.ts'
import type { LookTable, TableSize } from './look-table.ts'
import { endedSoFar, isWarmupOver, rowsSoFar } from './look-table.ts'

/** The interval does not affect results: request numbers determine what each look examines. */
const lookEveryMs = 20

/** Monitors a load that stops according to its measurements. */
export interface LoadWatch {
  /** Measured requests at the look that ended the load; the maximum if none did. */
  readonly requests: number
  end(): void
}

/** Size of the table that a rule needs up to its last look. */
export function tableSize(rule: StopRule): TableSize {
  return { rows: mostRows(rule), before: rule.before, turns: rule.turns }
}

/**
 * Examines the load as soon as the requests of the next look have ended. Once a look decides to stop, no further
 * requests are measured.
 */
export function watchLoad(control: Control, table: LookTable, rule: StopRule): LoadWatch {
  let ended = 0
  let next = 0
  let requests = rule.looks.at(-1)?.requests ?? 0
  const planned = rule.requestsPerS === null ? rule.before : 0
  const timer = setInterval(() => {
    ended = endedSoFar(table, ended)
    for (let look = rule.looks[next]; look !== undefined; look = rule.looks[next]) {
      const needed = wholeSessions(look.requests, rule.turns)
      // The last look has no decision to make.
      if (next === rule.looks.length - 1 || ended < needed || !isWarmupOver(table, planned)) return
      next += 1
      if (lookAt(rowsSoFar(table, 0, needed), rule, look).reason === null) continue
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
