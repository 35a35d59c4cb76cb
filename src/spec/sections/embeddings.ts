import { generates } from '../../model/index.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import type { Sections } from '../sections.ts'
import { autoOf } from './auto-requests.ts'
import { isAutoWarmup } from './auto-warmup.ts'

/**
 * Rejects keys that make no sense for an API that generates nothing. Embeddings have no first or later tokens, no text
 * to grade, and no place on a frontier of output tokens.
 */
export function checkEmbeddings(raw: Partial<Sections>, { report }: SectionContext): void {
  const { load } = raw
  if (load === undefined || generates(load.api)) return
  const refuse = (path: readonly string[], what: string, right: string) =>
    report([...path], `the embeddings API has ${what}`, right, 'key')
  if (load.streaming === true) refuse(['load', 'streaming'], 'no stream', 'remove streaming')
  if (load.trace !== undefined)
    refuse(
      ['load', 'trace'],
      'no replay of traces, whose requests generate tokens',
      'write concurrency or request_rate',
    )
  if (autoOf(load.requests) !== null)
    refuse(['load', 'requests'], 'no output tokens for requests: auto to decide by', 'write a number, such as 10x')
  if (isAutoWarmup(load.warmup))
    refuse(['load', 'warmup'], 'no TTFT for warmup: auto to observe', 'write a number, such as 2x')
  for (const [key, what] of [
    ['ttft_p95_ms', 'no TTFT'],
    ['ttfo_p95_ms', 'no TTFO'],
    ['itl_p95_ms', 'no ITL'],
  ] as const) {
    if (raw.slo?.[key] !== undefined) refuse(['slo', key], what, 'write request_latency_p95_ms')
  }
  if (raw.search === 'adaptive')
    refuse(
      ['search'],
      'no frontier of output tokens for the search to follow',
      'remove search, which measures every point',
    )
  if (raw.quality !== undefined) refuse(['quality'], 'no answers to questions', 'remove quality')
}
