import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { compile, type TopLevelSpec } from 'vega-lite'
import { compiledChart } from '../../src/render/html/compiled-charts.ts'

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'fulcrum-charts-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

function counting() {
  const compiler = {
    version: '1',
    count: 0,
    compile(spec: object): object {
      compiler.count += 1
      return compile(spec as TopLevelSpec).spec
    },
  }
  return compiler
}

const layered = (points: readonly object[], slo: readonly object[]): TopLevelSpec => ({
  data: { name: 'points', values: [...points] },
  layer: [
    { mark: 'line', encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } } },
    { data: { values: [...slo] }, mark: 'rule', encoding: { y: { field: 'y', type: 'quantitative' } } },
  ],
})

const first = layered([{ x: 1, y: 2 }], [{ y: 5 }])

/** As a page has it: without `undefined`, and without the getters of Vega-Lite's own classes. */
const plain = (spec: object): object => JSON.parse(JSON.stringify(spec)) as object

describe('compiled charts', () => {
  test('are what Vega-Lite compiles, with the data of each', async () => {
    await using folder = await temporaryFolder()
    for (const spec of [
      first,
      layered(
        [
          { x: 3, y: 4 },
          { x: 5, y: 6 },
        ],
        [],
      ),
      { ...first, width: 300 },
      { ...first, title: 'Latency' },
      { ...first, title: { text: 'Latency', subtitle: 'workload 1000/100' } },
      { ...first, title: { text: ['Latency', 'by load'], anchor: 'start' as const } },
    ])
      for (const time of ['compiled', 'kept'])
        assert.deepEqual(plain(compiledChart(spec, counting(), folder.path)), plain(compile(spec).spec), time)
  })

  test('are compiled once for all data and titles, and again by another version', async () => {
    await using folder = await temporaryFolder()
    const compiler = counting()
    compiledChart(first, compiler, folder.path)
    compiledChart(layered([{ x: 3, y: 4 }], [{ y: 6 }]), compiler, folder.path)
    assert.equal(compiler.count, 1)
    for (const workload of ['1000/100', '2000/100'])
      compiledChart({ ...first, width: 300, title: { text: 'Latency', subtitle: workload } }, compiler, folder.path)
    assert.equal(compiler.count, 2)
    compiledChart(first, { ...compiler, version: '2', compile: spec => compiler.compile(spec) }, folder.path)
    assert.equal(compiler.count, 3)
  })

  test('are compiled each time without a folder', () => {
    const compiler = counting()
    compiledChart(first, compiler, null)
    compiledChart(first, compiler, null)
    assert.equal(compiler.count, 2)
  })

  test('are compiled where nothing can be kept', () => {
    assert.deepEqual(plain(compiledChart(first, counting(), '/proc/none')), plain(compile(first).spec))
  })

  test('take no more than 200 files', async () => {
    await using folder = await temporaryFolder()
    const compiler = { version: '1', compile: (spec: object) => spec }
    for (let width = 0; width < 210; width++) compiledChart({ width }, compiler, folder.path)
    assert.equal((await readdir(folder.path)).length, 200)
  })
})
