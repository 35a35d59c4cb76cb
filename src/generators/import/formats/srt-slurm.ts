import { z } from 'zod'
import type { Topology } from '../../../model/index.ts'
import { counted } from '../../../model/index.ts'
import { at, type FoundFile, type ImportFormat, nameOf, only } from '../format.ts'
import { unreadable } from '../read.ts'
import type { ImportedSummary, SaidDeployment } from '../summary.ts'
import { readBenchServe } from './vllm-bench-serve.ts'

const layout = 'results of sa-bench beside the job’s metadata of version 2.0, as srt-slurm writes them'

const count = z.number().nullish()

/** `{job id}.json`, written by `srtctl` when it submits a job. */
const metadataSchema = z.looseObject({
  version: z.string(),
  job_id: z.union([z.string(), z.number()]),
  model: z.looseObject({ precision: z.string().nullish() }).nullish(),
  resources: z.looseObject({
    gpu_type: z.string().nullish(),
    prefill_workers: count,
    decode_workers: count,
    agg_workers: count,
    gpus_per_prefill: count,
    gpus_per_decode: count,
    gpus_per_agg: count,
  }),
  backend_type: z.string().nullish(),
  benchmark: z
    .looseObject({ isl: z.union([z.number(), z.string()]).nullish(), osl: z.union([z.number(), z.string()]).nullish() })
    .nullish(),
})

type Metadata = z.output<typeof metadataSchema>

/**
 * sa-bench results of a job of NVIDIA's srt-slurm: `logs/sa-bench_…/results_concurrency_64_gpus_12_ctx_4_gen_8.json`.
 */
export const srtSlurmFormat: ImportFormat = {
  isOf: ({ path, value }) => isResult(path) && at(value, 'request_throughput') !== undefined,
  read: (file, others) => {
    const summary = readBenchServe(file, 'sa-bench')
    const metadata = metadataOf(file, others)
    return only(metadata === null ? summary : withMetadata(file, summary, metadata))
  },
}

const isResult = (path: string) =>
  /(^|\/)sa-bench_[^/]*\/results_[^/]+\.json$/.test(path) || /^results_concurrency_\d+_gpus_\d+/.test(nameOf(path))

/** Metadata of the job: beside the folder of its results or further up. */
function metadataOf({ path }: FoundFile, others: ReadonlyMap<string, FoundFile>): Metadata | null {
  const parts = path.split('/').slice(0, -1)
  for (let depth = parts.length; depth >= 0; depth--) {
    const folder = parts.slice(0, depth).join('/')
    for (const other of others.values()) {
      const isHere = other.path.split('/').slice(0, -1).join('/') === folder
      if (!isHere || at(other.value, 'resources') === undefined || at(other.value, 'job_id') === undefined) continue
      const version = at(other.value, 'version')
      const read = metadataSchema.safeParse(other.value)
      if (read.success && read.data.version === '2.0') return read.data
      throw unreadable(
        layout,
        `srt-slurm’s metadata ${other.path}, version ${String(version ?? 'unknown')}`,
        'its layout is another one',
      )
    }
  }
  return null
}

function withMetadata({ path }: FoundFile, summary: ImportedSummary, metadata: Metadata): ImportedSummary {
  const deployment = deploymentOf(metadata)
  const asked = (length: unknown, got: number) => (Number(length) > 0 ? Number(length) : got)
  const named = /_gpus_(\d+)/.exec(nameOf(path))?.[1]
  const gpus = deployment === null ? null : totalGpus(metadata)
  const disagrees =
    named !== undefined && gpus !== null && Number(named) !== gpus
      ? [
          {
            severity: 'warning' as const,
            code: 'imported-path-disagrees',
            message: `its name says ${counted(Number(named), 'GPU')}, the job’s metadata ${gpus} of workers, which count`,
          },
        ]
      : []
  return {
    ...summary,
    asked: {
      ...summary.asked,
      isl: asked(metadata.benchmark?.isl, summary.asked.isl),
      osl: asked(metadata.benchmark?.osl, summary.asked.osl),
    },
    measurement: { ...summary.measurement, remarks: [...(summary.measurement.remarks ?? []), ...disagrees] },
    deployment,
  }
}

const totalGpus = ({ resources: r }: Metadata): number =>
  (r.prefill_workers ?? 0) * (r.gpus_per_prefill ?? 0) +
  (r.decode_workers ?? 0) * (r.gpus_per_decode ?? 0) +
  (r.agg_workers ?? 0) * (r.gpus_per_agg ?? 0)

function deploymentOf({ resources, backend_type, model }: Metadata): SaidDeployment | null {
  const { agg_workers, prefill_workers, decode_workers } = resources
  const topology: Topology | null =
    (agg_workers ?? 0) > 0
      ? { kind: 'aggregated', workers: agg_workers ?? 0 }
      : (prefill_workers ?? 0) > 0 && (decode_workers ?? 0) > 0
        ? { kind: 'disaggregated', prefill: prefill_workers ?? 0, decode: decode_workers ?? 0 }
        : null
  if (topology === null) return null
  const settings = Object.entries({
    hardware: resources.gpu_type,
    framework: backend_type,
    precision: model?.precision,
  }).flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value] as const]))
  return {
    topology,
    gpusPerWorker: {
      prefill: resources.gpus_per_prefill ?? 0,
      decode: resources.gpus_per_decode ?? 0,
      aggregated: resources.gpus_per_agg ?? 0,
    },
    settings: Object.fromEntries(settings),
    isStated: true,
  }
}
