import type { Deployment, Role } from '../model/index.ts'
import { canonicalJson, defined, gpusOf, roles, topologyLabel } from '../model/index.ts'
import { pathText } from '../yaml/problem.ts'
import { combinations, cross } from './axes/axis.ts'
import type { DeploymentDraft } from './axes/deployment-draft.ts'
import { deploymentAxes } from './axes/index.ts'
import { engineOf } from './checks/engine.ts'
import { roleSettings } from './checks/sources.ts'
import { deploymentId } from './identity.ts'
import type { RoleSettings } from './sections/engine.ts'
import type { WantedTopology } from './sections/topologies.ts'
import type { VariantParts } from './variant-parts.ts'

const draftOf = (variants: readonly VariantParts[]): DeploymentDraft => ({
  variants,
  variant: null,
  wanted: null,
  engine: {},
})

/** Number of deployments before GPU limits are applied. */
export function deploymentCount(
  variants: readonly Pick<VariantParts, 'topologies' | 'engine'>[],
  axes = deploymentAxes,
): number {
  return combinations(axes, draftOf(variants as readonly VariantParts[]))
}

/**
 * Every combination of variants, topologies and engine settings within the GPU limits, in file order.
 * @param axes default: those of the registry
 */
export function crossDeployments(variants: readonly VariantParts[], axes = deploymentAxes): readonly Deployment[] {
  const deployments: Deployment[] = []
  const kept = new Map<VariantParts, Set<WantedTopology>>()
  const owners = new Map<string, VariantParts>()
  const told = new Set(reportEqual(variants))
  for (const { variant, wanted, engine } of cross(axes, draftOf(variants))) {
    if (variant === null || wanted === null) continue
    const deployment = deploymentOf(variant, wanted, engine)
    const gpus = gpusOf(deployment)
    if (gpus > wanted.maxGpus || gpus < wanted.minGpus) continue
    kept.set(variant, (kept.get(variant) ?? new Set()).add(wanted))
    const owner = owners.get(deployment.id)
    if (owner !== undefined && owner !== variant) {
      if (!told.has(variant)) reportSame(variant, owner, deployment)
      told.add(variant)
      continue
    }
    owners.set(deployment.id, variant)
    deployments.push(deployment)
  }
  for (const variant of variants) reportNoneLeft(variant, kept.get(variant) ?? new Set())
  return deployments
}

function deploymentOf(variant: VariantParts, wanted: WantedTopology, engine: RoleSettings): Deployment {
  const content = {
    topology: wanted.topology,
    model: variant.model,
    engine,
    gpusPerWorker: gpusPerWorker(variant, wanted, engine),
  }
  const id = deploymentId(content, variant.identity.model, variant.identity.deploy)
  return { id, ...content, ...defined({ variant: variant.name ?? undefined }) }
}

/** Reports variants with the same content as an earlier one, and returns them. */
function reportEqual(variants: readonly VariantParts[]): readonly VariantParts[] {
  const contentOf = ({ identity, raw, deploy }: VariantParts) =>
    canonicalJson([identity, raw.engine, deploy.gpusPerWorker ?? null])
  return variants.filter((variant, index) => {
    const content = contentOf(variant)
    const same = variants.slice(0, index).find(other => contentOf(other) === content)
    if (same === undefined) return false
    variant.report(
      ['variants', `${variant.name}`],
      `variant ${variant.name} is the same as variant ${same.name}`,
      'change a key that affects measurements, or remove one of them',
      'key',
    )
    return true
  })
}

/** Reports two variants with the same deployment, which would measure the same points twice under two names. */
function reportSame({ name, report }: VariantParts, owner: VariantParts, { topology }: Deployment): void {
  report(
    ['variants', `${name}`],
    `variant ${name} deploys ${topologyLabel(topology)} exactly as variant ${owner.name} does`,
    'change something that is deployed, leave the topology to one of them with only or except, or remove the variant',
    'key',
  )
}

/** Reports each entry whose GPU limits exclude all of its topologies. Excluding some of them is fine. */
function reportNoneLeft({ topologies, report, name }: VariantParts, kept: ReadonlySet<WantedTopology>): void {
  const entries = new Map(topologies.map(wanted => [pathText(wanted.path), wanted]))
  for (const [entry, { path, minGpus, maxGpus }] of entries) {
    // Without a limit, another mistake left none, such as an axis without values.
    if (minGpus === 0 && maxGpus === Number.POSITIVE_INFINITY) continue
    if (topologies.some(other => pathText(other.path) === entry && kept.has(other))) continue
    const of = name === null ? '' : ` in variant ${name}`
    report(
      path,
      `no topology of ${entry} has ${minGpus > 0 ? `at least ${minGpus} and ` : ''}at most ${maxGpus} GPU${maxGpus === 1 ? '' : 's'}${of}`,
      'raise max_gpus, lower min_gpus, or list other worker counts',
    )
  }
}

function gpusPerWorker(
  variant: VariantParts,
  wanted: WantedTopology,
  engine: RoleSettings,
): Deployment['gpusPerWorker'] {
  const { deploy, raw, capabilities } = variant
  const said = deploy.gpusPerWorker
  const { running } = capabilities
  const shared = running === null ? null : gpusOfEach(running.gpus, wanted)
  const of = (role: Role): number => {
    const explicit = typeof said === 'object' ? said[role] : said
    return (
      explicit ??
      engineOf(raw).gpusPerWorker(roleSettings(raw, role, engine[role] ?? {})) ??
      shared ??
      capabilities.gpusPerWorker(role, engine[role] ?? {}) ??
      1
    )
  }
  return Object.fromEntries(roles.map(role => [role, of(role)])) as Deployment['gpusPerWorker']
}

/**
 * GPUs per worker of a system that already runs, assuming an equal number for each; null if the GPUs cannot be divided
 * equally.
 */
function gpusOfEach(gpus: number, { topology }: WantedTopology): number | null {
  const workers = topology.kind === 'aggregated' ? topology.workers : topology.prefill + topology.decode
  return gpus % workers === 0 ? gpus / workers : null
}
