import type { ImportFormat } from './format.ts'

/** A format as shown in `fulcrum import --help` and messages. */
export interface ListedFormat {
  readonly name: string
  /** Its files, in a clause. */
  readonly about: string
  /** Loads the reader. Commands that only list the formats do not need it. */
  load(): Promise<ImportFormat>
}

/**
 * Registry of importable results. Add a new one as a file in formats/ and an entry here. The first format that
 * recognizes a file reads it, so formats that check the file name come before those that check the content.
 */
export const importFormats: readonly ListedFormat[] = [
  {
    name: 'genai-perf',
    about: 'profile_export_genai_perf.json of genai-perf 0.0.16',
    load: async () => (await import('./formats/genai-perf.ts')).genaiPerfFormat,
  },
  {
    name: 'aiperf',
    about: 'profile_export_aiperf.json of schema 1.4, from AIPerf 0.13',
    load: async () => (await import('./formats/aiperf.ts')).aiperfFormat,
  },
  {
    name: 'srt-slurm',
    about: 'sa-bench_*/results_concurrency_*.json below {job id}.json',
    load: async () => (await import('./formats/srt-slurm.ts')).srtSlurmFormat,
  },
  {
    name: 'inference-perf',
    about: 'stage_N_lifecycle_metrics.json of each stage',
    load: async () => (await import('./formats/inference-perf.ts')).inferencePerfFormat,
  },
  {
    name: 'llm-d-benchmark',
    about: 'benchmark_report_v0.2*.yaml or .json of llm-d-benchmark',
    load: async () => (await import('./formats/llm-d-benchmark.ts')).llmDFormat,
  },
  {
    name: 'guidellm',
    about: 'the JSON report of GuideLLM 0.8, under any name',
    load: async () => (await import('./formats/guidellm.ts')).guideLlmFormat,
  },
  {
    name: 'inferencex',
    about: 'agg_bmk.json and the agg_*.json of each point',
    load: async () => (await import('./formats/inferencex.ts')).inferenceXFormat,
  },
  {
    name: 'vllm-bench',
    about: 'JSON of `vllm bench serve` and `vllm-rs bench serve`',
    load: async () => (await import('./formats/vllm-bench-serve.ts')).vllmBenchFormat,
  },
]
