// Test part: unit
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { backends } from '../../src/cli/commands/init.ts'
import { writeOwnSweep } from '../../src/commands/init.ts'
import { type AskedSweep, ownSweep } from '../../src/commands/own-sweep.ts'
import { engines } from '../../src/engines/index.ts'
import { gpusOf, topologyLabel } from '../../src/model/index.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { loadSweep, sweepOf } from '../../src/spec/load-sweep.ts'
import { scratch } from '../journal/journal-on-disk.ts'

const planOf = async (asked: AskedSweep) => {
  const path = join(import.meta.dirname, 'own.yaml')
  return planSweep(await sweepOf({ text: ownSweep('own.yaml', asked), path, shown: 'own.yaml', options: {} }))
}

describe('a sweep that init writes from answers', () => {
  test('can be for every engine that Fulcrum knows', () => {
    assert.deepEqual(
      engines.map(({ name }) => name).filter(name => !(name in backends)),
      [],
    )
  })

  for (const backend of Object.keys(backends))
    test(`validates where it is written: ${backend}`, async () => {
      await using folder = await scratch()
      const file = join(folder.path, 'deep/own.yaml')
      await writeOwnSweep(file, { backend }, false)
      assert.ok(planSweep(await loadSweep(file)).pointCount >= 3)
    })

  test('validates whatever is answered', async () => {
    const tokens = fc.integer({ min: 1, max: 100_000 })
    const asked = fc.record({
      backend: fc.constantFrom('mocker', 'vllm', 'sglang', 'trtllm'),
      gpus: fc.integer({ min: 8, max: 300 }),
      gpusPerWorker: fc.constantFrom(1, 2, 4, 8),
      workloads: fc.uniqueArray(fc.record({ isl: tokens, osl: tokens }), {
        minLength: 1,
        maxLength: 3,
        selector: ({ isl, osl }) => `${isl}/${osl}`,
      }),
      slo: fc.record({ ttft_p95_ms: fc.integer({ min: 1, max: 10_000 }) }, { requiredKeys: [] }),
    })
    await fc.assert(
      fc.asyncProperty(asked, async asked => {
        const { sweep, deployments } = await planOf(asked)
        const workers = Math.floor(asked.gpus / asked.gpusPerWorker)
        assert.equal(sweep.workloads.length, asked.workloads.length)
        for (const { deployment } of deployments) assert.ok(gpusOf(deployment) <= asked.gpus)
        assert.equal(deployments.length, Math.min(workers, 8))
      }),
      { numRuns: 30 },
    )
  })

  test('splits the GPUs in every way', async () => {
    const { deployments } = await planOf({ backend: 'vllm', gpus: 8, gpusPerWorker: 2 })
    const labels = deployments.map(({ deployment }) => topologyLabel(deployment.topology)).sort()
    assert.deepEqual(labels, ['1P3D', '2P2D', '3P1D', 'agg x4'])
  })

  test('names the command that writes it again', () => {
    const asked = { backend: 'vllm', gpus: 4, workloads: [{ isl: 8000, osl: 256 }], slo: { ttft_p95_ms: 2000 } }
    assert.match(
      ownSweep('a/mine.yaml', asked),
      /^# Written by: fulcrum init mine\.yaml --backend vllm --gpus 4 --isl 8000 --osl 256 --slo 'ttft_p95_ms=2000'\n/,
    )
  })

  test('is refused with the flag that does not fit', () => {
    assert.throws(() => ownSweep('a.yaml', { backend: 'vllm', gpus: 2, gpusPerWorker: 4 }), { code: 'too-few-gpus' })
    for (const wrong of [
      { backend: 'vllm', url: 'http://127.0.0.1:1' },
      { backend: 'attach', gpusPerWorker: 2 },
      { backend: 'simulated', gpusPerWorker: 2 },
    ])
      assert.throws(() => ownSweep('a.yaml', wrong), { code: 'unfitting-flag' })
  })

  test('is not written if it would not validate', async () => {
    await using folder = await scratch()
    const file = join(folder.path, 'own.yaml')
    await assert.rejects(writeOwnSweep(file, { backend: 'vllm', slo: { ttft_ms: 5 } }, false), /ttft_ms/)
    await assert.rejects(loadSweep(file), { code: 'sweep-file-not-found' })
  })
})
