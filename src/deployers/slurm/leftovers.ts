import { runToEnd } from '../nodes/run-to-end.ts'

const answerLimitMs = 10_000

/**
 * This user's jobs that one of our `salloc` processes still holds, identified by the job name. Empty if the command
 * line belongs to another program, or if Slurm does not respond.
 */
export async function jobsHeldBy(argv: readonly string[]): Promise<readonly string[]> {
  const [program, ...args] = argv
  const name = args.find(arg => /^--job-name=fulcrum-[0-9a-f]+(-\d+)?$/.test(arg))?.slice('--job-name='.length)
  if (program !== 'salloc' || name === undefined) return []
  const ask = ['squeue', '--noheader', '--me', `--name=${name}`, '--format=%i'] as const
  const { ok, out } = await runToEnd(ask, AbortSignal.timeout(answerLimitMs))
  return ok ? out.split('\n').filter(line => /^\d+$/.test(line)) : []
}

/** Cancels a Slurm job by its number. */
export async function cancelJob(job: string): Promise<void> {
  await runToEnd(['scancel', job], AbortSignal.timeout(answerLimitMs))
}
