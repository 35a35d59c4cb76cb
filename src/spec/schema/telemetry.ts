import { z } from 'zod'
import { duration, field } from '../../yaml/field.ts'

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

const exporterUrl = field(
  z.string().regex(/^https?:\/\/[^\s]+$/),
  'URL of the page of dcgm-exporter or of AMD’s device-metrics-exporter.',
  'write a URL such as http://10.0.0.5:9400/metrics',
)

const gpuList = (role: string) =>
  field(
    z.array(z.union([z.int().min(0), z.string().min(1)])).min(1),
    `GPUs of ${role} workers: indices as nvidia-smi counts them, or UUIDs.`,
    'write a list such as [0, 1]',
  ).optional()

/** Schema of the key `telemetry.gpus`. */
const gpusSchema = field(
  z.union([
    z.enum(['auto', 'off']),
    // Unquoted, `off` is false to other YAML parsers.
    z.literal(false),
    z.strictObject({
      dcgm: field(
        z.array(exporterUrl).min(1),
        'URLs of dcgm-exporter or of AMD’s device-metrics-exporter, one for each machine. Default: none.',
        'write a list such as [http://10.0.0.5:9400/metrics]',
      ).optional(),
      nvidia_smi: field(
        z.boolean(),
        'Samples the GPUs on each machine with workers: NVML through Python, else nvidia-smi, else amd-smi. Default: true without `dcgm`, else false.',
        'write true or false',
      ).optional(),
      sample: field(
        duration,
        'Time between two samples, from `100ms` to `60s`. Default: `1s`.',
        'write a duration such as 1s',
      ).default('1s'),
      devices: field(
        z.strictObject({
          prefill: gpuList('prefill'),
          decode: gpuList('decode'),
          aggregated: gpuList('aggregated'),
        }),
        'GPUs of each role, if the deployer does not know them. Default: as the deployer placed the workers, or from the pod labels of the metrics.',
        'write { prefill: [0], decode: [1] }',
      ).optional(),
    }),
  ]),
  'Power, energy, utilization and memory of the GPUs through each point. `auto` uses NVML or nvidia-smi where they exist; `"off"` or `false` samples nothing. Default: `auto`.',
  'write auto, "off", or { dcgm: [http://10.0.0.5:9400/metrics] }, or { nvidia_smi: true, sample: 1s }',
)

/** Schema of the section `telemetry`. */
export const telemetrySchema = field(
  z.strictObject({
    gpus: gpusSchema.default('auto'),
    workers: field(
      z.union([z.literal('auto'), z.array(workerSchema).min(1)]),
      'Metrics pages of the workers, each as a URL or as `{ url, role }`; they replace those that the deployer finds. `auto` uses the pages that the deployer finds. Default: `auto`.',
      'write auto, or a list such as [{ url: http://10.0.0.5:9090/metrics, role: decode }]',
    ).default('auto'),
  }),
  'Server and GPU metrics to collect during each point. Does not affect point ids. Default: what the deployer finds.',
  'write { workers: [http://10.0.0.5:9090/metrics] }',
)

/** The section `telemetry` with its defaults. */
export type RawTelemetry = z.output<typeof telemetrySchema>
