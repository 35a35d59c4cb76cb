import { z } from 'zod'

/**
 * One endpoint of a NATS service as Dynamo 0.3.1 registers it. Its subject is `SERVICE.ENDPOINT-LEASE`, and only
 * `load_metrics` has data, which a worker publishes with Dynamo's `WorkerMetricsPublisher`.
 */
const endpointSchema = z.object({
  subject: z.string(),
  num_requests: z.number().nonnegative(),
  num_errors: z.number().nonnegative(),
  data: z.unknown().optional(),
})

/** An answer to `$SRV.STATS`, see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md */
const statisticsSchema = z.object({ endpoints: z.array(endpointSchema).nullable() })

const count = z.number().nonnegative()
const loadSchema = z.object({
  request_active_slots: count,
  request_total_slots: count,
  num_requests_waiting: count,
  kv_active_blocks: count,
  kv_total_blocks: count,
  gpu_prefix_cache_hit_rate: count,
})

/** Endpoint of Dynamo's `WorkerMetricsPublisher`. */
const loadEndpoint = 'load_metrics'

/** Statistics that one worker reports over NATS. */
export interface WorkerStatistics {
  /** Hexadecimal, as in etcd. */
  readonly lease: string
  readonly endpoints: readonly {
    readonly name: string
    readonly requests: number
    readonly errors: number
    readonly data?: unknown
  }[]
}

/** Workers of an answer to `$SRV.STATS`; empty if the answer has another form. */
export function workersIn(answer: unknown): readonly WorkerStatistics[] {
  const told = (statisticsSchema.safeParse(answer).data?.endpoints ?? []).flatMap(endpoint => {
    const [, name, lease] = /^[^.]+\.(.+)-([0-9a-f]+)$/s.exec(endpoint.subject) ?? []
    if (name === undefined || lease === undefined) return []
    return [{ name, lease, requests: endpoint.num_requests, errors: endpoint.num_errors, data: endpoint.data }]
  })
  return [...Map.groupBy(told, ({ lease }) => lease)].map(([lease, endpoints]) => ({ lease, endpoints }))
}

/**
 * The statistics as a page in Prometheus text format. A worker without a publisher has only request counters.
 *
 * Omits `gpu_cache_usage_perc`. TensorRT-LLM's publisher divides the number of blocks ever allocated by the number that
 * exist, so the value grows beyond 1 (`dynamo/llm/tensorrtllm/publisher.py` of ai-dynamo 0.3.1). The share of blocks in
 * use replaces it.
 */
export function statisticsPage({ endpoints }: WorkerStatistics): string {
  const counters = (metric: string, value: (endpoint: (typeof endpoints)[number]) => number) => [
    `# TYPE ${metric} counter`,
    ...endpoints.map(endpoint => `${metric}{endpoint="${labelText(endpoint.name)}"} ${value(endpoint)}`),
  ]
  const { data } = endpoints.find(({ name }) => name === loadEndpoint) ?? {}
  const load = loadSchema.safeParse(data).data
  const gauges = load === undefined ? {} : { ...load, ...cacheUsage(load) }
  const lines = [
    ...counters('dynamo_nats_requests_total', ({ requests }) => requests),
    ...counters('dynamo_nats_errors_total', ({ errors }) => errors),
    ...Object.entries(gauges).flatMap(([name, value]) => {
      const metric = `dynamo_${loadEndpoint}_${name}`
      return [`# TYPE ${metric} gauge`, `${metric} ${value}`]
    }),
  ]
  return `${lines.join('\n')}\n`
}

function cacheUsage({ kv_active_blocks: used, kv_total_blocks: all }: z.infer<typeof loadSchema>) {
  return all === 0 ? {} : { kv_cache_usage_perc: used / all }
}

/** The text format escapes these in label values. */
const labelText = (text: string) => text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
