import type { Asking } from '../generators/probe.ts'
import type { Load } from '../model/index.ts'

/** How a sweep's load asks, for the probes of its deployments; all loads of a sweep ask alike. */
export function probeSettings([load]: readonly Load[]): { readonly ask?: Asking } {
  return load === undefined ? {} : { ask: { api: load.api, streaming: load.streaming, extra: load.extra } }
}
