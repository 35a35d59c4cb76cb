import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FulcrumError } from '../model/index.ts'
import type { ProcessLedger } from '../process/ledger.ts'
import { type RunningProcess, startProcess } from '../process/process.ts'
import { processFailure } from './failure.ts'
import { freePort } from './ports.ts'
import { findProgram } from './programs.ts'
import { waitUntil } from './wait.ts'
import type { Command } from './worker-design.ts'

/** NATS and etcd: started by Fulcrum on free ports, or given. */
export interface Infrastructure {
  readonly natsUrl: string
  readonly etcdUrl: string
  readonly processes: readonly RunningProcess[]
  /** `nats` or `etcd`, and its problem; empty if both respond. */
  problems(signal: AbortSignal): Promise<readonly string[]>
  /**
   * Restarts whatever has died, on the same port.
   * @returns whether discovery was lost, so that every process must be restarted
   */
  repair(signal: AbortSignal): Promise<{ readonly discoveryLost: boolean }>
  close(): Promise<void>
}

/** Addresses that a deployer's configuration may set. */
export interface InfrastructureConfig {
  readonly nats?: string | undefined
  readonly etcd?: string | undefined
  /** Address at which other machines reach this one. Default: loopback. */
  readonly head?: string | undefined
}

const loopback = '127.0.0.1'
const startLimitMs = 30_000

/** `nats-server` with JetStream, as the guide starts it. */
export function natsCommand(port: number | string, folder: string, address: string = loopback): Command {
  return { argv: ['nats-server', '-js', '-a', address, '-p', String(port), '-sd', folder], env: {} }
}

/** A single `etcd` on this machine. */
export function etcdCommand(
  client: number | string,
  peer: number | string,
  folder: string,
  address: string = loopback,
): Command {
  const clientUrl = `http://${address}:${client}`
  const peerUrl = `http://${loopback}:${peer}`
  const argv = ['etcd', '--name', 'fulcrum', '--data-dir', folder, '--listen-client-urls', clientUrl] as const
  const rest = ['--advertise-client-urls', clientUrl, '--listen-peer-urls', peerUrl]
  const cluster = ['--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `fulcrum=${peerUrl}`]
  return { argv: [...argv, ...rest, ...cluster], env: {} }
}

/**
 * Starts NATS and etcd unless their addresses are given, and waits until both respond.
 * @throws FulcrumError environment `program-not-found`, `nats-unreachable`, `etcd-unreachable`
 */
export async function openInfrastructure(
  config: InfrastructureConfig,
  { logFolder, ledger }: { readonly logFolder: string; readonly ledger: ProcessLedger },
  signal: AbortSignal,
): Promise<Infrastructure> {
  const data = await mkdtemp(join(tmpdir(), 'fulcrum-dynamo-'))
  const [natsPort, etcdPort, peerPort] = await Promise.all([freePort(), freePort(), freePort()])
  const head = config.head ?? loopback
  const natsUrl = config.nats ?? `nats://${head}:${natsPort}`
  const etcdUrl = config.etcd ?? `http://${head}:${etcdPort}`
  const commands = {
    ...(config.nats === undefined ? { nats: natsCommand(natsPort, join(data, 'nats'), head) } : {}),
    ...(config.etcd === undefined ? { etcd: etcdCommand(etcdPort, peerPort, join(data, 'etcd'), head) } : {}),
  }
  const running = new Map<string, RunningProcess>()
  const answers = {
    nats: (limit: AbortSignal) => natsAnswers(natsUrl, limit),
    etcd: (limit: AbortSignal) => etcdAnswers(etcdUrl, limit),
  }

  async function start(name: 'nats' | 'etcd'): Promise<void> {
    const command = commands[name]
    if (command !== undefined) {
      const program = await requireProgram(command.argv[0])
      const argv: [string, ...string[]] = [program, ...command.argv.slice(1)]
      const logFile = join(logFolder, `${name}.log`)
      running.set(name, await startProcess({ name, argv, env: command.env, cwd: data, logFile }, ledger))
    }
    const process = running.get(name)
    await waitUntil(limit => answers[name](limit), {
      signal,
      limitMs: process === undefined ? 5_000 : startLimitMs,
      failed: () => (process === undefined || process.alive() ? null : processFailure(process)),
      late: () => unreachable(name, name === 'nats' ? natsUrl : etcdUrl, process),
    })
  }

  async function close(): Promise<void> {
    await Promise.all([...running.values()].map(process => process.stop(5_000)))
    await rm(data, { recursive: true, force: true })
  }

  try {
    await Promise.all([start('nats'), start('etcd')])
  } catch (error) {
    await close()
    throw error
  }

  async function problem(name: 'nats' | 'etcd', limit: AbortSignal): Promise<readonly string[]> {
    const process = running.get(name)
    if (process !== undefined && !process.alive()) return [processFailure(process, 3).message]
    return (await answers[name](limit)) ? [] : [`${name} does not answer at ${name === 'nats' ? natsUrl : etcdUrl}`]
  }

  return {
    natsUrl,
    etcdUrl,
    get processes() {
      return [...running.values()]
    },
    problems: async limit => (await Promise.all([problem('nats', limit), problem('etcd', limit)])).flat(),
    repair: async limit => {
      let discoveryLost = false
      for (const name of ['nats', 'etcd'] as const) {
        if ((await problem(name, limit)).length === 0) continue
        await running.get(name)?.stop(1_000)
        await start(name)
        if (name === 'etcd') discoveryLost = true
      }
      return { discoveryLost }
    },
    close,
  }
}

async function requireProgram(name: string): Promise<string> {
  const path = await findProgram(name)
  if (path !== null) return path
  throw new FulcrumError('environment', 'program-not-found', `${name} is not installed on this machine`, {
    where: 'PATH',
    remedy: `Install it (Debian: apt-get install ${name === 'etcd' ? 'etcd-server' : name}), or name a running one in deploy.${name === 'etcd' ? 'etcd' : 'nats'}.`,
  })
}

/** NATS greets every connection with an INFO line. */
export function natsAnswers(url: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(url.includes('://') ? url : `nats://${url}`)
  return new Promise(resolve => {
    const socket = connect({ host: hostname, port: Number(port || 4222), signal, timeout: 2_000 })
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('data', data => end(data.toString('latin1').startsWith('INFO')))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
    socket.once('close', () => end(false))
  })
}

/** Whether an etcd at this URL responds. */
export async function etcdAnswers(url: string, signal: AbortSignal): Promise<boolean> {
  const [first = url] = url.split(',')
  const answer = await fetch(`${first}/health`, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
  }).catch(() => null)
  return answer !== null && ((await answer.text().catch(() => '')) || '').includes('true')
}

function unreachable(name: string, url: string, process: RunningProcess | undefined): FulcrumError {
  const own = process === undefined ? '' : `; its log ends:\n${process.lastLines().slice(-5).join('\n')}`
  return new FulcrumError('environment', `${name}-unreachable`, `${name} does not answer${own}`, {
    where: url,
    remedy: process === undefined ? `Start it, or remove deploy.${name}, so that Fulcrum starts one.` : undefined,
    retryable: true,
  })
}
