import { type Deployment, deploymentLabel, type Model, rolesOf, workersOf } from '../model/index.ts'
import type { ConfiguredDeployer } from './define-deployer.ts'
import type { Deployer } from './deployer.ts'

/** A variant of a sweep, as far as its deployer is concerned. */
export interface DeployedVariant {
  readonly name: string
  readonly deploy: ConfiguredDeployer
  readonly model: Model
  /** See {@link systemOf}. */
  readonly system: string
}

/** Key that is equal for variants that can share a system; another model needs another one. */
export const systemOf = ({ deploy, model }: Pick<DeployedVariant, 'deploy' | 'model'>): string =>
  JSON.stringify([deploy.system, model.name, model.tokenizer])

/**
 * Deployer of a sweep with variants. If a running system can be changed into that of the next variant, its own deployer
 * makes the smallest change. Otherwise the system is closed and the next one is started.
 * @param create makes the deployer of some variants; `configOf` returns the configuration of each deployment's variant
 */
export function deployerOfVariants(
  variants: readonly DeployedVariant[],
  create: (first: DeployedVariant, configOf: (wanted: Deployment) => unknown) => Deployer,
): Deployer {
  const named = new Map(variants.map(variant => [variant.name, variant]))
  const variantOf = (wanted: Deployment): DeployedVariant => {
    const variant = wanted.variant === undefined ? undefined : named.get(wanted.variant)
    if (variant === undefined) throw new Error(`no variant is known for ${deploymentLabel(wanted)}`)
    return variant
  }
  const keyOf = (wanted: Deployment) => variantOf(wanted).system
  const made = (key: string) => {
    const first = variants.find(({ system }) => system === key)
    if (first === undefined) throw new Error('a system belongs to a variant')
    return create(first, wanted => variantOf(wanted).deploy.config)
  }
  /** For previews, which start nothing. */
  const previewers = new Map<string, Deployer>()
  const previewer = (key: string) => {
    const known = previewers.get(key) ?? made(key)
    previewers.set(key, known)
    return known
  }
  let current: { readonly key: string; readonly deployer: Deployer } | null = null
  let workers = 0
  let isClosed = false

  return {
    reconcile: async (wanted, context) => {
      const key = keyOf(wanted)
      let closed = 0
      if (current !== null && current.key !== key) {
        const { deployer } = current
        context.onEvent({ kind: 'stop', what: 'system of the variant before' })
        await deployer.close()
        closed = workers
        workers = 0
        current = null
      }
      // If the deployer closes meanwhile, the rest ends too.
      if (isClosed) throw new Error('the deployer was closed')
      current ??= { key, deployer: made(key) }
      const done = await current.deployer.reconcile(wanted, context)
      workers = rolesOf(wanted.topology).reduce((sum, role) => sum + workersOf(wanted.topology, role), 0)
      return { ...done, workersStopped: done.workersStopped + closed }
    },
    check: async signal => (current === null ? ['nothing is deployed'] : current.deployer.check(signal)),
    broken: async () => {
      // Never resolves if the deployer cannot report it.
      await (current?.deployer.broken?.() ?? new Promise<void>(() => {}))
    },
    preview: (from, wanted) => {
      const key = keyOf(wanted)
      if (from === null || keyOf(from) === key) return previewer(key).preview(from, wanted)
      const { commands, files } = previewer(key).preview(null, wanted)
      const [first, ...rest] = commands
      const note = `after ${deploymentLabel(from)} has stopped`
      const told =
        first === undefined ? [] : [{ ...first, note: first.note === undefined ? note : `${first.note}, ${note}` }]
      return { commands: [...told, ...rest], files }
    },
    logs: () => current?.deployer.logs() ?? {},
    gpuPlaces: () => current?.deployer.gpuPlaces?.() ?? { holders: [], hosts: current === null ? [] : [null] },
    close: async () => {
      isClosed = true
      await current?.deployer.close()
    },
  }
}
