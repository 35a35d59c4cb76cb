/**
 * How well a twin predicts what it has not seen. Prints the tables of docs/bench/twin.md.
 *
 *   node bench/twin.ts accuracy RUN [UNSEEN_RUN]     a run of bench/twin/mocker.yaml, one of bench/twin/unseen.yaml
 *   node bench/twin.ts replay                        beside `python -m dynamo.replay`
 */
import { loadavg } from 'node:os'
import { accuracy } from './twin/accuracy.ts'
import { replay } from './twin/replay.ts'

const [part, ...rest] = process.argv.slice(2)
const [run, unseen] = rest
if (part === 'accuracy' && run !== undefined) await accuracy(run, unseen ?? null)
else if (part === 'replay') await replay()
else {
  console.error('usage: node bench/twin.ts accuracy RUN [UNSEEN_RUN] | replay')
  process.exit(2)
}
console.log(`\nload average at the end: ${loadavg()[0]?.toFixed(1)}`)
