import { isSecretName, shellCommand } from '../../model/index.ts'
import { placesOf, smallestChange, type WorkerSlot } from '../change.ts'
import type { DeploymentFiles, WantedFiles } from '../define-deployer.ts'
import { taskFolder } from '../launch/guard.ts'
import { overSsh } from '../launch/ssh.ts'
import { headReach } from '../nodes/head.ts'
import { type SshNodesConfig, sshNodesOf } from '../nodes/keys.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import { hostsOf } from '../nodes/ssh-nodes.ts'
import { standAloneFiles, standAloneUrls } from '../stand-alone.ts'
import { addressOfNode } from '../start-script.ts'
import { type DynamoSetup, designsOf, frontendCommand } from './commands.ts'
import type { DynamoConfig } from './config.ts'
import { launchesOf } from './worker.ts'

/** Ports of the first worker; the others use the following ones. */
const workerPorts = { system: 9090, sideChannel: 20_097, own: 20_297, meeting: 20_497 }

const namespace = 'fulcrum'

/**
 * A script that runs the deployment: on this machine with the engines' files, or from this machine with workers on
 * nodes over ssh, which receive the engines' files in the same way.
 */
export function dynamoFiles(given: DynamoConfig, wanted: WantedFiles): DeploymentFiles {
  const ssh = sshNodesOf(given)
  // Variables for other machines are passed on the command line, except secrets.
  const config = ssh === null ? given : { ...given, env: withoutSecrets(given.env) }
  const { deployment, model } = wanted
  const { natsUrl, etcdUrl, httpPort } = standAloneUrls(config)
  const nodes = ssh === null ? thisMachine(config, namespace) : nodesToCome(config, ssh)
  const setup: DynamoSetup = { config, model, folder: nodes.fileFolder ?? 'engine', namespace, natsUrl, etcdUrl }
  const designs = designsOf(setup, deployment)
  const { start } = smallestChange<WorkerSlot>([], deployment, designs, nodes.hosts())
  let next = 0
  const workers = start.flatMap((slot, i) => {
    const design = designs[slot.role]
    if (design === undefined) return []
    const ranks = placesOf(slot).map(() => {
      const at = next++
      return { system: workerPorts.system + at, sideChannel: workerPorts.sideChannel + at, own: workerPorts.own + at }
    })
    return launchesOf(setup, slot, design, nodes, { ranks, meeting: workerPorts.meeting + i })
  })
  return standAloneFiles(config, wanted, {
    by: 'Dynamo',
    processes: [
      { name: 'frontend', ...frontendCommand(setup, httpPort, nodes.reach(null)) },
      ...workers.map(({ name, launch: { argv, env, endsBy } }) => ({ name, argv, env, endsBy })),
    ],
    files: workers.flatMap(({ launch }) => launch.files),
    dialect: 'dynamo-1',
    ...(ssh === null ? {} : { where: `on ${namesOf(ssh)} over ssh`, addressesOf: addressesOf(ssh) }),
  })
}

/** Nodes of a script. Addresses that the sweep file does not contain are looked up when the script runs. */
function nodesToCome(config: DynamoConfig, ssh: SshNodesConfig): Nodes {
  const { head = '127.0.0.1', container = null } = config
  const { networkInterface } = headReach(head)
  const atHead = { address: head, networkInterface: networkInterface?.startsWith('<') ? null : networkInterface }
  const wrapping = { container, namespace, unset: [] }
  return {
    ...thisMachine({}),
    fileFolder: taskFolder(namespace),
    named: hostsOf(ssh),
    hosts: () => hostsOf(ssh),
    reach: host => {
      if (host === null) return atHead
      const index = ssh.hosts.findIndex(({ name }) => name === host)
      return { address: ssh.hosts[index]?.address ?? addressOfNode(index), networkInterface: null }
    },
    launcher: host => overSsh({ host: host ?? '', ssh: ssh.ssh, socket: null }, wrapping),
  }
}

const namesOf = ({ hosts }: SshNodesConfig) => hosts.map(({ name }) => name).join(', ')

/** Addresses for {@link DeploymentFiles}: each name resolved by ssh's configuration and looked up. */
function addressesOf({ hosts, ssh }: SshNodesConfig): readonly string[] {
  if (hosts.every(({ address }) => address !== undefined)) return []
  const configured = ssh.config === undefined ? [] : ['-F', ssh.config]
  return hosts.map(({ name, address }) => {
    if (address !== undefined) return shellCommand(['echo', address])
    const asked = shellCommand(['ssh', ...configured, '-G', '--', name])
    return `getent ahostsv4 "$(${asked} | awk '$1 == "hostname" { print $2; exit }')" | awk '{ print $1 }'`
  })
}

const withoutSecrets = (env: { readonly [name: string]: string }) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !isSecretName(name)))
