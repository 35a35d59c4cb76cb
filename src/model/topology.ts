/** What a worker does: reads prompts, writes tokens, or both. */
export type Role = 'prefill' | 'decode' | 'aggregated'

export const roles: readonly Role[] = ['prefill', 'decode', 'aggregated']

/** How many workers of which role serve together. */
export type Topology =
  | { readonly kind: 'aggregated'; readonly workers: number }
  | { readonly kind: 'disaggregated'; readonly prefill: number; readonly decode: number }

/** Workers of one role in a topology; 0 for a role that it does not have. */
export function workersOf(topology: Topology, role: Role): number {
  if (topology.kind === 'aggregated') return role === 'aggregated' ? topology.workers : 0
  if (role === 'aggregated') return 0
  return role === 'prefill' ? topology.prefill : topology.decode
}

/** The roles that a topology has workers of. */
export function rolesOf(topology: Topology): readonly Role[] {
  return roles.filter(role => workersOf(topology, role) > 0)
}

/** The field's short name of a topology: `agg x2`, `2P1D`. */
export function topologyLabel(topology: Topology): string {
  return topology.kind === 'aggregated' ? `agg x${topology.workers}` : `${topology.prefill}P${topology.decode}D`
}
