import type { Registration } from './registry.ts'

/** Workers of one service that started together, and their leases. Which lease belongs to which worker is unknown. */
export interface LeaseGroup<Worker> {
  readonly workers: readonly Worker[]
  readonly leases: readonly string[]
}

/**
 * Groups of the workers that a change started, from the registrations that appeared with it. Omits services with too
 * few or too many registrations.
 */
export function groupsOf<Worker>(
  started: readonly Worker[],
  fresh: readonly Registration[],
  serviceOf: (worker: Worker) => string,
): readonly LeaseGroup<Worker>[] {
  return [...Map.groupBy(started, serviceOf)].flatMap(([service, workers]) => {
    const leases = [...new Set(fresh.filter(one => one.service === service).map(({ lease }) => lease))]
    return leases.length === workers.length ? [{ workers, leases }] : []
  })
}

/** Leases that certainly belonged to ended workers: those of groups whose workers have all ended. */
export function leasesOfEnded<Worker>(
  groups: readonly LeaseGroup<Worker>[],
  ended: (worker: Worker) => boolean,
): readonly string[] {
  return groups.filter(({ workers }) => workers.every(ended)).flatMap(({ leases }) => leases)
}

/**
 * Groups without ended workers. Leases of ended workers have expired, so any that are still listed belong to the
 * others.
 */
export function remaining<Worker>(
  groups: readonly LeaseGroup<Worker>[],
  ended: (worker: Worker) => boolean,
  listed: readonly Registration[],
): readonly LeaseGroup<Worker>[] {
  const held = new Set(listed.map(({ lease }) => lease))
  return groups.flatMap(group => {
    const workers = group.workers.filter(worker => !ended(worker))
    const leases = group.leases.filter(lease => held.has(lease))
    return workers.length > 0 && workers.length === leases.length ? [{ workers, leases }] : []
  })
}
