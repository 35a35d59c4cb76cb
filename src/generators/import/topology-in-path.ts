import type { Topology } from '../../model/index.ts'

/**
 * Topology named in a path, or the last one if there are several: `2P1D`, `2p_1d`, `prefill2-decode1`, `agg-x2`,
 * `aggregated_4`; null if there is none.
 */
export function topologyInPath(path: string): Topology | null {
  for (const part of path.split('/').toReversed()) {
    const pair =
      /(?:^|[^a-z0-9])(\d+)p[-_ ]?(\d+)d(?![a-z0-9])/i.exec(part) ??
      /prefill[-_x]?(\d+).*?decode[-_x]?(\d+)/i.exec(part)
    const [, prefill, decode] = pair ?? []
    if (Number(prefill) > 0 && Number(decode) > 0)
      return { kind: 'disaggregated', prefill: Number(prefill), decode: Number(decode) }
    const workers = Number(/(?:^|[^a-z])agg(?:regated)?[-_ ]?x?(\d+)(?!\d)/i.exec(part)?.[1])
    if (workers > 0) return { kind: 'aggregated', workers }
  }
  return null
}
