import type { Topology } from '../../model/index.ts'

/**
 * What is believed of a deployment under a load before it is measured: it orders a search, and never stands in for a
 * measurement.
 */
export interface Prior {
  /** Where it is from, for a person: `aiconfigurator (disagg/pareto.csv)`, `run nightly/2026…`. */
  readonly source: string
  readonly topology: Topology
  readonly gpus: number
  /** GPUs of the workers that decode, prefill and decode alike when aggregated; 0 for no prefill workers. */
  readonly gpusPerDecodeWorker: number
  readonly prefillGpus: number
  readonly isl: number
  readonly osl: number
  readonly load: { readonly kind: 'concurrency' | 'rate'; readonly value: number }
  readonly tokensPerSPerGpu: number
  readonly tokensPerSPerUser: number | null
  readonly ttftMs: number | null
  readonly itlMs: number | null
}
