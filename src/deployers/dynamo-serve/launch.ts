import { dirname, isAbsolute } from 'node:path'
import type { WorkerSlot } from '../change.ts'
import type { Launch, Task } from '../launch/launcher.ts'
import type { Nodes } from '../nodes/nodes.ts'
import { isHead } from './change.ts'
import type { DynamoServeConfig } from './config.ts'
import { runsElsewhere, type ServeDesign, type ServeSetup, serveEnvironment } from './design.ts'

/** Task that runs the worker of one slot on its host. The first worker that decodes comes with the whole graph. */
export function serveTask(setup: ServeSetup, slot: WorkerSlot, design: ServeDesign, nodes: Nodes, path: string): Task {
  const { config } = setup
  const { argv } = isHead(slot) ? design.headCommand : design.command
  const env = serveEnvironment(setup, slot.gpus, nodes.reach(slot.host).address)
  return {
    name: slot.name,
    argv,
    env: { ...searchPath(config, path), ...env },
    files: design.files,
    cwd: config.container?.workdir ?? config.workdir,
    supervises: true,
  }
}

/** Local program that starts the task. */
export function serveLaunch(
  setup: ServeSetup,
  slot: WorkerSlot,
  design: ServeDesign,
  nodes: Nodes,
  path: string,
): Launch {
  return nodes.launcher(slot.host)(serveTask(setup, slot, design, nodes, path))
}

/** Default search path, valid on any machine. */
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Search path of services, which find their own programs (`dynamo-run`, `python`) beside `dynamo`. Images have their
 * own path.
 */
function searchPath(config: DynamoServeConfig, path: string): { readonly PATH?: string } {
  if (config.container !== undefined) return {}
  const there = runsElsewhere(config) ? usualPath : path
  return { PATH: isAbsolute(config.dynamo) ? `${dirname(config.dynamo)}:${there}` : there }
}
