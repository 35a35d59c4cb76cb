/**
 * How well a twin predicts what it has not seen, and how fast. Prints the tables of docs/bench/twin.md.
 *
 *   node bench/twin.ts accuracy RUN [UNSEEN_RUN]     a run of bench/twin/mocker.yaml, one of bench/twin/unseen.yaml
 *   node bench/twin.ts replay                        beside `python -m dynamo.replay`
 *   node bench/twin.ts speed                         simulated requests a minute on one core
 */
import { loadavg } from 'node:os'
import { accuracy } from './twin/accuracy.ts'
import { replay } from './twin/replay.ts'
import { speed } from './twin/speed.ts'

const [part, ...rest] = process.argv.slice(2)
const [run, unseen] = rest
if (part === 'accuracy' && run !== undefined) await accuracy(run, unseen ?? null)
else if (part === 'replay') await replay()
else if (part === 'speed') await speed()
else {
  console.error('usage: node bench/twin.ts accuracy RUN [UNSEEN_RUN] | replay | speed')
  process.exit(2)
}
console.log(`\nload average at the end: ${loadavg()[0]?.toFixed(1)}`)
