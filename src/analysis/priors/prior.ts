import type { Topology } from '../../model/index.ts'

/**
 * Expected performance of a deployment under a load before it is measured. It orders a search and never replaces a
 * measurement.
 */
export interface Prior {
  /** Origin for display: `aiconfigurator (disagg/pareto.csv)`, `run nightly/2026…`. */
  readonly source: string
  readonly topology: Topology
  readonly gpus: number
  /** GPUs of one decode worker, or of one aggregated worker. */
  readonly gpusPerDecodeWorker: number
  /** GPUs of all prefill workers; 0 without any. */
  readonly prefillGpus: number
  readonly isl: number
  readonly osl: number
  readonly load: { readonly kind: 'concurrency' | 'rate'; readonly value: number }
  readonly tokensPerSPerGpu: number
  readonly tokensPerSPerUser: number | null
  readonly ttftMs: number | null
  readonly itlMs: number | null
}
