import type { Deployment } from '../../model/index.ts'
import { placesOf, smallestChange, type WorkerSlot } from '../change.ts'
import type { ConfigOf } from '../define-deployer.ts'
import type { DeployPreview, PlannedCommand } from '../deployer.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import { distinctFiles, plannedCommand, plannedInfrastructure, plannedStop, plannedUrls } from '../planned-commands.ts'
import { type DynamoSetup, designsOf, frontendCommand, frontendSignature } from './commands.ts'
import type { DynamoConfig } from './config.ts'
import { launchesOf } from './worker.ts'

type PlannedSetup = Pick<DynamoSetup, 'config' | 'model' | 'folder' | 'namespace'> & Partial<ConfigOf<DynamoConfig>>

/**
 * Exactly the commands and files that lead from one deployment to another. Ports that are chosen at run time are shown
 * as `<…>`.
 */
export function previewDynamo(
  { config: ownConfig, configOf = () => ownConfig, model, folder, namespace }: PlannedSetup,
  from: Deployment | null,
  wanted: Deployment,
  nodes: Nodes = thisMachine(ownConfig),
): DeployPreview {
  const setupOf = (deployment: Deployment): DynamoSetup => {
    const config = configOf(deployment)
    return { config, model, folder, namespace, ...plannedUrls(config) }
  }
  const setup = setupOf(wanted)
  const { config } = setup
  const designs = designsOf(setup, wanted)
  const running =
    from === null ? [] : smallestChange<WorkerSlot>([], from, designsOf(setupOf(from), from), nodes.hosts()).start
  const reach = nodes.reach(null)
  const isOtherFrontend = from !== null && frontendSignature(setupOf(from), reach) !== frontendSignature(setup, reach)
  const { stop, start } = smallestChange(running, wanted, designs, nodes.hosts())
  const starting = start.flatMap(slot => {
    const design = designs[slot.role]
    if (design === undefined) return []
    const own = { system: '<free port>', sideChannel: '<free port>', own: '<free port>' }
    const ports = { ranks: placesOf(slot).map(() => own), meeting: '<free port>' }
    return launchesOf(setup, slot, design, nodes, ports)
  })
  return {
    commands: [
      ...(from === null ? foundation(setup, nodes) : []),
      ...stop.map(slot => plannedStop(slot)),
      ...(isOtherFrontend ? [plannedStop({ name: 'frontend', host: null }), frontendOf(setup, nodes)] : []),
      ...starting.map(({ name, launch }) => plannedCommand(launch, name, config.env)),
    ],
    files: distinctFiles(starting.flatMap(({ launch }) => launch.files)),
  }
}

function foundation(setup: DynamoSetup, nodes: Nodes): readonly PlannedCommand[] {
  return [...nodes.preview(), ...plannedInfrastructure(setup.config), frontendOf(setup, nodes)]
}

function frontendOf(setup: DynamoSetup, nodes: Nodes): PlannedCommand {
  const port = setup.config.http_port ?? '<free port 4>'
  return plannedCommand(frontendCommand(setup, port, nodes.reach(null)), 'frontend')
}
