// Test part: process

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { exportRun } from '../../src/commands/export.ts'
import { importResults } from '../../src/commands/import.ts'
import { importFormats } from '../../src/generators/import/formats.ts'
import { type PointResult, readRun } from '../../src/journal/index.ts'
import type { LoadLevel } from '../../src/model/index.ts'
import { exportAiperf } from '../../src/render/export/aiperf.ts'
import { exportFormats } from '../../src/render/export/formats.ts'
import { exportedResult, isUnchanged } from '../../src/render/export/fulcrum-part.ts'
import { exportGenaiPerf } from '../../src/render/export/genai-perf.ts'
import { scratch } from '../journal/journal-on-disk.ts'
import { writtenRun } from '../journal/written-run.ts'
import { aggregated, disaggregated, failed, invalid, runOf, syntheticRun } from './synthetic-run.ts'

const known = syntheticRun({ topologies: [aggregated(2), disaggregated(2, 1)], concurrencies: [1, 16] }).results

const positive = fc.double({ min: 0.001, max: 1e6, noNaN: true })
const arrivals = fc.oneof(
  fc.constant({ kind: 'constant' } as const),
  fc.constant({ kind: 'poisson' } as const),
  positive.map(burstiness => ({ kind: 'gamma', burstiness }) as const),
)
const level: fc.Arbitrary<LoadLevel> = fc.oneof(
  fc.record({ kind: fc.constant('concurrency' as const), concurrency: fc.integer({ min: 1, max: 9999 }) }),
  fc.record({ kind: fc.constant('rate' as const), requestsPerS: positive, arrivals }),
  fc.record({ kind: fc.constant('rate' as const), requestsPerS: positive, arrivals, maxConcurrency: fc.constant(64) }),
  fc.record({
    kind: fc.constant('stages' as const),
    stages: fc.array(fc.record({ requestsPerS: positive, durationS: positive, jump: fc.boolean() }), { minLength: 1 }),
    arrivals,
  }),
  fc.record({ kind: fc.constant('trace' as const), file: fc.string(), speed: positive }),
)
const gpus = fc.record({
  prefill: fc.integer({ min: 0, max: 16 }),
  decode: fc.integer({ min: 0, max: 16 }),
  aggregated: fc.integer({ min: 0, max: 16 }),
})
const error = fc.record({
  kind: fc.constantFrom('connect', 'timeout', 'http-status', 'server-error' as const),
  count: fc.integer({ min: 1, max: 99 }),
  example: fc.string(),
})

/** A result of any load level, GPUs a role, status and failures, with figures that were measured or were not. */
const result: fc.Arbitrary<PointResult> = fc
  .record({
    of: fc.constantFrom(...known),
    id: fc.stringMatching(/^[0-9a-f]{12}$/),
    level,
    gpus,
    status: fc.constantFrom('ok', 'invalid', 'failed'),
    errors: fc.array(error, { maxLength: 3 }),
    text: fc.string(),
    figure: positive,
    hasTtft: fc.boolean(),
  })
  .map(({ of, id, level: at, gpus: gpusPerWorker, status, errors, text, figure, hasTtft }) => {
    const { point, measurement } = of
    assert.ok(measurement !== null)
    const made: PointResult = {
      ...of,
      point: { ...point, id, deployment: { ...point.deployment, gpusPerWorker }, load: { ...point.load, level: at } },
      measurement: {
        ...measurement,
        ...(hasTtft ? {} : { ttftMs: null }),
        errors,
        goodputPerS: null,
        requestsPerS: figure,
        requests: { ...measurement.requests, failed: errors.reduce((sum, { count }) => sum + count, 0) },
      },
    }
    // What a journal holds has been JSON before.
    const said = status === 'ok' ? made : status === 'invalid' ? invalid(made, text) : failed(made, text)
    return JSON.parse(JSON.stringify(said)) as PointResult
  })

const layouts = {
  'genai-perf': (one: PointResult) => exportGenaiPerf(one)['profile_export_genai_perf.json'],
  aiperf: (one: PointResult) => exportAiperf(one)['profile_export_aiperf.json'],
}

/** Every file below a folder with its text. */
async function textsUnder(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const texts = await Promise.all(
    paths.sort().map(async path => [path.slice(folder.length), await readFile(path, 'utf8')]),
  )
  return Object.fromEntries(texts)
}

test('every format that goes both ways is among those that are tried here', () => {
  const imported = importFormats.map(({ name }) => name)
  const both = exportFormats.map(({ name }) => name).filter(name => imported.includes(name))
  assert.deepEqual(both.toSorted(), Object.keys(layouts).toSorted())
})

test('the reference says of every format which ways it goes', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/reference/import.md'), 'utf8')
  const told = [...page.matchAll(/^\| `([a-z-]+)` \| (yes|no) \| (yes|no) \|/gm)].map(([, name, out, back]) => [
    name,
    out,
    back,
  ])
  const [exports, imports] = [exportFormats, importFormats].map(formats => formats.map(({ name }) => name))
  const yes = (names: readonly string[] | undefined, name: string) => (names?.includes(name) === true ? 'yes' : 'no')
  const expected = [...new Set([...(exports ?? []), ...(imports ?? [])])].map(name => [
    name,
    yes(exports, name),
    yes(imports, name),
  ])
  assert.deepEqual(told.toSorted(), expected.toSorted())
})

for (const [layout, exported] of Object.entries(layouts)) {
  describe(`a result in the layout of ${layout}`, () => {
    test('is read back whole and written again as it was', () => {
      fc.assert(
        fc.property(result, one => {
          const text = exported(one)
          const read = exportedResult(JSON.parse(text))
          assert.deepEqual(read, one)
          assert.ok(read !== null && isUnchanged(JSON.parse(text), JSON.parse(exported(read))))
          assert.equal(exported(read), text)
        }),
      )
    })

    test('goes through a run and back, with its status, failures, GPUs of each role and load level', async () => {
      await using folder = await scratch()
      const results = [...new Map(fc.sample(result, { numRuns: 8, seed: 7 }).map(one => [one.point.id, one])).values()]
      const first = await writtenRun(runOf(results), join(folder.path, 'a'), new Date(0))
      const format = layout as keyof typeof layouts
      await exportRun({ folder: first, resultsRoot: folder.path, format, to: join(folder.path, 'once') })
      const imported = await importResults({
        folder: join(folder.path, 'once'),
        resultsRoot: join(folder.path, 'b'),
        name: 'again',
        gpusPerWorker: 1,
      })
      assert.deepEqual(imported.passedOver, [])
      await exportRun({ folder: imported.folder, resultsRoot: folder.path, format, to: join(folder.path, 'twice') })
      assert.deepEqual(await textsUnder(join(folder.path, 'twice')), await textsUnder(join(folder.path, 'once')))
      const byId = (list: readonly PointResult[]) => list.toSorted((a, b) => a.point.id.localeCompare(b.point.id))
      assert.deepEqual(byId((await readRun(imported.folder)).results), byId(results))
    })
  })
}

describe('an import of exports', () => {
  test('reads a file whose figures were changed since as it stands, and says so', async () => {
    await using folder = await scratch()
    const [one] = known
    assert.ok(one !== undefined)
    const summary = JSON.parse(exportAiperf(one)['profile_export_aiperf.json'])
    summary.request_throughput.avg = 12.5
    await writeFile(join(folder.path, 'profile_export_aiperf.json'), JSON.stringify(summary))
    const imported = await importResults({
      folder: folder.path,
      resultsRoot: join(folder.path, 'results'),
      name: 'changed',
      gpusPerWorker: 1,
    })
    const [read] = (await readRun(imported.folder)).results
    assert.equal(read?.measurement?.requestsPerS, 12.5)
    assert.ok(read.findings.some(({ code }) => code === 'export-changed'))
  })

  test('keeps a result of which every request failed as a failed point, and says where path and summary disagree', async () => {
    await using folder = await scratch()
    const fixture = join(import.meta.dirname, '../generators/programs/fixtures/aiperf-ok.profile_export_aiperf.json')
    const text = await readFile(fixture, 'utf8')
    const { aiperf_version, input_config, start_time } = JSON.parse(text)
    const allFailed = {
      ...{ aiperf_version, input_config, start_time },
      error_request_count: { unit: 'requests', avg: 10 },
      error_summary: [{ count: 10, error_details: { code: 503, message: 'no' } }],
    }
    for (const [place, content] of [
      ['c2', text],
      ['c16', JSON.stringify(allFailed)],
    ] as const) {
      await mkdir(join(folder.path, 'agg-x1', place), { recursive: true })
      await writeFile(join(folder.path, 'agg-x1', place, 'profile_export_aiperf.json'), content)
    }
    const imported = await importResults({
      folder: join(folder.path, 'agg-x1'),
      topology: 'agg-x1',
      resultsRoot: join(folder.path, 'results'),
      name: 'mixed',
      gpusPerWorker: 1,
    })
    assert.deepEqual(imported.passedOver, [])
    const { results } = await readRun(imported.folder)
    assert.deepEqual(
      results.map(({ status, measurement }) => [status, measurement?.requests]),
      [
        ['ok', { sent: 10, completed: 10, failed: 0 }],
        ['failed', { sent: 10, completed: 0, failed: 10 }],
      ],
    )
    assert.match(results[1]?.reason ?? '', /none|no request|failed/i)
    assert.ok(results[1]?.findings.some(({ code }) => code === 'imported-path-disagrees'))
  })
})
