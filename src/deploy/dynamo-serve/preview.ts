import { join } from 'node:path'
import { type Deployment, isSecretName, redactor } from '../../point/index.ts'
import type { DynamoServeConfig } from '../config.ts'
import type { DeployPreview, PlannedCommand } from '../deployer.ts'
import type { WorkerSlot } from '../dynamo/change.ts'
import type { Command } from '../dynamo/commands.ts'
import { etcdCommand, natsCommand } from '../dynamo/infrastructure.ts'
import { hostsHere } from '../nodes/nodes.ts'
import { isHead, smallestServeChange } from './change.ts'
import { programPath, type ServeDesign, type ServeSite, serveDesigns, serveEnvironment } from './design.ts'

/** What runs the worker of one slot; the first one that writes tokens comes with the whole graph. */
export function serveCommand(site: ServeSite, slot: WorkerSlot, design: ServeDesign, path: string): Command {
  const { argv } = isHead(slot) ? design.headCommand : design.command
  return { argv, env: { PATH: programPath(site.config, path), ...serveEnvironment(site, slot.gpus) } }
}

/** Exactly what getting from one deployment to another runs and writes; ports that are picked then are shown as `<…>`. */
export function previewServe(
  { config, model, folder }: { readonly config: DynamoServeConfig; readonly model: string; readonly folder: string },
  from: Deployment | null,
  wanted: Deployment,
): DeployPreview {
  const site: ServeSite = {
    config,
    model,
    folder,
    natsUrl: config.nats ?? 'nats://127.0.0.1:<free port 1>',
    etcdUrl: config.etcd ?? 'http://127.0.0.1:<free port 2>',
    httpPort: config.httpPort ?? '<free port 4>',
  }
  const hosts = hostsHere(config)
  const designs = serveDesigns(site, wanted)
  const before = from === null ? [] : smallestServeChange<WorkerSlot>([], from, serveDesigns(site, from), hosts).start
  const { stop, start } = smallestServeChange(before, wanted, designs, hosts)
  const starting = start.flatMap(slot => {
    const design = designs[slot.role]
    return design === undefined ? [] : [{ slot, design }]
  })
  const files = starting.flatMap(({ design }) => design.files)
  return {
    commands: [
      ...(from === null ? infrastructure(config) : []),
      ...stop.map(slot => ({
        argv: ['kill', '-TERM', '--', `-<process group of ${slot.name}>`],
        env: {},
        note: `stop ${named(slot)}`,
      })),
      ...starting.map(({ slot, design }) =>
        shown(serveCommand(site, slot, design, '$PATH'), `${named(slot)}, in ${config.workdir}`),
      ),
    ],
    files: files.filter((file, i) => files.findIndex(other => other.path === file.path) === i),
  }
}

function infrastructure(config: DynamoServeConfig): readonly PlannedCommand[] {
  const nats = natsCommand('<free port 1>', join('<temporary folder>', 'nats'))
  const etcd = etcdCommand('<free port 2>', '<free port 3>', join('<temporary folder>', 'etcd'))
  return [
    ...(config.nats === undefined ? [shown(nats, 'NATS')] : []),
    ...(config.etcd === undefined ? [shown(etcd, 'etcd')] : []),
  ]
}

/** `head (frontend and decode-0)`, `decode-1` */
function named(slot: WorkerSlot): string {
  return isHead(slot) ? `head (frontend and ${slot.name})` : slot.name
}

function shown({ argv, env }: Command, note: string): PlannedCommand {
  const hide = redactor(env)
  const visible = Object.entries(env).map(([name, value]) => [name, isSecretName(name) ? `$${name}` : hide(value)])
  return { argv: argv.map(hide), env: Object.fromEntries(visible), note }
}
