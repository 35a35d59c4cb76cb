/** Metrics in Prometheus' text format 0.0.4. */

/** Labels of a series by name. Values are escaped when written. */
export type Labels = { readonly [name: string]: string }

/** Cumulative counts of a value in seconds (or tokens), as in Prometheus histograms. */
export interface BucketHistogram {
  observe(value: number): void
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

/** Creates an empty histogram with these upper bounds. */
export function createBucketHistogram(bounds: readonly number[]): BucketHistogram {
  const counts = bounds.map(() => 0)
  let sum = 0
  let count = 0
  return {
    bounds,
    counts,
    get sum() {
      return sum
    },
    get count() {
      return count
    },
    observe(value) {
      sum += value
      count += 1
      for (let index = bounds.length - 1; index >= 0 && value <= (bounds[index] as number); index--)
        counts[index] = (counts[index] as number) + 1
    },
  }
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function series(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
}

/** One gauge or counter with all its series. */
export function metricText(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  samples: readonly (readonly [Labels, number])[],
): string {
  const lines = samples.map(([labels, value]) => series(name, labels, value))
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

/** One histogram with its cumulative buckets, `+Inf` included. */
export function histogramText(
  name: string,
  help: string,
  labels: Labels,
  histogram: Pick<BucketHistogram, 'bounds' | 'counts' | 'sum' | 'count'>,
): string {
  const buckets = histogram.bounds.map((bound, index) =>
    series(`${name}_bucket`, { ...labels, le: String(bound) }, histogram.counts[index] ?? 0),
  )
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} histogram`,
    ...buckets,
    series(`${name}_bucket`, { ...labels, le: '+Inf' }, histogram.count),
    series(`${name}_sum`, labels, histogram.sum),
    series(`${name}_count`, labels, histogram.count),
    '',
  ].join('\n')
}
