import type { GpuSeriesName } from '../../metrics/gpu.ts'
import type { Measurement } from '../../metrics/measurement.ts'
import { roles } from '../../model/index.ts'
import { compactSeries, type SeriesSample } from '../../telemetry/series.ts'
import { counted } from './format.ts'

/** Charts of a deployment's GPUs. */
export const gpuPanels = ['gpu-utilization', 'gpu-power', 'gpu-memory', 'gpu-clock', 'gpu-pcie', 'gpu-nvlink'] as const
/** A chart of {@link gpuPanels}. */
export type GpuPanel = (typeof gpuPanels)[number]

/** Time series of one role's GPUs during a point. */
export interface GpuLine {
  readonly panel: GpuPanel
  /** `prefill GPUs`; `GPUs` if their role is unknown. */
  readonly source: string
  readonly metric: string
  /** Seconds since the window began, and the mean per GPU of the role in percent, W, GiB, MHz or GB/s. */
  readonly samples: readonly SeriesSample[]
}

const seriesOfPanel: { readonly [panel in GpuPanel]: GpuSeriesName } = {
  'gpu-utilization': 'utilization',
  'gpu-power': 'power',
  'gpu-memory': 'memory',
  'gpu-clock': 'clock',
  'gpu-pcie': 'pcie',
  'gpu-nvlink': 'nvlink',
}

/** From the unit of a series to the unit of its chart. */
const divisors: { readonly [panel in GpuPanel]?: number } = {
  'gpu-memory': 1024,
  'gpu-pcie': 1e9,
  'gpu-nvlink': 1e9,
}

/** Lines of a measurement, one per role and chart, with times relative to its window. Older runs kept fewer series. */
export function gpuLines({ gpus }: Measurement): readonly GpuLine[] {
  if (gpus === undefined) return []
  return gpuPanels.flatMap(panel =>
    [...roles, null].flatMap(role => {
      const own = gpus.gpus.filter(gpu => gpu.role === role)
      const series = own.flatMap(gpu => {
        const samples = gpu.series?.[seriesOfPanel[panel]] ?? []
        return samples.length === 0 ? [] : [samples]
      })
      // The mean over some of the GPUs is not the mean of the role.
      if (series.length === 0 || series.length < own.length) return []
      const divisor = divisors[panel] ?? 1
      return [
        {
          panel,
          source: role === null ? 'GPUs' : `${role} GPUs`,
          metric: `${seriesOfPanel[panel]} by ${gpus.source}, ${own.length === 1 ? '1 GPU' : `mean of ${counted(own.length, 'GPU')}`}`,
          samples: compactSeries(meanSeries(series)).map(([ms, value]) => [ms / 1000, value / divisor] as const),
        },
      ]
    }),
  )
}

/**
 * Mean of several series at every time that any of them has. Interpolates between samples and holds the first and last
 * value beyond them.
 */
export function meanSeries(all: readonly (readonly SeriesSample[])[]): readonly SeriesSample[] {
  const moments = [...new Set(all.flatMap(series => series.map(([ms]) => ms)))].sort((a, b) => a - b)
  const sums = moments.map(() => 0)
  for (const series of all) {
    let next = 0
    for (const [i, ms] of moments.entries()) {
      while (next < series.length && (series[next]?.[0] ?? 0) < ms) next++
      sums[i] = (sums[i] ?? 0) + valueBetween(series[next - 1], series[next], ms)
    }
  }
  return moments.map((ms, i) => [ms, (sums[i] ?? 0) / all.length])
}

function valueBetween(before: SeriesSample | undefined, after: SeriesSample | undefined, ms: number): number {
  if (after === undefined) return before?.[1] ?? 0
  if (before === undefined || after[0] === ms || after[0] <= before[0]) return after[1]
  return before[1] + ((ms - before[0]) / (after[0] - before[0])) * (after[1] - before[1])
}
