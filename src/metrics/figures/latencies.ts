import type { Distribution, Measurement } from '../measurement.ts'
import type { Figure, FigureView } from './figure.ts'

type Percentile = 'mean' | 'p50' | 'p95' | 'p99'
const percentiles: readonly Percentile[] = ['mean', 'p50', 'p95', 'p99']

/** Mean and percentiles of a latency, as four figures. */
function latency(
  name: string,
  title: string,
  of: (measurement: Measurement) => Distribution | null,
  shownIn: { readonly [percentile in Percentile]?: readonly FigureView[] },
): readonly Figure[] {
  return percentiles.map(percentile => ({
    name: `${name}_${percentile}_ms`,
    title: `${title} ${percentile}`,
    unit: 'ms',
    better: 'lower',
    of: measurement => of(measurement)?.[percentile] ?? null,
    shownIn: shownIn[percentile] ?? [],
  }))
}

const everywhere: readonly FigureView[] = ['tables', 'comparison', 'history']
const everywhereAndAxes: readonly FigureView[] = [...everywhere, 'axes']

/** TTFT, ITL and request latency in ms, four figures each. */
export const latencies: readonly Figure[] = [
  ...latency('ttft', 'TTFT', m => m.ttftMs, { p50: ['comparison', 'axes'], p95: everywhereAndAxes }),
  ...latency('itl', 'ITL', m => m.itlMs, { p50: ['comparison'], p95: everywhere }),
  ...latency('request_latency', 'Request latency', m => m.requestLatencyMs, {
    p50: ['axes'],
    p95: ['comparison', 'axes'],
  }),
]
