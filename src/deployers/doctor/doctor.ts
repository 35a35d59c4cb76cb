import type { ConfiguredDeployer } from '../define-deployer.ts'
import { besideDeployment } from '../kubernetes/load-job/defaults.ts'
import { checkLoadJob } from '../kubernetes/load-job/doctor.ts'
import { checkBandwidth } from './bandwidth.ts'
import type { Addresses, Check, SweepNeeds } from './check.ts'
import { checkDcgm } from './dcgm.ts'
import { checkGpus } from './gpus.ts'
import { checkHost } from './host.ts'
import { checkRdma } from './rdma.ts'
import { checkCards, expectedOf } from './registration.ts'
import { checkShardHosts } from './shard-hosts.ts'

export type { Addresses, Check, SweepNeeds } from './check.ts'

/** A sweep's requirements for the machine. */
export interface MachineNeeds extends SweepNeeds {
  readonly deploy: ConfiguredDeployer
}

/**
 * One check, or several on one subject. It changes nothing and starts no worker.
 * @param needs requirements of the sweep; null if no sweep was given
 * @param addresses of running services
 */
export type MachineCheck = (
  needs: MachineNeeds | null,
  addresses: Addresses,
) => readonly Check[] | Promise<readonly Check[]>

/** The checks of `fulcrum doctor`, in the order of printing. */
const machineChecks: readonly MachineCheck[] = [
  needs => checkHost(needs?.concurrency ?? 1),
  needs => checkGpus(needs === null ? null : needs.deploy.gpusHere(needs)),
  () => checkRdma(false),
  async (_, { dcgm = [] }) => (await Promise.all(dcgm.map(checkDcgm))).flat(),
  needs => (needs === null ? [] : needs.deploy.doctor(needs)),
  needs => (needs === null ? [] : checkLoad(needs)),
  (needs, { etcd }) => (etcd === undefined ? [] : checkRegistered(etcd, needs)),
]

/**
 * Checks this machine and everything else that a sweep needs; with null, only the common requirements of all sweeps.
 * Starts no worker.
 * @param addresses running services to check as well
 * @param checks the checks to run
 */
export async function examineMachine(
  needs: MachineNeeds | null,
  addresses: Addresses = {},
  checks: readonly MachineCheck[] = machineChecks,
): Promise<readonly Check[]> {
  const found = (await Promise.all(checks.map(check => check(needs, addresses)))).flat()
  // Other checks would mistake a bandwidth test for load from another user.
  return addresses.bandwidth === true ? [...found, ...(await checkBandwidth())] : found
}

/** Checks the workers registered in an etcd. For a running system, the expected workers are known. */
async function checkRegistered(etcd: string, needs: MachineNeeds | null): Promise<readonly Check[]> {
  const capabilities = await needs?.deploy.capabilities()
  const isRunning = capabilities !== undefined && capabilities.running !== null
  return checkCards(etcd, needs === null || !isRunning ? null : expectedOf(needs))
}

async function checkLoad({ generator, deploy }: MachineNeeds): Promise<readonly Check[]> {
  const program = generator.doctor()
  const { shards } = generator
  if (shards === null) return program
  const elsewhere =
    shards.job === undefined
      ? checkShardHosts(shards)
      : checkLoadJob(besideDeployment({ ...shards, job: shards.job }, deploy.cluster()))
  return (await Promise.all([program, elsewhere])).flat()
}
