import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtIn } from '../../../src/generators/built-in/built-in.ts'
import { userCacheFolder } from '../../../src/generators/cache.ts'
import { judge } from '../../../src/metrics/validity.ts'
import type { Cell } from '../cell.ts'
import { endpointOf, pointOf } from '../point.ts'
import type { ClientReport } from '../report.ts'

// A process of its own: `built-in.ts URL CELL` prints a report.
const [url = '', text = '{}'] = process.argv.slice(2)
const point = pointOf(JSON.parse(text) as Cell, 'built-in')
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-'))
const generator = builtIn({ cacheFolder: userCacheFolder(process.env) })
const context = { signal: AbortSignal.timeout(120_000), folder: join(folder, 'points/p'), onProgress: () => {} }
const measurement = await generator.measure(point, endpointOf(url), context)
await generator.close()
await rm(folder, { recursive: true })
const findings = judge(point, measurement).filter(finding => finding.severity === 'invalid')
const report: ClientReport = {
  ttftMeanMs: measurement.ttftMs?.mean ?? Number.NaN,
  ttftP99Ms: measurement.ttftMs?.p99 ?? Number.NaN,
  itlMeanMs: measurement.itlMs?.mean ?? Number.NaN,
  durationS: measurement.durationS,
  completed: measurement.requests.completed,
  loadCpuS: measurement.client.cpuS ?? Number.NaN,
  says: findings.length === 0 ? 'valid' : findings.map(finding => finding.code).join(', '),
}
console.log(JSON.stringify(report))
