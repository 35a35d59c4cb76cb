/**
 * How well a twin predicts what it has not seen. Prints the tables of docs/bench/twin.md.
 *
 *   node bench/twin.ts accuracy RUN [UNSEEN_RUN]     a run of bench/twin/mocker.yaml, one of bench/twin/unseen.yaml
 *   node bench/twin.ts replay [VERSION]              beside `dynamo.replay.run_trace_replay` of Dynamo 1.6.1, or 1.4.2
 *   node bench/twin.ts virtual                       fitted to deployments in virtual time, whose truth is known
 */
import { loadavg } from 'node:os'
import { followedVersions } from '../src/simulator/followed-version.ts'
import { accuracy } from './twin/accuracy.ts'
import { replay } from './twin/replay.ts'
import { virtual } from './twin/virtual.ts'

const [part, ...rest] = process.argv.slice(2)
const [run, unseen] = rest
const version = followedVersions.find(one => one === (rest[0] ?? followedVersions[0]))
if (part === 'accuracy' && run !== undefined) await accuracy(run, unseen ?? null)
else if (part === 'replay' && version !== undefined) await replay(version)
else if (part === 'virtual') await virtual()
else {
  console.error('usage: node bench/twin.ts accuracy RUN [UNSEEN_RUN] | replay [1.6.1 | 1.4.2] | virtual')
  process.exit(2)
}
console.log(`\nload average at the end: ${loadavg()[0]?.toFixed(1)}`)
