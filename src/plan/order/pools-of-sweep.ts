import { canonicalJson, type Deployment, defined, roles } from '../../model/index.ts'
import type { Sweep } from '../../spec/sweep.ts'
import { type PartKinds, type Pools, poolsOf, poolsOfVariant } from './reconcile-cost.ts'

/**
 * Pools of each deployment of a sweep. The kind of a part depends on the configuration with which a variant starts it.
 * Variants and deployments have no parts in common if the deployer cannot change a running system from one to the
 * other.
 */
export function poolsOfSweep({
  deploy,
  variants = [],
}: Pick<Sweep, 'deploy' | 'variants'>): (deployment: Deployment) => Pools {
  const kinds = new Map<string, PartKinds>(
    variants.map(variant => {
      const { system } = variant
      const { frontend, workers, heads } = variant.deploy.parts()
      const { prefill, decode, aggregated } = workers
      return [
        variant.name,
        {
          frontend: [system, frontend],
          workers: { prefill: [system, prefill], decode: [system, decode], aggregated: [system, aggregated] },
          ...defined({ heads }),
        },
      ]
    }),
  )
  return deployment => {
    const own = deployment.variant === undefined ? undefined : kinds.get(deployment.variant)
    const pools = own === undefined ? poolsOf(deployment) : poolsOfVariant(deployment, own)
    const fixed = deploy.fixed(deployment)
    return fixed === null ? pools : withFixed(pools, canonicalJson(fixed))
  }
}

function withFixed(pools: Pools, fixed: string): Pools {
  const own = roles.flatMap(role => {
    const pool = pools[role]
    return pool === undefined ? [] : [[role, { ...pool, kind: `${pool.kind} ${fixed}` }]]
  })
  const frontend = pools.frontend === undefined ? undefined : `${pools.frontend} ${fixed}`
  return { ...pools, ...Object.fromEntries(own), ...defined({ frontend }) }
}
