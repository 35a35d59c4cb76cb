import { z } from 'zod'
import { field } from '../../yaml/field.ts'

const url = field(
  z.string().regex(/^https?:\/\/[^\s]+$/),
  'URL of a worker’s metrics page, in Prometheus’ text format or OpenMetrics.',
  'write a URL such as http://10.0.0.5:9090/metrics',
)

const workerSchema = z.union([
  url,
  z.strictObject({
    url,
    role: field(
      z.enum(['prefill', 'decode', 'aggregated']),
      'Role of the worker. Default: from the labels of its page.',
      'write prefill, decode or aggregated',
    ).optional(),
  }),
])

export const telemetrySchema = field(
  z.strictObject({
    workers: field(
      z.union([z.literal('auto'), z.array(workerSchema).min(1)]),
      'Metrics pages of the workers, each as a URL or as `{ url, role }`; they replace those that the deployer finds. `auto` uses the pages that the deployer finds. Default: `auto`.',
      'write auto, or a list such as [{ url: http://10.0.0.5:9090/metrics, role: decode }]',
    ).default('auto'),
  }),
  'What Fulcrum observes beside the load. It changes no ids. Default: what the deployer finds.',
  'write { workers: [http://10.0.0.5:9090/metrics] }',
)

export type RawTelemetry = z.output<typeof telemetrySchema>
