/** The nouns that every room shares: types and pure functions, no effects. */
export * from './deployment.ts'
export * from './endpoint.ts'
export * from './error.ts'
export * from './identity.ts'
export * from './load.ts'
export * from './point.ts'
export * from './topology.ts'
export * from './workload.ts'
