import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A Slurm of one node, this machine, and an allocation on it. */
export interface Slurm extends AsyncDisposable {
  /** What SLURM_CONF must be for srun to find it. */
  readonly config: string
  readonly node: string
  readonly job: string
}

/** Why there can be none here; false when there can. */
export function noSlurm(): string | false {
  if (process.getuid?.() !== 0) return 'slurmd takes root'
  const missing = ['/usr/sbin/slurmctld', '/usr/sbin/slurmd', '/usr/bin/srun'].filter(program => !existsSync(program))
  return missing.length > 0 && `${missing.join(', ')} not installed`
}

const readyLimitMs = 90_000

/** Starts a real slurmctld and slurmd. Messages are not signed: both listen for this test alone, and go with it. */
export async function startSlurm(): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), 'fulcrum-slurm-'))
  const node = hostname().split('.')[0] ?? 'localhost'
  const config = join(folder, 'slurm.conf')
  const env = { ...process.env, SLURM_CONF: config }
  const daemons: ChildProcess[] = []
  const slurm = (program: string, ...args: string[]) =>
    execFileSync(program, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] })

  async function dispose(): Promise<void> {
    // The node first: it ends the steps that still run.
    for (const daemon of daemons.reverse()) {
      daemon.kill('SIGTERM')
      if (daemon.exitCode === null && daemon.signalCode === null) {
        await new Promise(resolve => daemon.once('exit', resolve))
      }
    }
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    for (const name of ['state', 'spool']) mkdirSync(join(folder, name))
    const [controller, worker] = await freePorts()
    writeFileSync(config, configOf({ folder, node, controller, worker }))
    for (const program of ['slurmctld', 'slurmd']) {
      const args = ['-D', '-f', config, '-L', join(folder, `${program}.log`)]
      daemons.push(spawn(`/usr/sbin/${program}`, args, { env, stdio: 'ignore' }))
    }
    const deadline = performance.now() + readyLimitMs
    const idle = () => {
      try {
        return slurm('sinfo', '--noheader', '--format=%T').trim() === 'idle'
      } catch {
        return false
      }
    }
    while (!idle()) {
      if (performance.now() > deadline) throw new Error('slurm did not become ready')
      await sleep(200)
    }
    slurm('salloc', '--no-shell', '--nodes=1', '--ntasks=1', '--job-name=shards')
    const job = slurm('squeue', '--noheader', '--format=%i').trim()
    return { config, node, job, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

function configOf(of: { folder: string; node: string; controller: number; worker: number }): string {
  return `ClusterName=test
SlurmctldHost=${of.node}(127.0.0.1)
SlurmctldPort=${of.controller}
SlurmdPort=${of.worker}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${of.folder}/state
SlurmdSpoolDir=${of.folder}/spool
SlurmctldPidFile=${of.folder}/slurmctld.pid
SlurmdPidFile=${of.folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
NodeName=${of.node} NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`
}

/** Two ports that nobody listens on. */
async function freePorts(): Promise<[number, number]> {
  const free = async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
  }
  const [one, other] = await Promise.all([free(), free()])
  one.server.close()
  other.server.close()
  return [one.port, other.port]
}
