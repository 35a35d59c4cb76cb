import { createRequire } from 'node:module'
import type { Manifest } from '../journal/manifest.ts'
import { canonicalJson, type Deployment, topologyLabel } from '../model/index.ts'
import { type Difference, differenceInterval, differenceOf } from './estimate.ts'
import type { MeasuredPoint } from './measured-point.ts'
import { bestOf } from './serving-modes.ts'
import { meetsSlo } from './slo.ts'

/** One variant compared with the first one in the sweep file, under one workload. */
export interface VariantGain {
  readonly variant: string
  /** First variant in the sweep file with a valid point. */
  readonly base: string
  /** Best point of each: the most output tokens/s per GPU, within the SLO if any point meets it. */
  readonly best: MeasuredPoint
  readonly baseBest: MeasuredPoint
  readonly meetsSlo: boolean
  readonly baseMeetsSlo: boolean
  /** Output tokens/s per GPU of the variant's best point compared with the base's. */
  readonly gain: Difference
  /** 95% interval of the gain; null if a side has a single measurement. */
  readonly gainCi95: readonly [low: number, high: number] | null
  /**
   * TTFT p50 of the variant compared with the base, at the base's best topology and load; null if not measured there.
   */
  readonly ttft: Difference | null
}

/** One row for each variant except the first, in sweep file order; empty unless two variants have a valid point. */
export function variantGains(points: readonly MeasuredPoint[], manifest: Manifest): readonly VariantGain[] {
  const valid = points.filter(point => point.status === 'ok' && point.y !== null)
  const byVariant = Map.groupBy(valid, ({ deployment }) => deployment.variant ?? '')
  byVariant.delete('')
  if (byVariant.size < 2) return []
  const place = placeIn(manifest)
  const [first, ...others] = [...byVariant].sort(([a], [b]) => place(a) - place(b))
  const baseBest = first === undefined ? null : bestOf(first[1])
  if (first === undefined || !baseBest?.y) return []
  const { y: baseY } = baseBest
  return others.flatMap(([variant, own]) => {
    const best = bestOf(own)
    if (!best?.y) return []
    const there = own.find(point => cellOf(point) === cellOf(baseBest))
    const [ttft, baseTtft] = [there?.figures.ttft_p50_ms, baseBest.figures.ttft_p50_ms]
    return [
      {
        variant,
        base: first[0],
        best,
        baseBest,
        meetsSlo: meetsSlo(best),
        baseMeetsSlo: meetsSlo(baseBest),
        gain: differenceOf(best.y, baseY),
        gainCi95: differenceInterval(best.y, baseY),
        ttft: ttft && baseTtft ? differenceOf(ttft, baseTtft) : null,
      },
    ]
  })
}

const cellOf = ({ deployment, load }: MeasuredPoint) => canonicalJson([topologyLabel(deployment.topology), load.level])

/** Variants of a run's points in the order of its sweep file; empty if it has none. */
export function variantsOf(
  points: readonly { readonly deployment: Pick<Deployment, 'variant'> }[],
  manifest: Pick<Manifest, 'sweepText'>,
): readonly string[] {
  const names = new Set(points.flatMap(({ deployment }) => deployment.variant ?? []))
  const place = names.size < 2 ? () => 0 : placeIn(manifest)
  return [...names].sort((a, b) => place(a) - place(b))
}

function placeIn({ sweepText }: Pick<Manifest, 'sweepText'>): (name: string) => number {
  const order = namesIn(sweepText)
  return name => (order.includes(name) ? order.indexOf(name) : order.length)
}

/** Variants of a sweep file in order; empty if the text has none. */
function namesIn(sweepText: string): readonly string[] {
  try {
    // Loaded only for runs with variants, because every command that lists formats loads this module.
    const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml')
    const sweep: unknown = parse(sweepText)
    const variants = typeof sweep === 'object' && sweep !== null && 'variants' in sweep ? sweep.variants : null
    return typeof variants === 'object' && variants !== null ? Object.keys(variants) : []
  } catch {
    return []
  }
}
