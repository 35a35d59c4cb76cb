import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../src/deployers/ports.ts'

/** A Slurm whose nodes are all this machine, each with sixteen GPUs that are none (/dev/null under other names). */
export interface Cluster extends AsyncDisposable {
  /** The first node. */
  readonly node: string
  /** What to set SLURM_CONF to. */
  readonly configFile: string
  /** Runs a Slurm program, and gives its output. */
  run(program: string, ...args: string[]): string
}

const programs = ['/usr/sbin/munged', '/usr/sbin/slurmctld', '/usr/sbin/slurmd', '/usr/bin/salloc', '/usr/bin/srun']

/** Why there can be no Slurm here; false when there can. */
export function noSlurm(): string | false {
  if (process.getuid?.() !== 0) return 'starting slurmd takes root'
  const missing = programs.filter(program => !existsSync(program))
  if (missing.length > 0) return `${missing.join(', ')} not installed`
  return false
}

const readyLimitMs = 90_000
const thisHost = hostname().split('.')[0] ?? 'localhost'

/**
 * Starts munged, slurmctld and a slurmd for each node with ports, key and folders of their own. Everything is gone
 * after disposal. Jobs of the partition `urgent` push out those of the default one.
 * @param names of the nodes; this machine's alone unless given
 */
export async function startCluster(names: readonly string[] = [thisHost]): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'fulcrum-slurm-'))
  chmodSync(folder, 0o755)
  const [node = thisHost] = names
  const configFile = join(folder, 'slurm.conf')
  const daemons: ChildProcess[] = []
  const env = { ...process.env, SLURM_CONF: configFile }
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const start = (program: string, args: string[], user = {}) =>
    void daemons.push(spawn(program, args, { env, stdio: 'ignore', ...user }))

  async function dispose(): Promise<void> {
    for (const daemon of daemons.toReversed()) {
      daemon.kill('SIGTERM')
      await ended(daemon)
    }
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    const [uid, gid] = [idOf('-u'), idOf('-g')]
    const munge = join(folder, 'munge')
    mkdirSync(munge, { mode: 0o711 })
    writeFileSync(join(munge, 'key'), randomBytes(1024), { mode: 0o400 })
    for (const path of [munge, join(munge, 'key')]) chownSync(path, uid, gid)
    const socket = join(munge, 'socket')
    const files = ['key-file', 'pid-file', 'log-file', 'seed-file'].map(
      name => `--${name}=${join(munge, name === 'key-file' ? 'key' : name)}`,
    )
    start('/usr/sbin/munged', ['--foreground', `--socket=${socket}`, ...files], { uid, gid })
    await until(() => existsSync(socket), 'munged')

    for (const name of ['state', 'spool']) mkdirSync(join(folder, name))
    for (const name of names) mkdirSync(join(folder, 'spool', name))
    for (let gpu = 0; gpu < 16; gpu++) execFileSync('mknod', [join(folder, `gpu${gpu}`), 'c', '1', '3'])
    writeFileSync(join(folder, 'gres.conf'), `Name=gpu File=${folder}/gpu[0-15]\n`)
    const ports: number[] = []
    for (const _ of names) ports.push(await freePort())
    writeFileSync(configFile, configuration(folder, { names, ports, socket, controller: await freePort() }))
    start('/usr/sbin/slurmctld', ['-D', '-f', configFile])
    for (const name of names) start('/usr/sbin/slurmd', ['-D', '-f', configFile, '-N', name])
    const states = () => run('sinfo', '--noheader', '--Node', '--partition=batch', '--format=%T').trim().split('\n')
    await until(() => states().length === names.length && states().every(state => state === 'idle'), 'slurmd')
    return { node, configFile, run, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

interface Layout {
  readonly names: readonly string[]
  /** Of each node's slurmd. */
  readonly ports: readonly number[]
  /** Munge's. */
  readonly socket: string
  /** Slurmctld's port. */
  readonly controller: number
}

function configuration(folder: string, { names, ports, socket, controller }: Layout): string {
  const nodes = names.map(
    (name, i) =>
      `NodeName=${name} NodeHostname=${thisHost} NodeAddr=127.0.0.1 Port=${ports[i]} CPUs=2 RealMemory=1000 Gres=gpu:16 State=UNKNOWN`,
  )
  const of = `Nodes=${names.join(',')} MaxTime=INFINITE State=UP`
  return `ClusterName=fulcrum
SlurmctldHost=${thisHost}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${socket}
SlurmctldPort=${controller}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool/%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
ReturnToService=0
KillWait=5
GresTypes=gpu
${nodes.join('\n')}
PartitionName=batch ${of} Default=YES PriorityTier=1
PartitionName=urgent ${of} PriorityTier=2
`
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'munge'], { encoding: 'utf8' }))
}

async function until(ask: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + readyLimitMs
  for (;;) {
    try {
      if (ask()) return
    } catch {
      // It does not answer yet.
    }
    if (performance.now() > deadline) throw new Error(`${what} was not ready in time`)
    await sleep(200)
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => child.once('exit', () => resolve()))
}
