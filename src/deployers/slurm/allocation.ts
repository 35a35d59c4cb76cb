import { FulcrumError } from '../../model/index.ts'
import type { ProcessLedger } from '../../process/ledger.ts'
import { type ProcessSpec, type RunningProcess, startProcess } from '../../process/process.ts'
import type { DeployContext } from '../deployer.ts'
import { logEnd } from '../failure.ts'
import { runToEnd } from '../nodes/run-to-end.ts'
import { waitUntil } from '../wait.ts'
import { describeJob, isWaiting, parseJobState } from './states.ts'

/** A granted allocation, and the process that holds it. */
export interface Allocation {
  readonly job: string
  /** Names of its nodes. */
  readonly nodes: readonly string[]
  readonly process: RunningProcess
}

interface AllocationOptions {
  readonly jobName: string
  readonly queueTimeoutS: number
  readonly ledger: ProcessLedger
}

/**
 * Starts `salloc`, waits in the queue and reports the wait.
 * @throws FulcrumError environment `slurm-refused` if Slurm rejects the job, `slurm-queue-timeout` at the deadline.
 *   Cancels the job at the deadline and on interruption
 */
export async function allocate(
  spec: Pick<ProcessSpec, 'name' | 'argv' | 'env' | 'cwd' | 'logFile'>,
  { jobName, queueTimeoutS, ledger }: AllocationOptions,
  { signal, onEvent }: DeployContext,
): Promise<Allocation> {
  let granted: readonly [job: string, nodeList: string] | null = null as readonly [string, string] | null
  const onStdoutLine = (line: string) => {
    const [job, nodeList] = line.trim().split(' ')
    if (job !== undefined && nodeList !== undefined && /^\d+$/.test(job)) granted ??= [job, nodeList]
  }
  const process = await startProcess({ ...spec, endsBy: 'stdin', onStdoutLine }, ledger)
  let queue = 'Slurm to queue the job'
  const look = async (limit: AbortSignal) => {
    const argv = ['squeue', '--noheader', `--name=${jobName}`, '--states=all', '--format=%T|%r|%i'] as const
    const { out } = await runToEnd(argv, limit)
    const state = parseJobState(out)
    const job = out.trim().split('|')[2]
    if (state !== null && isWaiting(state)) queue = `Slurm job ${job}: ${describeJob(state)}`
  }
  let lookedAtMs = performance.now()
  try {
    await waitUntil(
      async limit => {
        if (granted === null && performance.now() - lookedAtMs > 1_000) {
          await look(limit)
          lookedAtMs = performance.now()
        }
        return granted !== null
      },
      {
        signal,
        limitMs: queueTimeoutS * 1000,
        failed: () => (process.alive() ? null : refused(process)),
        late: () => queuedTooLong(queue, queueTimeoutS),
        onWaiting: elapsedS => onEvent({ kind: 'waiting', what: queue, elapsedS, deadlineS: queueTimeoutS }),
      },
    )
    const [job, nodeList] = granted ?? ['', '']
    const { out } = await runToEnd(['scontrol', 'show', 'hostnames', nodeList], signal)
    onEvent({ kind: 'start', what: `Slurm job ${job} on ${nodeList}`, pid: process.pid })
    return { job, nodes: out.trim().split('\n'), process }
  } catch (error) {
    await runToEnd(['scancel', `--name=${jobName}`], AbortSignal.timeout(10_000))
    await process.stop(2_000)
    throw error
  }
}

function refused(process: RunningProcess): FulcrumError {
  return new FulcrumError('environment', 'slurm-refused', `Slurm granted no allocation${logEnd(process, 5)}`, {
    where: process.logFile,
    remedy: 'Request what the partition has: deploy.nodes, gpus_per_node, partition, account, time.',
  })
}

function queuedTooLong(queue: string, queueTimeoutS: number): FulcrumError {
  const message = `No allocation within ${queueTimeoutS} s; last state: ${queue}. The job was canceled.`
  return new FulcrumError('environment', 'slurm-queue-timeout', message, {
    remedy: 'Raise deploy.queue_timeout, or request fewer nodes or less time.',
  })
}
