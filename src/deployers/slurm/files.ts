import { join } from 'node:path'
import { isSecretName, nodesPerWorker, rolesOf, shellWord, topologyLabel } from '../../model/index.ts'
import { smallestChange, type WorkerSlot } from '../change.ts'
import type { DeploymentFiles, WantedFiles } from '../define-deployer.ts'
import { type DynamoSetup, designsOf, frontendCommand } from '../dynamo/commands.ts'
import type { DynamoConfig } from '../dynamo/config.ts'
import { launchesOf } from '../dynamo/worker.ts'
import { etcdCommand, natsCommand } from '../infrastructure.ts'
import type { Launcher } from '../launch/launcher.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import type { Host } from '../nodes/placement.ts'
import { distinctFiles } from '../planned-commands.ts'
import { addressOfNode, nameOfNode, startScript } from '../start-script.ts'
import type { SlurmConfig } from './config.ts'
import { hostsToCome } from './nodes.ts'
import { allocationArguments } from './salloc.ts'
import { mpiBreakers } from './srun.ts'

/** Default ports of the programs; the job has its nodes to itself. */
const ports = { nats: 4222, etcd: 2379, etcdPeer: 2380, http: 8000, system: 9090, sideChannel: 20_097, own: 20_297 }

/**
 * A Slurm batch script: NATS, etcd and the frontend on the first node of its job, workers as steps on all nodes. Null
 * for workers in containers and on several nodes.
 */
export function slurmFiles(config: SlurmConfig, wanted: WantedFiles): DeploymentFiles | null {
  if (config.container !== undefined) return null
  const { deployment, model } = wanted
  if (rolesOf(deployment.topology).some(role => nodesPerWorker(deployment, role) > 1)) return null
  const [head, httpPort] = [addressOfNode(0), config.http_port ?? ports.http]
  const { nodes: _, ...dynamo } = config
  const setup: DynamoSetup = {
    ...{ model, folder: 'engine', namespace: 'fulcrum' },
    config: { ...dynamo, env: withoutSecrets(dynamo.env) } satisfies DynamoConfig,
    natsUrl: config.nats ?? `nats://${head}:${ports.nats}`,
    etcdUrl: config.etcd ?? `http://${head}:${ports.etcd}`,
  }
  const hosts = hostsToCome(config).map((host, index): Host => ({ ...host, name: nameOfNode(index) }))
  const nodes: Nodes = {
    ...thisMachine({}),
    named: hosts,
    hosts: () => hosts,
    reach: host => ({
      address: addressOfNode(
        Math.max(
          0,
          hosts.findIndex(({ name }) => name === host),
        ),
      ),
      networkInterface: null,
    }),
    launcher: host => stepOn(host ?? nameOfNode(0), config),
  }
  const designs = designsOf(setup, deployment)
  const { start } = smallestChange<WorkerSlot>([], deployment, designs, hosts)
  const workers = start.flatMap((slot, i) => {
    const design = designs[slot.role]
    if (design === undefined) return []
    const own = { system: ports.system + i, sideChannel: ports.sideChannel + i, own: ports.own + i }
    return launchesOf(setup, slot, design, nodes, { ranks: [own], meeting: '' })
  })
  const frontend = frontendCommand({ ...setup, config: reachable(setup.config, head) }, httpPort, nodes.reach(null))
  const etcd = etcdCommand(ports.etcd, ports.etcdPeer, join('data', 'etcd'), head)
  const asked = ['--job-name=fulcrum', '--output=start-%j.log', ...allocationArguments(config)]
  const script = startScript({
    about: `${topologyLabel(deployment.topology)} of ${model} with Dynamo in a job of Slurm. Written by Fulcrum.`,
    batch: { options: asked.map(argument => `#SBATCH ${shellWord(argument)}`) },
    processes: [
      ...(config.nats === undefined ? [{ name: 'nats', ...natsCommand(ports.nats, join('data', 'nats'), head) }] : []),
      ...(config.etcd === undefined ? [{ name: 'etcd', ...etcd }] : []),
      { name: 'frontend', ...frontend },
      ...workers.map(({ name, launch: { argv, env } }) => ({ name, argv, env })),
    ],
    url: `http://${head}:${httpPort}`,
    model,
    readyTimeoutS: config.ready_timeout,
  })
  return {
    files: [
      { path: 'start.sbatch', content: script, isProgram: true },
      ...distinctFiles(workers.flatMap(({ launch }) => launch.files)),
    ],
    steps: [
      {
        command: 'sbatch start.sbatch',
        does: 'Ask for the nodes and start everything, from this folder, which the nodes must share; start-JOB.log says `ready` and the URL once a request has been answered.',
      },
      { command: 'scancel --name=fulcrum', does: 'Stop it.' },
    ],
    url: null,
    dialect: 'dynamo-1',
  }
}

/** Makes the frontend reachable from the cluster, not only from its node, unless the sweep file sets otherwise. */
const reachable = (config: DynamoConfig, address: string): DynamoConfig => ({
  ...config,
  frontend_args: { ...config.frontend_args, 'http-host': config.frontend_args['http-host'] ?? address },
})

/** Secrets stay in the environment of the submitter; Slurm passes it on. */
const withoutSecrets = (env: { readonly [name: string]: string }) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !isSecretName(name)))

/** A step of the job on one of its nodes, without the variables that make MPI mistake an engine's start for Slurm's. */
function stepOn(node: string, config: SlurmConfig): Launcher {
  const unset = config.keep_slurm_variables ? [] : mpiBreakers.flatMap(name => ['-u', name])
  return ({ name, argv, env, files }) => ({
    argv: [
      ...(['srun', '--overlap', '--nodes=1', '--ntasks=1', `--nodelist=${node}`, '--cpu-bind=none'] as const),
      ...['--unbuffered', `--job-name=${name}`, ...config.srun_args],
      ...['env', ...unset, ...Object.entries(env).map(([key, value]) => `${key}=${value}`), ...argv],
    ],
    env: {},
    files,
    endsBy: 'signal',
  })
}
