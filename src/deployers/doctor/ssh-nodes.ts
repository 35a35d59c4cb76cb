import { isAbsolute } from 'node:path'
import { engineOfModule } from '../../engines/index.ts'
import { isSshFailed, whySshFailed } from '../../process/ssh-failure.ts'
import { headUnlessTold, type Whereabouts } from '../nodes/create.ts'
import { type RuntimeConfig, type SshNodeConfig, type SshNodesConfig, sshNodesOf } from '../nodes/keys.ts'
import { addressOf } from '../nodes/ssh-nodes.ts'
import { type AskedGpus, type Check, missed, noticed, passed } from './check.ts'
import { checkClock, clockProgram } from './clock.ts'
import { checkCuda } from './cuda.ts'
import { checkGpus } from './gpus.ts'
import type { Machine } from './machine.ts'
import { checkPackages, devicesScript, judgeDevices, parseDevices } from './ranks.ts'
import { checkRdma } from './rdma.ts'
import { checkWayToHead, checkWayToNode, listenerCommand } from './reach.ts'
import { backendModule, containerImage, mounts, type Software } from './software.ts'
import { connectToMachine, type SshMachine, sshTrouble } from './ssh-machine.ts'
import { engineVersion, judgeVersion } from './versions.ts'

/** Requirements of a sweep for each node. */
export interface NodeNeeds {
  readonly nodes: SshNodesConfig
  readonly head: string
  readonly env: { readonly [name: string]: string }
  /** Python with Dynamo on the node, outside containers, and the versions of ai-dynamo that Fulcrum's tests run. */
  readonly python: string
  readonly tested: readonly string[]
  readonly container: RuntimeConfig | null
  /** Module of the workers, outside containers; null if no module is to be started. */
  readonly backend: string | null
  /** Folder or name of the model to load; null if unknown. */
  readonly model: string | null
  /** GPUs of the largest worker, required of nodes without `gpus`; null if workers use no GPUs. */
  readonly gpusPerWorker: number | null
  readonly openFiles: number
  /** Nodes of the worker that is spread over the most nodes; 1 if none is spread. */
  readonly nodesPerWorker: number
  /** Python packages that its ranks need beside the engine, outside containers. */
  readonly rankPackages: readonly string[]
}

/** Requirements for a deployer's nodes; null if it has none. */
export function nodeNeeds(
  config: Whereabouts & Pick<NodeNeeds, 'env'>,
  more: Omit<NodeNeeds, 'nodes' | 'head' | 'env' | 'container' | 'nodesPerWorker' | 'rankPackages'> & {
    readonly nodesPerWorker?: number
    readonly rankPackages?: readonly string[]
  },
): NodeNeeds | null {
  const nodes = sshNodesOf(config)
  const { env, head = headUnlessTold, container = null } = config
  if (nodes === null) return null
  const { nodesPerWorker = 1, rankPackages = [] } = more
  return { nodes, head, env, container, ...more, nodesPerWorker, rankPackages }
}

/** Checks that every node is usable and that all run the same software. */
export async function checkSshNodes(needs: NodeNeeds): Promise<readonly Check[]> {
  const found = await Promise.all(needs.nodes.hosts.map(node => checkNode(needs, node)))
  const versions = found.flatMap(({ name, version }) => (version === null ? [] : [[name, version] as const]))
  const kinds = Map.groupBy(versions, ([, version]) => version)
  const unlike = [...kinds].map(([version, names]) => `${version} on ${names.map(([name]) => name).join(', ')}`)
  const what = needs.container === null ? 'Dynamo' : 'image'
  const same =
    kinds.size < 2
      ? []
      : [
          missed(
            what.toLowerCase(),
            `not the same on all: ${unlike.join('; ')}`,
            `Bring all nodes to one ${what}.`,
            'all nodes',
          ),
        ]
  const between = needs.nodesPerWorker > 1 ? await waysBetween(needs) : []
  return [...found.flatMap(({ checks }) => checks), ...between, ...same]
}

/**
 * Checks that ranks on different nodes reach each other: tries each node from the next one. Leaves out unusable nodes,
 * because another check reports them.
 */
async function waysBetween(needs: NodeNeeds): Promise<readonly Check[]> {
  const tries = await Promise.allSettled(
    needs.nodes.hosts.map(async node => ({ node, machine: await connectToMachine(node.name, needs.nodes.ssh) })),
  )
  const usable = tries.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  try {
    if (usable.length < 2) return []
    const ways = usable.map(({ node, machine }, i) => wayBack(needs, node, machine, usable.at(i - 1)?.machine))
    const found = await Promise.allSettled(ways)
    return found.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  } finally {
    await Promise.all(usable.map(({ machine }) => machine.close()))
  }
}

const askedOf = ({ gpus }: SshNodeConfig, { gpusPerWorker }: NodeNeeds): AskedGpus =>
  gpusPerWorker === null ? null : (gpus ?? { atLeast: gpusPerWorker })

interface NodeFindings {
  readonly name: string
  readonly checks: readonly Check[]
  /** Version of Dynamo, or of the image that contains it; null if unknown. */
  readonly version: string | null
}

async function checkNode(needs: NodeNeeds, node: SshNodeConfig): Promise<NodeFindings> {
  const { name } = node
  try {
    const machine = await connectToMachine(name, needs.nodes.ssh)
    try {
      return await checkMachine(needs, node, machine)
    } finally {
      await machine.close()
    }
  } catch (error) {
    if (!isSshFailed(error)) throw error
    const [detail, remedy] = sshTrouble(whySshFailed(error), name)
    return { name, checks: [missed('ssh', detail, remedy, `node ${name}`)], version: null }
  }
}

async function checkMachine(needs: NodeNeeds, node: SshNodeConfig, machine: SshMachine): Promise<NodeFindings> {
  const { name } = node
  const way = await machine.run('true', [])
  if (!way.ok) {
    const [detail, remedy] = sshTrouble(way.complaint, name)
    return { name, checks: [missed('ssh', detail, remedy, machine.name)], version: null }
  }
  /** A lost connection counts as "not checked", not as a problem of the subject. */
  const tried = async <T>(what: string, check: T): Promise<Awaited<T> | Check> => {
    try {
      return await check
    } catch (error) {
      if (!isSshFailed(error)) throw error
      return missed(what, `not checked: ${error.message}`, error.remedy ?? 'Try again.', machine.name)
    }
  }
  const software = needs.container === null ? pythonPackage(needs, machine) : containerImage(needs.container, machine)
  const [dynamo, ...others] = await Promise.all([
    tried(needs.container === null ? 'dynamo' : 'image', software),
    tried('backend', needs.backend === null ? none : backendModule(machine, { ...needs, backend: needs.backend })),
    tried('engine', engineOn(needs, machine)),
    tried('programs', programs(needs, machine)),
    tried('open files', openFiles(needs.openFiles, machine)),
    tried('model', needs.model === null ? none : modelThere(needs, needs.model, machine)),
    tried('gpus', checkGpus(askedOf(node, needs), machine)),
    tried('cuda', needs.container === null && needs.gpusPerWorker !== null ? checkCuda(machine, needs) : none),
    tried('rdma', checkRdma(needs.gpusPerWorker !== null, machine)),
    tried(
      'clock',
      machine.talk(clockProgram, argv => checkClock(argv, machine.name)),
    ),
    tried('ranks', needs.nodesPerWorker > 1 ? ranks(needs, node, machine) : none),
    tried('way to the head', checkWayToHead(needs.head, machine)),
    tried('way to the node', wayBack(needs, node, machine)),
  ])
  const found = 'check' in dynamo ? dynamo : { check: dynamo, version: null }
  return {
    name,
    checks: [passed('ssh', 'no password, no prompt', machine.name), found.check, ...others.flat()],
    version: found.version,
  }
}

const none: Promise<readonly Check[]> = Promise.resolve([])

const engineOn = (needs: NodeNeeds, machine: Machine) =>
  needs.backend === null ? none : engineVersion(machine, engineOfModule(needs.backend), needs)

async function pythonPackage({ python, env, tested }: NodeNeeds, machine: Machine): Promise<Software> {
  const code = "from importlib.metadata import version; print(version('ai-dynamo'))"
  const said = await machine.run(python, ['-c', code], env)
  const version = said.out.split('\n').at(-1) ?? ''
  if (said.ok) {
    const detail = `ai-dynamo ${version} in ${python}`
    return { check: judgeVersion('dynamo', { version, tested, detail }, machine.name), version }
  }
  const remedy = 'Install ai-dynamo there at the same path as here, or run workers in a container (deploy.container).'
  return { check: missed('dynamo', `${python}: ${said.complaint}`, remedy, machine.name), version: null }
}

/** Programs that the guard of every worker uses. */
async function programs({ container }: NodeNeeds, machine: Machine): Promise<Check> {
  const needed = ['bash', 'setsid', 'env', 'timeout', ...(container === null ? [] : [container.runtime])]
  const said = await machine.run('bash', [
    '-c',
    'for p; do command -v "$p" >/dev/null || echo "$p"; done',
    'doctor',
    ...needed,
  ])
  if (said.ok && said.out === '') return passed('programs', needed.join(', '), machine.name)
  const detail = said.ok ? `not installed: ${said.out.split('\n').join(', ')}` : said.complaint
  return missed('programs', detail, 'Install what is missing (bash, util-linux, coreutils).', machine.name)
}

async function openFiles(needed: number, machine: Machine): Promise<Check> {
  const said = await machine.run('bash', ['-c', 'ulimit -Sn; ulimit -Hn'])
  const [soft = '', hard = ''] = said.out.split('\n')
  if (soft === 'unlimited' || Number(soft) >= needed)
    return passed('open files', `${soft} allowed, ${needed} needed`, machine.name)
  const remedy = `Raise nofile for this user there (/etc/security/limits.conf; at most ${hard} now).`
  return noticed('open files', `${soft || '?'} allowed, ${needed} may be needed`, remedy, machine.name)
}

/** Prints where the model is, or where it was searched. Names are looked up in the Hugging Face cache. */
const modelScript = `case $1 in
/*) folder=$1 ;;
*) cache=\${HF_HUB_CACHE:-\${HF_HOME:-$HOME/.cache/huggingface}/hub}
   repo=$cache/models--\${1//\\//--}
   folder=$repo/snapshots/$(cat "$repo/refs/main" 2>/dev/null) ;;
esac
if [ -e "$folder/config.json" ]; then echo "there $folder"; else echo "missing \${folder%/snapshots/}"; fi`

async function modelThere({ container, env }: NodeNeeds, model: string, machine: Machine): Promise<readonly Check[]> {
  // The mounts decide which folder of the node is a container's cache.
  if (container !== null) return mounts(container.args, machine)
  const said = await machine.run('bash', ['-c', modelScript, 'doctor', model], env)
  const [found, folder = ''] = said.out.split(' ')
  if (found === 'there') return [passed('model', folder, machine.name)]
  const offline = /^(1|true|yes|on)$/i.test(env.HF_HUB_OFFLINE ?? '')
  const remedy = `Download it there: hf download ${model}, with HF_HOME as in deploy.env.`
  const tell = offline || isAbsolute(model) ? missed : noticed
  return [
    tell(
      'model',
      `${folder || said.complaint} is not there${offline ? ', and HF_HUB_OFFLINE is set' : ''}`,
      remedy,
      machine.name,
    ),
  ]
}

async function ranks(needs: NodeNeeds, node: SshNodeConfig, machine: Machine): Promise<readonly Check[]> {
  const { nodes, env, rankPackages } = needs
  const installed = await checkPackages(machine, needs, rankPackages)
  const address = await addressThere(nodes, node).catch(() => null)
  // The check of the way to the node reports this.
  if (address === null) return installed
  const said = await machine.run('bash', ['-c', devicesScript, 'doctor', address])
  return [...judgeDevices(env, parseDevices(said.out), address, machine.name), ...installed]
}

const addressThere = async (nodes: SshNodesConfig, { name, address }: SshNodeConfig): Promise<string> =>
  address ?? addressOf(name, nodes.ssh, AbortSignal.timeout(10_000))

/** @param other where to try it from; this machine when absent */
async function wayBack(
  { nodes, python, container }: NodeNeeds,
  node: SshNodeConfig,
  machine: SshMachine,
  other?: Machine,
): Promise<Check> {
  try {
    const address = await addressThere(nodes, node)
    const there = listenerCommand(container === null ? python : 'python3', address)
    return await machine.talk(there, argv => checkWayToNode(argv, address, machine.name, other))
  } catch (error) {
    if (isSshFailed(error)) throw error
    const detail = error instanceof Error ? error.message : String(error)
    return missed('way to the node', detail, 'Set the node’s address.', machine.name)
  }
}
