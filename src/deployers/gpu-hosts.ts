import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ownerVariable, type ProcessLedger } from '../process/ledger.ts'
import type { GpuHosts } from '../telemetry/gpu/hosts.ts'
import type { GpuPlaces } from './deployer.ts'
import { onThisMachine } from './launch/launcher.ts'
import { startLaunch } from './launch/start.ts'

/** Grace period. A sampler has no work to complete. */
const graceMs = 2_000

/** Runs programs on the hosts of a deployment's workers. */
export function gpuHosts(
  { holders, hosts, launcher = () => onThisMachine }: GpuPlaces,
  runFolder: string,
  ledger: ProcessLedger,
): GpuHosts {
  return {
    holders,
    hosts,
    // Workers on other hosts or in containers do not inherit the mark.
    markOf: host =>
      host === null && holders.length > 0 && launcher(null) === onThisMachine ? `${ownerVariable}=${ledger.id}/` : '',
    follow: async (host, argv, onStdoutLine) => {
      const name = host === null ? 'gpus' : `gpus-${host}`
      const launch = launcher(host)({ name, argv, env: {}, files: [] })
      const logFile = join(resolve(runFolder), 'deploy', 'logs', `${name}.log`)
      const process = await startLaunch(launch, { name, cwd: tmpdir(), logFile, onStdoutLine }, ledger)
      return { stop: () => process.stop(graceMs), ended: process.exited }
    },
  }
}
