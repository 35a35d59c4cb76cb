import type { Deployment } from '../../model/index.ts'
import { smallestChange, type WorkerSlot } from '../change.ts'
import type { DeployPreview, PlannedCommand } from '../deployer.ts'
import { type Nodes, thisMachine } from '../nodes/nodes.ts'
import { distinctFiles, plannedCommand, plannedInfrastructure, plannedStop, plannedUrls } from '../planned-commands.ts'
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
  const site: DynamoSite = { config, model, folder, namespace, ...plannedUrls(config) }
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
      ...stop.map(slot => plannedStop(slot)),
      ...starting.map(({ slot, launch }) => plannedCommand(launch, slot.name, config.env)),
    ],
    files: distinctFiles(starting.flatMap(({ launch }) => launch.files)),
  }
}

function foundation(site: DynamoSite, nodes: Nodes): readonly PlannedCommand[] {
  const { config } = site
  const frontend = frontendCommand(site, config.http_port ?? '<free port 4>', nodes.reach(null))
  return [...nodes.preview(), ...plannedInfrastructure(config), plannedCommand(frontend, 'frontend')]
}
