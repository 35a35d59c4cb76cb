import type { DeployConfig, DynamoConfig, DynamoServeConfig } from '../config.ts'
import { checkDynamo, modelSource } from '../dynamo/doctor.ts'
import { checkDynamoServe } from '../dynamo-serve/doctor.ts'
import { checkKubernetes } from '../kubernetes/doctor.ts'
import { besideDeployment } from '../kubernetes/load-job/defaults.ts'
import { checkLoadJob } from '../kubernetes/load-job/doctor.ts'
import { checkSlurm } from '../slurm/doctor.ts'
import type { Addresses, Check, MachineNeeds } from './check.ts'
import { checkDcgm } from './dcgm.ts'
import { checkEndpoint } from './endpoint.ts'
import { checkGenerator } from './generator.ts'
import { type AskedGpus, checkGpus } from './gpus.ts'
import { checkHost, filesFor } from './host.ts'
import { checkRdma } from './rdma.ts'
import { checkCards, type ExpectedWorkers } from './registration.ts'
import { checkShardHosts } from './shard-hosts.ts'
import { checkSshNodes, nodeNeeds } from './ssh-nodes.ts'

export type { Addresses, Check, MachineNeeds } from './check.ts'

/**
 * Checks this machine, and what else a sweep needs, against it; with null, only what every sweep needs. Starts no worker.
 * @param addresses what runs already and is to be looked at, too
 */
export async function examineMachine(needs: MachineNeeds | null, addresses: Addresses = {}): Promise<readonly Check[]> {
  const { etcd, dcgm = [] } = addresses
  const parts = await Promise.all([
    checkHost(needs?.concurrency ?? 1),
    checkGpus(needs === null ? null : gpusHere(needs)),
    checkRdma(false),
    ...dcgm.map(checkDcgm),
    needs === null ? [] : checkDeployer(needs),
    needs === null ? [] : checkLoad(needs),
    etcd === undefined ? [] : checkCards(etcd, needs === null ? null : expectedOf(needs)),
  ])
  return parts.flat()
}

async function checkDeployer(needs: MachineNeeds): Promise<readonly Check[]> {
  const { deploy, model } = needs
  switch (deploy.with) {
    case 'simulated':
      return []
    case 'dynamo':
      return (
        await Promise.all([checkDynamo(deploy, model, deploy.nodes === undefined), checkNodes(deploy, needs)])
      ).flat()
    case 'dynamo-serve': {
      const { slurm } = deploy
      const parts = [checkDynamoServe(deploy), checkNodes(deploy, needs), slurm === undefined ? [] : checkSlurm(slurm)]
      return (await Promise.all(parts)).flat()
    }
    case 'slurm':
      return (await Promise.all([checkDynamo(deploy.dynamo, model, false), checkSlurm(deploy)])).flat()
    case 'kubernetes':
      return checkKubernetes(deploy)
    case 'attach':
      return checkEndpoint(deploy, model, expectedOf(needs), needs.ask)
  }
}

function checkNodes(deploy: DynamoConfig | DynamoServeConfig, needs: MachineNeeds): Promise<readonly Check[]> | [] {
  const more = {
    model: deploy.with === 'dynamo' && needs.model !== undefined ? modelSource(deploy, needs.model) : null,
    gpusPerWorker: usesGpus(deploy) ? (needs.gpus?.worker ?? 0) : null,
    openFiles: filesFor(needs.concurrency),
  }
  const asked = nodeNeeds(deploy, more)
  return asked === null ? [] : checkSshNodes(asked)
}

async function checkLoad({ generator, command, shards, deploy }: MachineNeeds): Promise<readonly Check[]> {
  const program = checkGenerator(generator, command)
  if (shards === undefined) return program
  const elsewhere =
    shards.job === undefined
      ? checkShardHosts(shards)
      : checkLoadJob(besideDeployment({ ...shards, job: shards.job }, deploy))
  return (await Promise.all([program, elsewhere])).flat()
}

/** What a system that runs already has to have for a sweep; null when the sweep brings up several. */
function expectedOf(needs: MachineNeeds): ExpectedWorkers | null {
  const { topologies = [], model, longestTokens = null, concurrency, engines = {} } = needs
  const [topology, ...more] = topologies
  if (needs.deploy.with !== 'attach' || topology === undefined || more.length > 0) return null
  return { topology, ...(model === undefined ? {} : { model }), longestTokens, concurrency, engines }
}

/** The mocker and the simulated engine compute nothing on a GPU. */
const usesGpus = (deploy: DeployConfig): boolean =>
  deploy.with === 'dynamo-serve' || (deploy.with === 'dynamo' && deploy.backend !== 'dynamo.mocker')

/** GPUs of this machine that a sweep takes; null when workers run elsewhere, or compute nothing on a GPU. */
function gpusHere({ deploy, gpus }: MachineNeeds): AskedGpus {
  if (!usesGpus(deploy) || (deploy.with !== 'dynamo' && deploy.with !== 'dynamo-serve')) return null
  if (deploy.gpus !== undefined) return deploy.gpus
  const elsewhere = deploy.nodes !== undefined || (deploy.with === 'dynamo-serve' && deploy.slurm !== undefined)
  return elsewhere || gpus === undefined ? null : { atLeast: gpus.deployment }
}
