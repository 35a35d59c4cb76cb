import type { Load, LoadLevel } from '../../model/index.ts'
import { counted } from '../../model/index.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import type { RawAutoWarmup, RawLoad } from '../schema/load.ts'
import { amountAt } from './amount.ts'
import { autoOf } from './auto-requests.ts'

/** If all requests are alike, slots that start together stay together for 20 to 28 rounds: docs/bench/window.md. */
const defaultMax = '30x'

/** Whether the warm-up ends by what it measures. */
export function isAutoWarmup(warmup: RawLoad['warmup']): warmup is 'auto' | { readonly auto: RawAutoWarmup } {
  return warmup === 'auto' || typeof warmup === 'object'
}

const statedMax = (warmup: RawLoad['warmup']) => (typeof warmup === 'object' ? warmup.auto.max : undefined)

/** Maximum warm-up of a level; absent if the warm-up has a fixed length. */
export function autoWarmupOf(raw: RawLoad, level: LoadLevel, least: number): Load['autoWarmup'] {
  if (!isAutoWarmup(raw.warmup) || level.kind !== 'concurrency') return undefined
  const max = statedMax(raw.warmup)
  if (max === undefined) return { max: Math.max(least, amountAt(level.concurrency, defaultMax)) }
  return { max: amountAt(level.concurrency, max) }
}

/** Rejects loads whose window cannot move. */
export function checkAutoWarmup(raw: RawLoad, levels: readonly LoadLevel[], context: SectionContext): void {
  if (!isAutoWarmup(raw.warmup)) return
  const refuse = (wrong: string, right: string) => context.report(['load', 'warmup'], wrong, right)
  if (levels.length > 0 && levels.every(({ kind }) => kind !== 'concurrency')) {
    refuse(
      'warmup: auto is for closed loops: requests of open loops and traces arrive on a schedule, and don’t stay together',
      'remove warmup, or write concurrency',
    )
    return
  }
  if (raw.window === 'whole') refuse('warmup: auto moves a steady window, but window is whole', 'remove window')
  if (autoOf(raw.requests) !== null) {
    refuse(
      'warmup: auto and requests: auto cannot be combined: one moves a window of a known length, the other extends it',
      'write warmup: 2x, or a number of requests, such as requests: 10x',
    )
  }
  if (raw.duration !== undefined && raw.requests === undefined) {
    refuse(
      'warmup: auto moves a window of a known number of requests, but duration ends this one',
      'write requests in place of duration, or warmup: 2x',
    )
  }
  if (raw.streaming === false && raw.api !== 'embeddings') {
    refuse('warmup: auto observes TTFT, which this load does not have', 'write warmup: 2x')
  }
  const max = statedMax(raw.warmup)
  for (const level of levels) {
    if (level.kind !== 'concurrency' || max === undefined) continue
    const [least, most] = [2 * level.concurrency, amountAt(level.concurrency, max)]
    if (most >= least) continue
    const wrong = `max is ${counted(most, 'request')}, but at least the first ${least} are warm-up`
    context.report(['load', 'warmup', 'auto', 'max'], wrong, 'write 2x or more')
    return
  }
}
