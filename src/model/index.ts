/**
 * The nouns that every room shares: types and pure functions, no effects. `numbers/` and `text/` hold what those and
 * all rooms rest on; a room of their own would have no subject.
 */
export * from './arrivals.ts'
export * from './canonical-json.ts'
export * from './contract.ts'
export * from './defined.ts'
export * from './deployment.ts'
export * from './endpoint.ts'
export * from './error.ts'
export * from './exit-codes.ts'
export * from './identity.ts'
export * from './load.ts'
export * from './numbers/extremes.ts'
export * from './numbers/random.ts'
export * from './point.ts'
export * from './site.ts'
export * from './telemetry.ts'
export * from './text/redact.ts'
export * from './text/shell-word.ts'
export * from './topology.ts'
export * from './warm-up.ts'
export * from './workload.ts'
