import { isAbsolute } from 'node:path'
import { FulcrumError } from '../../model/index.ts'
import { sshCommand } from '../launch/ssh.ts'
import { headUnlessTold, type Whereabouts } from '../nodes/create.ts'
import { type RuntimeConfig, type SshNodeConfig, type SshNodesConfig, sshNodesOf } from '../nodes/keys.ts'
import { addressOf } from '../nodes/ssh-nodes.ts'
import { type AskedGpus, type Check, missed, noticed, passed } from './check.ts'
import { checkClock, clockProgram } from './clock.ts'
import { checkGpus } from './gpus.ts'
import type { Machine } from './machine.ts'
import { checkRdma } from './rdma.ts'
import { checkWayToHead, checkWayToNode, listenerCommand } from './reach.ts'
import { backendModule, containerImage, mounts, type Software } from './software.ts'
import { machineOverSsh, routeTo, sshTrouble } from './ssh-machine.ts'

/** What a sweep asks of each node. */
export interface NodeNeeds {
  readonly nodes: SshNodesConfig
  readonly head: string
  readonly env: { readonly [name: string]: string }
  /** Python that has Dynamo there, outside containers. */
  readonly python: string
  readonly container: RuntimeConfig | null
  /** Module of the workers, outside containers; null where there is none to start. */
  readonly backend: string | null
  /** Folder or name of the model to load; null when that is not known. */
  readonly model: string | null
  /** GPUs of the largest worker, which a node without `gpus` has to have; null when workers compute nothing on them. */
  readonly gpusPerWorker: number | null
  readonly openFiles: number
}

/** What the nodes of a deployer have to have; null when it has none. */
export function nodeNeeds(
  config: Whereabouts & Pick<NodeNeeds, 'env'>,
  more: Omit<NodeNeeds, 'nodes' | 'head' | 'env' | 'container'>,
): NodeNeeds | null {
  const nodes = sshNodesOf(config)
  const { env, head = headUnlessTold, container = null } = config
  return nodes === null ? null : { nodes, head, env, container, ...more }
}

/** Whether every node can be used, and all of them run the same. */
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
  return [...found.flatMap(({ checks }) => checks), ...same]
}

const askedOf = ({ gpus }: SshNodeConfig, { gpusPerWorker }: NodeNeeds): AskedGpus =>
  gpusPerWorker === null ? null : (gpus ?? { atLeast: gpusPerWorker })

interface NodeFindings {
  readonly name: string
  readonly checks: readonly Check[]
  /** Of Dynamo, or of the image that has it; null when there is none. */
  readonly version: string | null
}

/** What a node has; a connection that is dropped for good says that and nothing of the node. */
async function checkNode(needs: NodeNeeds, node: SshNodeConfig): Promise<NodeFindings> {
  const { name } = node
  try {
    return await checkReachedNode(needs, node)
  } catch (error) {
    if (!(error instanceof FulcrumError) || error.code !== 'ssh-dropped') throw error
    const check = missed('ssh', `a connection was dropped: ${error.message}`, error.remedy ?? '', `node ${name}`)
    return { name, checks: [check], version: null }
  }
}

async function checkReachedNode(needs: NodeNeeds, node: SshNodeConfig): Promise<NodeFindings> {
  const { name } = node
  const { ssh } = needs.nodes
  const machine = machineOverSsh(name, ssh)
  const way = await machine.run('true', [])
  if (!way.ok) {
    const [detail, remedy] = sshTrouble(way.complaint, name)
    return { name, checks: [missed('ssh', detail, remedy, machine.name)], version: null }
  }
  const software = needs.container === null ? pythonPackage(needs, machine) : containerImage(needs.container, machine)
  const [dynamo, ...others] = await Promise.all([
    software,
    needs.backend === null ? [] : backendModule(machine, { ...needs, backend: needs.backend }),
    programs(needs, machine),
    openFiles(needs.openFiles, machine),
    needs.model === null ? [] : modelThere(needs, needs.model, machine),
    checkGpus(askedOf(node, needs), machine),
    checkRdma(needs.gpusPerWorker !== null, machine),
    checkClock(sshCommand(routeTo(name, ssh), clockProgram), machine.name),
    checkWayToHead(needs.head, machine),
    wayBack(needs, node, machine),
  ])
  return {
    name,
    checks: [passed('ssh', 'no password, no question', machine.name), dynamo.check, ...others.flat()],
    version: dynamo.version,
  }
}

async function pythonPackage({ python, env }: NodeNeeds, machine: Machine): Promise<Software> {
  const code = "from importlib.metadata import version; print(version('ai-dynamo'))"
  const said = await machine.run(python, ['-c', code], env)
  const version = said.out.split('\n').at(-1) ?? ''
  if (said.ok) return { check: passed('dynamo', `ai-dynamo ${version} in ${python}`, machine.name), version }
  const remedy = 'Install ai-dynamo there at the same path as here, or run workers in a container (deploy.container).'
  return { check: missed('dynamo', `${python}: ${said.complaint}`, remedy, machine.name), version: null }
}

/** What the guard around every worker is made of. */
async function programs({ container }: NodeNeeds, machine: Machine): Promise<Check> {
  const needed = ['bash', 'setsid', 'env', 'timeout', ...(container === null ? [] : [container.runtime])]
  const said = await machine.run('bash', [
    '-c',
    'for p; do command -v "$p" >/dev/null || echo "$p"; done',
    'doctor',
    ...needed,
  ])
  if (said.ok && said.out === '') return passed('programs', needed.join(', '), machine.name)
  const detail = said.ok ? `there is no ${said.out.split('\n').join(', ')}` : said.complaint
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

/** Prints where the model is, else where it was looked for; a name is looked up in the Hugging Face cache. */
const modelScript = `case $1 in
/*) folder=$1 ;;
*) cache=\${HF_HUB_CACHE:-\${HF_HOME:-$HOME/.cache/huggingface}/hub}
   repo=$cache/models--\${1//\\//--}
   folder=$repo/snapshots/$(cat "$repo/refs/main" 2>/dev/null) ;;
esac
if [ -e "$folder/config.json" ]; then echo "there $folder"; else echo "missing \${folder%/snapshots/}"; fi`

async function modelThere({ container, env }: NodeNeeds, model: string, machine: Machine): Promise<readonly Check[]> {
  // Which folder of the node a container takes for its cache, its mounts say.
  if (container !== null) return mounts(container.args, machine)
  const said = await machine.run('bash', ['-c', modelScript, 'doctor', model], env)
  const [found, folder = ''] = said.out.split(' ')
  if (found === 'there') return [passed('model', folder, machine.name)]
  const offline = /^(1|true|yes|on)$/i.test(env.HF_HUB_OFFLINE ?? '')
  const remedy = `Bring it there: hf download ${model}, with HF_HOME as in deploy.env.`
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

async function wayBack({ nodes, python, container }: NodeNeeds, node: SshNodeConfig, machine: Machine): Promise<Check> {
  try {
    const address = node.address ?? (await addressOf(node.name, nodes.ssh, AbortSignal.timeout(10_000)))
    const there = listenerCommand(container === null ? python : 'python3', address)
    return await checkWayToNode(sshCommand(routeTo(node.name, nodes.ssh), there), address, machine.name)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return missed('way to the node', detail, 'Give its address beside the node’s name.', machine.name)
  }
}
