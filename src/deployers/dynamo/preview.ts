import { join } from 'node:path'
import { type Deployment, isSecretName, redactor } from '../../model/index.ts'
import { smallestChange, type WorkerSlot } from '../change.ts'
import type { DeployPreview, PlannedCommand, PlannedFile } from '../deployer.ts'
import { etcdCommand, natsCommand } from '../infrastructure.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import type { Command } from '../worker-design.ts'
import { type DynamoSite, designsOf, frontendCommand } from './commands.ts'
import { launchOf } from './worker.ts'

type SiteToCome = Pick<DynamoSite, 'config' | 'model' | 'folder' | 'namespace'>

/**
 * Exactly what getting from one deployment to another runs and writes; ports that are picked then are shown as `<…>`.
 */
export function previewDynamo(
  { config, model, folder, namespace }: SiteToCome,
  from: Deployment | null,
  wanted: Deployment,
  nodes: Nodes = thisMachine(config),
): DeployPreview {
  const head = config.head ?? '127.0.0.1'
  const site: DynamoSite = {
    config,
    model,
    folder,
    namespace,
    natsUrl: config.nats ?? `nats://${head}:<free port 1>`,
    etcdUrl: config.etcd ?? `http://${head}:<free port 2>`,
  }
  const designs = designsOf(site, wanted)
  const running = from === null ? [] : smallestChange<WorkerSlot>([], from, designsOf(site, from), nodes.hosts()).start
  const { stop, start } = smallestChange(running, wanted, designs, nodes.hosts())
  const starting = start.flatMap(slot => {
    const design = designs[slot.role]
    if (design === undefined) return []
    const ports = { system: '<free port>', sideChannel: '<free port>' }
    return [{ slot, launch: launchOf(site, slot, design, nodes, ports) }]
  })
  return {
    commands: [
      ...(from === null ? foundation(site, nodes) : []),
      ...stop.map(({ name, host }) => ({
        argv: ['kill', '-TERM', '--', `-<process group of ${name}${host === null ? '' : ` on ${host}`}>`],
        env: {},
        note: `stop ${name}`,
      })),
      ...starting.map(({ slot, launch }) => shown(launch, slot.name, config.env)),
    ],
    files: distinct(starting.flatMap(({ launch }) => launch.files)),
  }
}

function foundation(site: DynamoSite, nodes: Nodes): readonly PlannedCommand[] {
  const { config } = site
  const nats = natsCommand('<free port 1>', join('<temporary folder>', 'nats'), config.head)
  const etcd = etcdCommand('<free port 2>', '<free port 3>', join('<temporary folder>', 'etcd'), config.head)
  return [
    ...nodes.preview(),
    ...(config.nats === undefined ? [shown(nats, 'NATS')] : []),
    ...(config.etcd === undefined ? [shown(etcd, 'etcd')] : []),
    shown(frontendCommand(site, config.http_port ?? '<free port 4>', nodes.reach(null)), 'frontend'),
  ]
}

/** @param passedOn variables that may be part of the command line, for a program that runs elsewhere */
function shown({ argv, env }: Command, note: string, passedOn: Command['env'] = {}): PlannedCommand {
  const hide = redactor({ ...passedOn, ...env })
  const visible = Object.entries(env).map(([name, value]) => [name, isSecretName(name) ? `$${name}` : hide(value)])
  return { argv: argv.map(hide), env: Object.fromEntries(visible), note }
}

function distinct(files: readonly PlannedFile[]): readonly PlannedFile[] {
  return files.filter((file, i) => files.findIndex(other => other.path === file.path) === i)
}
