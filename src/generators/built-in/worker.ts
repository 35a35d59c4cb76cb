import { parentPort } from 'node:worker_threads'
import type { JobResult } from './job.ts'
import type { Answer, Order } from './pool.ts'
import { rehearse } from './rehearsal.ts'
import { runJob } from './thread-run.ts'

let rehearsed: Promise<void> | null = null

/** A load thread: follows one order after another. */
async function follow(order: Order): Promise<JobResult | null> {
  // The thread's compiled code is saved as it exits.
  if (order.kind === 'end') process.exit()
  rehearsed ??= rehearse()
  await rehearsed
  return order.kind === 'run' ? await runJob(order.job) : null
}

const say = (answer: Answer) => parentPort?.postMessage(answer)
parentPort?.on('message', (order: Order) => {
  follow(order).then(
    result => say({ result }),
    (error: unknown) => say({ error }),
  )
})
