import { join } from 'node:path'
import { type Deployment, isSecretName, redactor } from '../../point/index.ts'
import type { DeployPreview, PlannedCommand, PlannedFile } from '../deployer.ts'
import { smallestChange, type WorkerSlot } from './change.ts'
import {
  type Command,
  type DynamoSite,
  designsOf,
  frontendCommand,
  type WorkerDesign,
  workerEnvironment,
} from './commands.ts'
import { etcdCommand, natsCommand } from './infrastructure.ts'

type SiteToCome = Pick<DynamoSite, 'config' | 'model' | 'folder' | 'namespace'>

/** Exactly what getting from one deployment to another runs and writes; ports that are picked then are shown as `<…>`. */
export function previewDynamo(
  { config, model, folder, namespace }: SiteToCome,
  from: Deployment | null,
  wanted: Deployment,
): DeployPreview {
  const site: DynamoSite = {
    config,
    model,
    folder,
    namespace,
    natsUrl: config.nats ?? 'nats://127.0.0.1:<free port 1>',
    etcdUrl: config.etcd ?? 'http://127.0.0.1:<free port 2>',
  }
  const gpus = config.gpus ?? null
  const designs = designsOf(site, wanted)
  const running = from === null ? [] : smallestChange<WorkerSlot>([], from, designsOf(site, from), gpus).start
  const { stop, start } = smallestChange(running, wanted, designs, gpus)
  const starting = start.flatMap(slot => {
    const design = designs[slot.role]
    return design === undefined ? [] : [{ slot, design }]
  })
  return {
    commands: [
      ...(from === null ? foundation(site) : []),
      ...stop.map(({ name }) => ({
        argv: ['kill', '-TERM', '--', `-<process group of ${name}>`],
        env: {},
        note: `stop ${name}`,
      })),
      ...starting.map(({ slot, design }) => workerCommand(config.backend, slot, design)),
    ],
    files: distinct(starting.flatMap(({ design }) => design.files)),
  }
}

function foundation(site: DynamoSite): readonly PlannedCommand[] {
  const { config } = site
  const nats = natsCommand('<free port 1>', join('<temporary folder>', 'nats'))
  const etcd = etcdCommand('<free port 2>', '<free port 3>', join('<temporary folder>', 'etcd'))
  return [
    ...(config.nats === undefined ? [shown(nats, 'NATS')] : []),
    ...(config.etcd === undefined ? [shown(etcd, 'etcd')] : []),
    shown(frontendCommand(site, config.httpPort ?? '<free port 4>'), 'frontend'),
  ]
}

function workerCommand(backend: string, slot: WorkerSlot, design: WorkerDesign): PlannedCommand {
  const own = workerEnvironment(backend, slot.gpus, { system: '<free port>', sideChannel: '<free port>' })
  return shown({ ...design.command, env: { ...own, ...design.command.env } }, slot.name)
}

function shown({ argv, env }: Command, note: string): PlannedCommand {
  const hide = redactor(env)
  const visible = Object.entries(env).map(([name, value]) => [name, isSecretName(name) ? `$${name}` : hide(value)])
  return { argv: argv.map(hide), env: Object.fromEntries(visible), note }
}

function distinct(files: readonly PlannedFile[]): readonly PlannedFile[] {
  return files.filter((file, i) => files.findIndex(other => other.path === file.path) === i)
}
