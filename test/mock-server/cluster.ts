import type { Worker } from 'node:cluster'
import cluster from 'node:cluster'
import { createInterface } from 'node:readline'

// The mock server over several processes behind one port, connections dealt in turn: `node cluster.ts OPTIONS ADDRESS
// PROCESSES` prints {"port":N}, then answers each line (`reset` or `truth`) with one line, and ends with stdin.
const [options = '{}', address = '127.0.0.1', processes = '1'] = process.argv.slice(2)

/** What one process saw since the last reset; times in ms. */
export interface PartialTruth {
  readonly requests: number
  readonly ttftMeanMs: number
  readonly itlMeanMs: number
  readonly cpuS: number
}

cluster.schedulingPolicy = cluster.SCHED_RR
cluster.setupPrimary({
  exec: new URL('./main.ts', import.meta.url).pathname,
  args: [options, address],
  stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
})
const workers = Array.from({ length: Number(processes) }, () => cluster.fork())
const [first] = await Promise.all(workers.map(firstLine))
console.log(first)

for await (const order of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await Promise.all(workers.map(worker => ask(worker, order)))))
}
for (const worker of workers) worker.process.stdin?.end()

async function firstLine(worker: Worker): Promise<string> {
  const { stdout } = worker.process
  if (stdout === null) throw new Error('a worker without output')
  return await new Promise((resolve, reject) => {
    createInterface({ input: stdout }).once('line', resolve)
    worker.once('exit', code => reject(new Error(`a mock server exited with ${code}`)))
  })
}

function ask(worker: Worker, order: string): Promise<PartialTruth> {
  return new Promise(resolve => {
    worker.once('message', (truth: PartialTruth) => resolve(truth))
    worker.send(order)
  })
}
