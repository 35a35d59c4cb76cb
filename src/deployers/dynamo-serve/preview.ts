import { basename } from 'node:path'
import type { Deployment } from '../../model/index.ts'
import type { WorkerSlot } from '../change.ts'
import type { ConfigOf } from '../define-deployer.ts'
import type { DeployPreview } from '../deployer.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import {
  distinctFiles,
  onHost,
  plannedCommand,
  plannedInfrastructure,
  plannedStop,
  plannedUrls,
} from '../planned-commands.ts'
import { isHead, type ServeSlot, smallestServeChange } from './change.ts'
import type { DynamoServeConfig } from './config.ts'
import { runsElsewhere, type ServeSetup, serveDesigns } from './design.ts'
import { serveLaunch, serveTask } from './launch.ts'

interface PlannedSetup extends Partial<ConfigOf<DynamoServeConfig>> {
  readonly config: DynamoServeConfig
  readonly model: string
  readonly folder: string
}

/**
 * Exactly the commands and files that lead from one deployment to another. Ports that are chosen at run time are shown
 * as `<…>`.
 */
export function previewServe(
  { config: ownConfig, configOf = () => ownConfig, model, folder }: PlannedSetup,
  from: Deployment | null,
  wanted: Deployment,
  nodes: Nodes = thisMachine(ownConfig),
): DeployPreview {
  const config = configOf(wanted)
  const httpPort = config.http_port ?? '<free port 4>'
  const setupOf = (deployment: Deployment): ServeSetup => {
    return { config: configOf(deployment), model, folder, ...plannedUrls(config), httpPort }
  }
  const setup = setupOf(wanted)
  const hosts = nodes.hosts()
  const designs = serveDesigns(setup, wanted)
  const before =
    from === null ? [] : smallestServeChange<ServeSlot>([], from, serveDesigns(setupOf(from), from), hosts).start
  const { stop, start } = smallestServeChange(before, wanted, designs, hosts)
  const starting = start.flatMap(slot => {
    const design = designs[slot.role]
    if (design === undefined) return []
    const launch = serveLaunch(setup, slot, design, nodes, '$PATH')
    return [{ slot, launch, task: serveTask(setup, slot, design, nodes, '$PATH') }]
  })
  return {
    commands: [
      ...(from === null ? [...nodes.preview(), ...plannedInfrastructure(config)] : []),
      ...stop.map(slot => plannedStop(slot, named(slot))),
      ...starting.map(({ slot, launch, task }) => {
        // Commands for other machines are wrapped, so the guide's own command is shown beside them.
        const inside = runsElsewhere(config) ? `: ${[basename(task.argv[0]), ...task.argv.slice(1)].join(' ')}` : ''
        return plannedCommand(launch, `${named(slot)}${onHost(slot)}, in ${task.cwd}${inside}`, task.env)
      }),
    ],
    files: distinctFiles(starting.flatMap(({ launch }) => launch.files)),
  }
}

/** `head (frontend and decode-0)`, `decode-1` */
function named(slot: WorkerSlot): string {
  return isHead(slot) ? `head (frontend and ${slot.name})` : slot.name
}
