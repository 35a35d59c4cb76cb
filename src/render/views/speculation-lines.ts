import { mean } from 'simple-statistics'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import type { Measurement } from '../../metrics/measurement.ts'
import { percent } from './format.ts'

/** A line about speculative decoding: its subject and figure. */
export type SpeculationLine = readonly [what: string, figure: string]

/** Below this many tokens per chunk, chunks do not show speculation. */
const leastTokens = 1.05

/**
 * Speculative decoding of a point, as means over valid repeats: figures of all workers, by draft position and by
 * worker, and the chunks of answers. Empty if no worker reports any and chunks have one token.
 */
export function speculationLines({ valid }: Pick<MeasuredPoint, 'valid'>): readonly SpeculationLine[] {
  const believed = valid.filter(({ speculation }) => speculation?.isImpossible !== true)
  const line = (what: string, of: (m: Measurement) => number | null | undefined, text: (value: number) => string) => {
    const known = believed.flatMap(m => of(m) ?? [])
    return known.length === 0 ? [] : [[what, text(mean(known))] as const]
  }
  const positions = believed.reduce((most, { speculation }) => Math.max(most, speculation?.byPosition?.length ?? 0), 0)
  const workers = [...new Set(believed.flatMap(({ speculation }) => Object.keys(speculation?.workers ?? {})))]
  const isSampled = believed.some(({ speculation }) => speculation?.by === 'gauges')
  const from = isSampled ? ', sampled' : ''
  const said: readonly SpeculationLine[] = [
    ...line(`acceptance rate${from}`, ({ speculation }) => speculation?.rate, percent),
    ...line(`tokens a step${from}`, ({ speculation }) => speculation?.length, tokens),
    ...Array.from({ length: positions }, (_, place) =>
      line(`drafts accepted up to token ${place + 1}`, ({ speculation }) => speculation?.byPosition?.[place], percent),
    ).flat(),
    ...workers.flatMap(source => [
      ...line(`${source}, acceptance rate`, ({ speculation }) => speculation?.workers?.[source]?.rate, percent),
      ...line(`${source}, tokens a step`, ({ speculation }) => speculation?.workers?.[source]?.length, tokens),
    ]),
  ]
  const requests: readonly SpeculationLine[] = [
    ...line('tokens a step, median request', ({ speculation }) => speculation?.requests?.lengths?.p50, tokens),
    ...line('tokens a step, lowest request', ({ speculation }) => speculation?.requests?.lengths?.min, tokens),
  ]
  const chunks = line(
    'tokens a chunk, by the client',
    m =>
      m.tokenSource === 'chunks' || (said.length === 0 && (m.tokensPerChunk ?? 1) < leastTokens)
        ? null
        : m.tokensPerChunk,
    tokens,
  )
  return [...said, ...requests, ...chunks]
}

const tokens = (value: number) => value.toFixed(2)
