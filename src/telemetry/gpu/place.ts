import { counted, type Deployment, gpusOf, type Role, rolesOf } from '../../model/index.ts'
import type { GpuIdentity } from './sample.ts'

/** A worker and where it runs. */
export interface GpuHolder {
  readonly worker: string
  readonly role: Role
  /** Null for this machine. */
  readonly host: string | null
  /** Indices on its host that Fulcrum assigned; null if the worker chooses its own. */
  readonly gpus: readonly number[] | null
}

/** GPUs that a sweep file names for each role: indices on their machines, or UUIDs. */
export type NamedGpus = { readonly [role in Role]?: readonly (number | string)[] }

/** A GPU of the deployment. */
export interface PlacedGpu<G> {
  readonly gpu: G
  readonly worker: string | null
  readonly role: Role | null
}

/** Maximum memory in use on an idle GPU, MiB. */
const idleMib = 1024

/** Identifies the GPUs of a deployment among those found, or says why it can't. */
export function placeGpus<G extends GpuIdentity & { readonly memoryMaxMib: number | null }>(
  found: readonly G[],
  deployment: Deployment,
  holders: readonly GpuHolder[],
  named: NamedGpus | null,
): {
  readonly placed: readonly PlacedGpu<G>[]
  readonly trouble: string | null
  /** How unassigned GPUs were identified by their number alone; null if they were assigned. */
  readonly assumed: 'all' | 'those in use' | null
} {
  const count = gpusOf(deployment)
  const done = (placed: readonly PlacedGpu<G>[], how: string) =>
    placed.length === count
      ? { placed, trouble: null, assumed: null }
      : {
          placed,
          assumed: null,
          trouble: `the deployment has ${counted(count, 'GPU')}, and ${placed.length} ${placed.length === 1 ? 'was' : 'were'} found ${how}`,
        }
  if (named !== null) return done(byName(found, named, rolesOf(deployment.topology)), 'by telemetry.gpus.devices')
  const given = holders.flatMap(holder => (holder.gpus ?? []).map(index => ({ holder, index })))
  if (given.length > 0) {
    const placed = given.flatMap(({ holder, index }) => {
      const gpu = found.find(one => one.index === index && sameHost(one.host, holder.host))
      return gpu === undefined ? [] : [{ gpu, worker: holder.worker, role: holder.role }]
    })
    return done(placed, 'at the indices that its workers were given')
  }
  const inPods = found.flatMap(gpu => {
    const role = gpu.pod === null ? null : roleOfPod(gpu.pod, deployment)
    return role === null ? [] : [{ gpu, worker: (gpu.pod ?? '').replace(/^.*\//, ''), role }]
  })
  if (inPods.length > 0) return done(inPods, 'by the names of their pods')
  const [only, ...others] = rolesOf(deployment.topology)
  const role = others.length === 0 ? (only ?? null) : null
  const place = (gpus: readonly G[]) => gpus.map(gpu => ({ gpu, worker: null, role }))
  // Workers that Fulcrum started run on its machines. For other workers, the machine is unknown.
  const assumed = (which: 'all' | 'those in use') => (holders.length > 0 ? null : which)
  if (found.length === count) return { placed: place(found), trouble: null, assumed: assumed('all') }
  const used = found.filter(({ memoryMaxMib }) => (memoryMaxMib ?? 0) > idleMib)
  if (used.length === count) return { placed: place(used), trouble: null, assumed: assumed('those in use') }
  const trouble = `the deployment has ${counted(count, 'GPU')}, ${found.length} ${found.length === 1 ? 'was' : 'were'} found, and ${used.length} of them ${used.length === 1 ? 'has' : 'have'} more than ${idleMib} MiB in use`
  return { placed: [], trouble, assumed: null }
}

function byName<G extends GpuIdentity>(
  found: readonly G[],
  named: NamedGpus,
  roles: readonly Role[],
): readonly PlacedGpu<G>[] {
  return roles.flatMap(role =>
    (named[role] ?? []).flatMap(name => {
      const gpu = found.find(one => (typeof name === 'number' ? one.index === name : one.id === name))
      return gpu === undefined ? [] : [{ gpu, worker: null, role }]
    }),
  )
}

const shortName = (host: string) => host.replace(/\..*$/, '').toLowerCase()

/** Exporters may use the short name of a host where ssh uses the long one, or the other way round. */
export function sameHost(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other
  return one === other || shortName(one) === shortName(other)
}

/** Dynamo's operator names pods after their service: `vllm-disagg-0-vllmprefillworker-x7k2p`. */
function roleOfPod(pod: string, { topology }: Deployment): Role | null {
  const own = rolesOf(topology)
  const spelled = own.find(role => role !== 'aggregated' && pod.toLowerCase().includes(role))
  if (spelled !== undefined) return spelled
  const isWorker = /worker/i.test(pod) || own.length === 1
  if (!isWorker) return null
  // If only the prefill workers are named as such, the others decode.
  return own.length === 1 ? (own[0] ?? null) : 'decode'
}
