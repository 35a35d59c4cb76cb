import { basename, join } from 'node:path'
import { type Deployment, isSecretName, redactor } from '../../model/index.ts'
import type { WorkerSlot } from '../change.ts'
import type { DeployPreview, PlannedCommand } from '../deployer.ts'
import { etcdCommand, natsCommand } from '../infrastructure.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import type { Command } from '../worker-design.ts'
import { isHead, smallestServeChange } from './change.ts'
import type { DynamoServeConfig } from './config.ts'
import { runsElsewhere, type ServeSite, serveDesigns } from './design.ts'
import { serveLaunch, serveTask } from './launch.ts'

interface SiteToCome {
  readonly config: DynamoServeConfig
  readonly model: string
  readonly folder: string
}

/**
 * Exactly what getting from one deployment to another runs and writes; ports that are picked then are shown as `<…>`.
 */
export function previewServe(
  { config, model, folder }: SiteToCome,
  from: Deployment | null,
  wanted: Deployment,
  nodes: Nodes = thisMachine(config),
): DeployPreview {
  const head = config.head ?? '127.0.0.1'
  const site: ServeSite = {
    config,
    model,
    folder,
    natsUrl: config.nats ?? `nats://${head}:<free port 1>`,
    etcdUrl: config.etcd ?? `http://${head}:<free port 2>`,
    httpPort: config.http_port ?? '<free port 4>',
  }
  const hosts = nodes.hosts()
  const designs = serveDesigns(site, wanted)
  const before = from === null ? [] : smallestServeChange<WorkerSlot>([], from, serveDesigns(site, from), hosts).start
  const { stop, start } = smallestServeChange(before, wanted, designs, hosts)
  const starting = start.flatMap(slot => {
    const design = designs[slot.role]
    if (design === undefined) return []
    const launch = serveLaunch(site, slot, design, nodes, '$PATH')
    return [{ slot, launch, task: serveTask(site, slot, design, nodes, '$PATH') }]
  })
  const files = starting.flatMap(({ launch }) => launch.files)
  return {
    commands: [
      ...(from === null ? [...nodes.preview(), ...infrastructure(config)] : []),
      ...stop.map(slot => ({
        argv: ['kill', '-TERM', '--', `-<process group of ${slot.name}${where(slot)}>`],
        env: {},
        note: `stop ${named(slot)}`,
      })),
      ...starting.map(({ slot, launch, task }) => {
        // What goes elsewhere is wrapped: the guide's own command is told beside it.
        const inside = runsElsewhere(config) ? `: ${[basename(task.argv[0]), ...task.argv.slice(1)].join(' ')}` : ''
        return shown(launch, `${named(slot)}${where(slot)}, in ${task.cwd}${inside}`, task.env)
      }),
    ],
    files: files.filter((file, i) => files.findIndex(other => other.path === file.path) === i),
  }
}

function infrastructure(config: DynamoServeConfig): readonly PlannedCommand[] {
  const nats = natsCommand('<free port 1>', join('<temporary folder>', 'nats'), config.head)
  const etcd = etcdCommand('<free port 2>', '<free port 3>', join('<temporary folder>', 'etcd'), config.head)
  return [
    ...(config.nats === undefined ? [shown(nats, 'NATS')] : []),
    ...(config.etcd === undefined ? [shown(etcd, 'etcd')] : []),
  ]
}

/** `head (frontend and decode-0)`, `decode-1` */
function named(slot: WorkerSlot): string {
  return isHead(slot) ? `head (frontend and ${slot.name})` : slot.name
}

function where({ host }: WorkerSlot): string {
  return host === null ? '' : ` on ${host}`
}

/** @param passedOn variables that may be part of the command line, for a program that runs elsewhere */
function shown({ argv, env }: Command, note: string, passedOn: Command['env'] = {}): PlannedCommand {
  const hide = redactor({ ...passedOn, ...env })
  const visible = Object.entries(env).map(([name, value]) => [name, isSecretName(name) ? `$${name}` : hide(value)])
  return { argv: argv.map(hide), env: Object.fromEntries(visible), note }
}
