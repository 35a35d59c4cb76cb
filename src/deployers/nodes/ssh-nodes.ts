import { lookup } from 'node:dns/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FulcrumError } from '../../model/index.ts'
import { atMost } from '../../process/at-most.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import { describeExit, type RunningProcess, startProcess } from '../../process/process.ts'
import { retryingSsh, sshFailure } from '../../process/ssh-failure.ts'
import type { DeployContext } from '../deployer.ts'
import { logEnd } from '../failure.ts'
import { taskFolder } from '../launch/guard.ts'
import type { Wrapping } from '../launch/launcher.ts'
import { connectionCommand, connectionUpCommand, overSsh, type SshRoute, sshCommand } from '../launch/ssh.ts'
import { waitUntil } from '../wait.ts'
import { freePortAt, headReach, requireHead } from './head.ts'
import type { RuntimeConfig, SshConfig, SshNodeConfig, SshNodesConfig } from './keys.ts'
import { lossOf, type Nodes } from './nodes.ts'
import type { Host } from './placement.ts'
import { runToEnd } from './run-to-end.ts'

interface Options {
  readonly nodes: SshNodesConfig
  readonly head: string
  readonly container: RuntimeConfig | null
  readonly namespace: string
  readonly logFolder: string
  readonly ledger: ProcessLedger
}

/** A reachable node. */
interface Connection {
  readonly process: RunningProcess
  readonly address: string
}

const connectLimitMs = 30_000
const answerLimitMs = 6_000
const connectInTurn = atMost(6)
/** Placeholder for the folder of connections' sockets. */
const folderToCome = '<temporary folder>'

/** Hosts of workers on ssh nodes: one worker each unless GPUs are named. */
export function hostsOf({ hosts }: SshNodesConfig): readonly Host[] {
  return hosts.map(({ name, gpus }) => ({ name, gpus: gpus ?? null, maxWorkers: gpus === undefined ? 1 : null }))
}

/** Named nodes over the system's ssh, one connection each, with the user's own keys and configuration. */
export function sshNodes({ nodes, head, container, namespace, logFolder, ledger }: Options): Nodes {
  /** Short and outside the run's folder, because a socket's path is limited to about a hundred characters. */
  let folder: string | null = null
  const connections = new Map<string, Connection>()
  /** Nodes that were connected before, and why they no longer are. */
  const lost = new Map<string, string>()
  const ports = new Set<number>()
  const wrapping: Wrapping = { container, namespace, unset: [] }

  const route = (host: string): SshRoute => ({ host, ssh: nodes.ssh, socket: join(folder ?? folderToCome, '%C') })

  /**
   * Retries if the connection is cut during setup. Limits concurrency, because all connections may use one jump host.
   */
  const connect = (node: SshNodeConfig, signal: AbortSignal) =>
    connectInTurn(() => retryingSsh(() => connectOnce(node, signal), { signal, again: wasCut }))

  async function connectOnce(node: SshNodeConfig, signal: AbortSignal): Promise<void> {
    const [argv, logFile] = [connectionCommand(route(node.name)), join(logFolder, `ssh-${node.name}.log`)]
    const spec = { name: `ssh ${node.name}`, argv, env: {}, cwd: tmpdir(), logFile, endsBy: 'stdin' as const }
    const process = await startProcess(spec, ledger)
    try {
      const wait = {
        signal,
        limitMs: connectLimitMs,
        failed: () => (process.alive() ? null : unreachable(node.name, process)),
        late: () => unreachable(node.name, process),
      }
      // Waits for the connection, because anything started earlier would make a separate one.
      await waitUntil(async limit => (await runToEnd(connectionUpCommand(route(node.name)), limit)).ok, wait)
      await waitUntil(async limit => (await run(node.name, ['bash', '-c', 'command -v setsid'], limit)).ok, wait)
      connections.set(node.name, { process, address: node.address ?? (await addressOf(node.name, nodes.ssh, signal)) })
    } catch (error) {
      await process.stop(1_000)
      throw error
    }
  }

  const run = (host: string, argv: readonly string[], signal: AbortSignal) =>
    runToEnd(sshCommand(route(host), argv), AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]))

  async function problemOf(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const connection = connections.get(host)
    if (connection === undefined) return [`node ${host} is not connected`]
    const { process } = connection
    const at = shown(host, connection)
    const exit = process.exit()
    if (exit !== null) return [`node ${at}: its ssh connection ${describeExit(exit)}${logEnd(process, 3)}`]
    return (await run(host, ['true'], signal)).ok ? [] : [`node ${at} does not respond over ssh`]
  }

  /** Retries once for a node with a broken connection, which may be its only problem. */
  async function reconnect(node: SshNodeConfig, before: Connection, why: string, context: DeployContext) {
    await before.process.stop(1_000)
    connections.delete(node.name)
    try {
      await connect(node, context.signal)
    } catch (error) {
      context.signal.throwIfAborted()
      if (!(error instanceof FulcrumError)) throw error
      lost.set(node.name, why)
      context.onEvent(lossOf(`node ${shown(node.name, before)}`, why))
    }
  }

  const connectionOf = (host: string | null): Connection => {
    const connection = host === null ? undefined : connections.get(host)
    if (connection === undefined) throw new Error(`${host} was never connected`)
    return connection
  }

  return {
    fileFolder: taskFolder(namespace),
    named: hostsOf(nodes),
    hosts: () => hostsOf(nodes).filter(({ name }) => name === null || !lost.has(name)),
    lost: () => [...lost.values()],
    open: async context => {
      const { signal } = context
      await requireHead(head)
      folder ??= await mkdtemp(join(tmpdir(), 'fulcrum-ssh-'))
      const usable = nodes.hosts.filter(({ name }) => !lost.has(name))
      await settleAll(
        usable.map(async node => {
          const before = connections.get(node.name)
          if (before === undefined) return connect(node, signal)
          const [why] = await problemOf(node.name, signal)
          signal.throwIfAborted()
          if (why !== undefined) await reconnect(node, before, why, context)
        }),
      )
    },
    regain: async ({ signal, onEvent }) => {
      const gone = nodes.hosts.filter(({ name }) => lost.has(name))
      const tries = await Promise.allSettled(gone.map(node => connect(node, signal)))
      signal.throwIfAborted()
      for (const [i, { name }] of gone.entries()) {
        if (tries[i]?.status !== 'fulfilled') continue
        lost.delete(name)
        onEvent({ kind: 'back', what: `node ${name}` })
      }
    },
    reach: host =>
      host === null ? headReach(head) : { address: addressToShow(nodes, connections, host), networkInterface: null },
    launcher: host => overSsh(route(host ?? ''), wrapping),
    freePort: host => freePortAt(connectionOf(host).address, ports),
    processes: () => [...connections.values()].map(({ process }) => process),
    problems: async signal => {
      const usable = nodes.hosts.filter(({ name }) => !lost.has(name))
      const found = await Promise.all(
        usable.map(async ({ name }) => (await problemOf(name, signal)).map(why => ({ host: name, why }))),
      )
      signal.throwIfAborted()
      return found.flat()
    },
    preview: () =>
      nodes.hosts.map(({ name }) => ({ argv: connectionCommand(route(name)), env: {}, note: `connection to ${name}` })),
    close: async () => {
      await Promise.all([...connections.values()].map(({ process }) => process.stop(2_000)))
      connections.clear()
      if (folder !== null) await rm(folder, { recursive: true, force: true })
      folder = null
    },
  }
}

/** `south (10.0.0.3)` */
function shown(host: string, { address }: Connection): string {
  return address === host ? host : `${host} (${address})`
}

/** Waits for all of them, so that none continues unnoticed; then throws the first failure. */
async function settleAll(under: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(under)).filter(result => result.status === 'rejected')
  if (failed[0] !== undefined) throw failed[0].reason
}

function addressToShow({ hosts }: SshNodesConfig, connections: ReadonlyMap<string, Connection>, host: string): string {
  const given = hosts.find(({ name }) => name === host)?.address
  return connections.get(host)?.address ?? given ?? `<address of ${host}>`
}

/**
 * Resolves a name with ssh's configuration and looks up the address, because Dynamo requires one.
 * @throws FulcrumError (environment, `node-without-address`)
 */
export async function addressOf(host: string, { config: configFile }: SshConfig, signal: AbortSignal): Promise<string> {
  const said = await runToEnd(
    ['ssh', ...(configFile === undefined ? [] : ['-F', configFile]), '-G', '--', host],
    signal,
  )
  const name = /^hostname (.+)$/m.exec(said.out)?.[1] ?? host
  try {
    return (await lookup(name, { family: 4 })).address
  } catch (cause) {
    throw new FulcrumError('environment', 'node-without-address', `Could not resolve the address of node ${host}`, {
      where: name,
      remedy: 'Set it as the node’s address.',
      cause,
    })
  }
}

const nodeUnreachable = 'node-unreachable'

function unreachable(host: string, process: RunningProcess): FulcrumError {
  const why = process.lastLines().slice(-3).join('; ') || 'no answer, or no bash and setsid there'
  const failure = sshFailure(process.exit()?.code, process.lastLines())
  const remedy =
    failure?.passing === true
      ? `Try again. If it keeps failing, raise MaxStartups in the sshd_config of ${host}, or check the log of its sshd.`
      : `Make \`ssh ${host} true\` work without a password or a prompt, then try again.`
  return new FulcrumError('environment', nodeUnreachable, `Could not use node ${host} over ssh: ${why}`, {
    where: host,
    remedy,
    retryable: true,
    cause: failure ?? undefined,
  })
}

/** Whether the connection was cut during setup; the next attempt may succeed. */
function wasCut(error: unknown): boolean {
  return error instanceof FulcrumError && error.code === nodeUnreachable && isPassing(error.cause)
}

function isPassing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'passing' in cause && cause.passing === true
}
