import { rolesOf } from '../../point/index.ts'
import { parallelGpus } from '../deployments.ts'
import type { Check } from './check.ts'
import { settingPlace } from './place.ts'

/** A worker holds tensor × pipeline parallel size GPUs: per-GPU results would be wrong with any other number. */
export const checkGpusPerWorker: Check = ({ raw, deployments }, report) => {
  for (const { topology, engine, gpusPerWorker } of deployments) {
    for (const role of rolesOf(topology)) {
      const settings = engine[role] ?? {}
      const parallel = parallelGpus(raw.deploy, role, settings)
      if (parallel === null || parallel === gpusPerWorker[role]) continue
      report(
        settingPlace('tensorParallel', raw, role, settings),
        `tensor × pipeline parallel size of ${role} workers is ${parallel}, and gpus_per_worker is ${gpusPerWorker[role]}`,
        `write gpus_per_worker: ${parallel} for ${role}, or remove it`,
      )
    }
  }
}
