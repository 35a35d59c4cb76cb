import type { Job, JobResult } from './job.ts'
import { rehearse } from './rehearsal.ts'
import { runJob } from './thread-run.ts'

let rehearsed: Promise<void> | null = null

/** Called by tinypool in a worker thread: with a job, or with null to prepare for one. */
export default async function work(job: Job | null): Promise<JobResult | null> {
  rehearsed ??= rehearse()
  await rehearsed
  return job === null ? null : await runJob(job)
}
