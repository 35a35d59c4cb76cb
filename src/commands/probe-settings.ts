import type { Asking } from '../generators/probe.ts'
import type { Load } from '../model/index.ts'

/** Request settings of a sweep for the probes of its deployments. All loads of a sweep have the same. */
export function probeSettings([load]: readonly Load[]): { readonly ask?: Asking } {
  return load === undefined ? {} : { ask: { api: load.api, streaming: load.streaming, extra: load.extra } }
}
