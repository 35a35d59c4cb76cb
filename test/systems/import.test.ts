import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { importResults } from '../../src/commands/import.ts'
import { aiperf } from '../../src/generators/aiperf/aiperf.ts'
import { genaiPerf } from '../../src/generators/genai-perf/genai-perf.ts'
import { readRun } from '../../src/journal/index.ts'
import { hasPlainItl } from '../../src/metrics/delivery.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { endpointAt, programPoint } from '../generators/programs/program-point.ts'
import { startStreamServer } from '../generators/programs/stream-server.ts'

const systems = join(import.meta.dirname, '../../.systems')

describe('what the real programs write now', () => {
  for (const [name, create] of [
    ['aiperf', aiperf],
    ['genai-perf', genaiPerf],
  ] as const)
    it(`${name}: imports as the figures that its own record of requests gives`, async () => {
      const folder = await mkdtemp(join(tmpdir(), `fulcrum-import-${name}-`))
      await using cleanup = new AsyncDisposableStack()
      cleanup.defer(() => rm(folder, { recursive: true, force: true }))
      const server = cleanup.use(await startStreamServer(() => 'answer'))
      const runFolder = join(folder, '2P1D')
      const command = join(systems, name, 'bin', name)
      const ledger = await openLedger({ runFolder, folder: join(folder, 'ledger') })
      const generator = create({ command, args: [], runFolder, ledger: async () => ledger })
      const point = programPoint(name)
      const recorded = await generator.measure(point, endpointAt(server.url), {
        signal: AbortSignal.timeout(90_000),
        folder: join(runFolder, 'points', point.id),
        onProgress: () => {},
      })
      await generator.close()
      ledger.close()

      const imported = await importResults({
        folder: runFolder,
        resultsRoot: join(folder, 'results'),
        name: 'imported',
        gpusPerWorker: 4,
        topology: '2P1D',
      })
      assert.deepEqual(imported.passedOver, [])
      const [result, ...more] = (await readRun(imported.folder)).results
      assert.deepEqual(more, [])
      assert.ok(result?.measurement)
      assert.equal(result.status, 'ok')
      assert.deepEqual(result.point.load.level, point.load.level)
      assert.deepEqual(result.point.workload.isl, point.workload.isl)
      assert.equal(result.measurement.requests.completed, recorded.requests.completed)
      // On a busy machine, tokens may arrive with the first chunk. The programs count them for ITL, Fulcrum does not.
      const itl = hasPlainItl(recorded) ? (['itlMs'] as const) : []
      for (const metric of ['ttftMs', 'requestLatencyMs', ...itl] as const)
        near(result.measurement[metric]?.mean, recorded[metric]?.mean, metric)
      near(
        result.measurement.outputTokensPerS ?? Number.NaN,
        recorded.outputTokensPerS ?? Number.NaN,
        'output tokens/s',
      )
    })
})

/** Within 1 %: genai-perf rounds ITL, and each program has its own idea of when a run begins. */
function near(stated: number | undefined, recorded: number | undefined, what: string): void {
  assert.ok(stated !== undefined && recorded !== undefined, what)
  assert.ok(Math.abs(stated / recorded - 1) < 0.01, `${what}: ${stated} and ${recorded}`)
}
