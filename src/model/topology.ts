/** Role of a worker: it reads prompts, generates tokens, or both. */
export type Role = 'prefill' | 'decode' | 'aggregated'

/** All roles, in the order of reports. */
export const roles: readonly Role[] = ['prefill', 'decode', 'aggregated']

/** Number of workers of each role that serve together. */
export type Topology =
  | { readonly kind: 'aggregated'; readonly workers: number }
  | { readonly kind: 'disaggregated'; readonly prefill: number; readonly decode: number }

/** Workers of one role in a topology; 0 if it has none. */
export function workersOf(topology: Topology, role: Role): number {
  if (topology.kind === 'aggregated') return role === 'aggregated' ? topology.workers : 0
  if (role === 'aggregated') return 0
  return role === 'prefill' ? topology.prefill : topology.decode
}

/** Roles of a topology's workers. */
export function rolesOf(topology: Topology): readonly Role[] {
  return roles.filter(role => workersOf(topology, role) > 0)
}

/** Common short name of a topology: `agg x2`, `2P1D`. */
export function topologyLabel(topology: Topology): string {
  return topology.kind === 'aggregated' ? `agg x${topology.workers}` : `${topology.prefill}P${topology.decode}D`
}
