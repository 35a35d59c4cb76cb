import { join } from 'node:path'
import { isSecretName, redactor } from '../model/index.ts'
import type { WorkerSlot } from './change.ts'
import type { PlannedCommand, PlannedFile } from './deployer.ts'
import { etcdCommand, type InfrastructureConfig, natsCommand } from './infrastructure.ts'
import type { Command } from './worker-design.ts'

/** Placeholder addresses of NATS and etcd before their ports are chosen. */
export function plannedUrls(config: InfrastructureConfig): { readonly natsUrl: string; readonly etcdUrl: string } {
  const head = config.head ?? '127.0.0.1'
  return {
    natsUrl: config.nats ?? `nats://${head}:<free port 1>`,
    etcdUrl: config.etcd ?? `http://${head}:<free port 2>`,
  }
}

/** Commands that start NATS and etcd, unless the configuration contains their addresses. */
export function plannedInfrastructure(config: InfrastructureConfig): readonly PlannedCommand[] {
  const nats = natsCommand('<free port 1>', join('<temporary folder>', 'nats'), config.head)
  const etcd = etcdCommand('<free port 2>', '<free port 3>', join('<temporary folder>', 'etcd'), config.head)
  return [
    ...(config.nats === undefined ? [plannedCommand(nats, 'NATS')] : []),
    ...(config.etcd === undefined ? [plannedCommand(etcd, 'etcd')] : []),
  ]
}

/**
 * A command for a preview, without secrets.
 * @param passedOn variables that may be part of the command line, for a program on another machine
 */
export function plannedCommand({ argv, env }: Command, note: string, passedOn: Command['env'] = {}): PlannedCommand {
  const hide = redactor({ ...passedOn, ...env })
  const visible = Object.entries(env).map(([name, value]) => [name, isSecretName(name) ? `$${name}` : hide(value)])
  return { argv: argv.map(hide), env: Object.fromEntries(visible), note }
}

/** Ends a running worker. */
export function plannedStop(slot: Pick<WorkerSlot, 'name' | 'host'>, called: string = slot.name): PlannedCommand {
  const argv = ['kill', '-TERM', '--', `-<process group of ${slot.name}${onHost(slot)}>`]
  return { argv, env: {}, note: `stop ${called}` }
}

/** ` on node-a`; empty for this machine. */
export function onHost({ host }: Pick<WorkerSlot, 'host'>): string {
  return host === null ? '' : ` on ${host}`
}

/** Removes duplicate paths: workers of one role share their files. */
export function distinctFiles(files: readonly PlannedFile[]): readonly PlannedFile[] {
  return files.filter((file, i) => files.findIndex(other => other.path === file.path) === i)
}
