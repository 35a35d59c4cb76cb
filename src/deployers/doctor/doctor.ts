import type { ConfiguredDeployer } from '../define-deployer.ts'
import { besideDeployment } from '../kubernetes/load-job/defaults.ts'
import { checkLoadJob } from '../kubernetes/load-job/doctor.ts'
import type { Addresses, Check, SweepNeeds } from './check.ts'
import { checkDcgm } from './dcgm.ts'
import { checkGpus } from './gpus.ts'
import { checkHost } from './host.ts'
import { checkRdma } from './rdma.ts'
import { checkCards, expectedOf } from './registration.ts'
import { checkShardHosts } from './shard-hosts.ts'

export type { Addresses, Check, SweepNeeds } from './check.ts'

/** What a sweep asks of the machine. */
export interface MachineNeeds extends SweepNeeds {
  readonly deploy: ConfiguredDeployer
}

/**
 * Checks this machine, and what else a sweep needs, against it; with null, only what every sweep needs. Starts no worker.
 * @param addresses what runs already and is to be looked at, too
 */
export async function examineMachine(needs: MachineNeeds | null, addresses: Addresses = {}): Promise<readonly Check[]> {
  const { etcd, dcgm = [] } = addresses
  const parts = await Promise.all([
    checkHost(needs?.concurrency ?? 1),
    checkGpus(needs === null ? null : needs.deploy.gpusHere(needs)),
    checkRdma(false),
    ...dcgm.map(checkDcgm),
    needs === null ? [] : needs.deploy.doctor(needs),
    needs === null ? [] : checkLoad(needs),
    etcd === undefined ? [] : checkRegistered(etcd, needs),
  ])
  return parts.flat()
}

/** Who is registered in an etcd; of a system that runs already, it is known who should be. */
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
