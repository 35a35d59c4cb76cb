// Test part: unit

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../src/analysis/analyse.ts'
import { frontierOf, frontierOnFewestGpus } from '../../src/analysis/frontier.ts'
import { mostRuns, overlayOf, partsByVariant } from '../../src/analysis/overlay/overlay.ts'
import type { Run } from '../../src/journal/run.ts'
import { figures } from '../../src/metrics/figures/index.ts'
import { loadOverlayAssets, overlayHtml } from '../../src/render/html/overlay-page.ts'
import { dark, fontStack, light, shapes } from '../../src/render/html/theme.ts'
import { packed, unpacked } from '../../src/render/page/overlay/data.ts'
import { modelOf } from '../../src/render/page/overlay/model.ts'
import { overlayCsv, shownCount, shownFrontier, shownPoints, standingAt } from '../../src/render/page/overlay/rows.ts'
import { framed, mixed, sceneOf, svgOf } from '../../src/render/page/overlay/scene.ts'
import { type Choice, cautions, select, selector } from '../../src/render/page/overlay/selection.ts'
import { rangeOf } from '../../src/render/page/range.ts'
import { overlayData } from '../../src/render/views/overlay.ts'
import { overlaySummary } from '../../src/render/views/overlay-summary.ts'
import { noisyRun } from './noisy-run.ts'
import { parseCsv } from './parse-csv.ts'
import { aggregated, disaggregated, failed, invalid, syntheticRun } from './synthetic-run.ts'

const x = 'output_tokens_per_s_per_user'
const y = 'output_tokens_per_s_per_gpu'
const usual: Choice = { x, y, logX: false, logY: false, hidden: [], workloads: ['8000/256'], facets: {} }
const options = { topologies: [aggregated(2), disaggregated(1, 1), disaggregated(2, 1)], slo: {} }

const overlayOfRuns = (...runs: readonly Run[]) => overlayOf(runs.map((run, i) => ({ label: `run ${i + 1}`, run })))
const modelOfRuns = (...runs: readonly Run[]) => modelOf(overlayData(overlayOfRuns(...runs)))
const everything = (values: readonly number[]) => rangeOf(values, false)
const wholeWindow = (selection: ReturnType<typeof select>) => ({
  x: everything(selection.placed.map(i => selection.xs[i] ?? 0)),
  y: everything(selection.placed.map(i => selection.ys[i] ?? 0)),
})

test('the frontiers of an overlay are those of each run’s own report', () => {
  const runs = [syntheticRun(options), noisyRun(options, { seed: 3, noise: 0.1 })]
  const model = modelOfRuns(...runs)
  const { groups } = select(model, { ...usual, workloads: null })
  for (const [at, run] of runs.entries())
    for (const { name, frontier } of analyse(run).workloads) {
      const group = groups.find(one => one.run === at && model.data.workloads[one.workload] === name)
      const ids = frontier.map(point => point.repeats[0]?.point.id)
      assert.deepEqual(
        group?.frontier.map(i => model.ids[i]),
        ids,
      )
    }
})

test('invalid and failed points, and points that miss their SLO, are never part of a frontier', () => {
  const run = syntheticRun({
    ...options,
    slo: { itlP95Ms: 10 },
    change: (result, index) => (index % 5 === 0 ? invalid(result) : index % 7 === 0 ? failed(result, 'ended') : result),
  })
  const model = modelOfRuns(run)
  const selection = select(model, { ...usual, workloads: null })
  assert.ok(selection.groups.some(({ frontier }) => frontier.length > 0))
  for (const i of selection.groups.flatMap(({ frontier }) => frontier)) {
    assert.equal(model.status[i], 0)
    assert.notEqual(model.slo[i], 2)
  }
  const words = Array.from({ length: model.length }, (_, i) => standingAt(model, selection, i))
  for (const word of ['invalid: the client was late', 'failed: ended', 'misses its SLO', 'on the frontier'])
    assert.ok(words.includes(word), word)
})

test('invalid points have a place in the picture, failed ones a row in the table', () => {
  const change = (result: Run['results'][number], index: number) =>
    index === 0 ? invalid(result) : index === 1 ? failed(result, 'ended') : result
  const model = modelOfRuns(syntheticRun({ ...options, change }))
  const selection = select(model, usual)
  assert.ok(selection.placed.includes(0))
  assert.deepEqual(selection.unplaced, [1])
  assert.ok(shownPoints(model, selection, wholeWindow(selection)).includes(1))
})

test('equal names of different workloads share no frontier, and different names of one workload do', () => {
  const renamed = (name: string, tokens: number) => {
    const run = syntheticRun({ ...options, workloads: [[tokens, 100]] })
    const results = run.results.map(result => ({
      ...result,
      point: { ...result.point, workload: { ...result.point.workload, name } },
    }))
    return { ...run, results }
  }
  const { workloads } = overlayOfRuns(renamed('chat', 1000), renamed('chat', 2000), renamed('talk', 1000))
  assert.deepEqual(workloads, ['chat', 'chat (2)'])
})

test('figures of another measurement window are told apart and share no frontier', () => {
  const run = syntheticRun(options)
  const steady = {
    ...run,
    results: run.results.map(result =>
      result.measurement === null
        ? result
        : { ...result, measurement: { ...result.measurement, window: 'steady' as const } },
    ),
  }
  const model = modelOfRuns(run, steady)
  const selection = select(model, usual)
  assert.equal(new Set(selection.groups.map(({ kind }) => kind)).size, 2)
  const said = cautions(model, selection).join(' ')
  assert.match(said, /run 1: window whole, chat, streamed; run 2: window steady, chat, streamed/)
  assert.match(said, /under other conditions than run 1: run 2 \(measurement window\)/)
})

test('runs on another host are named, and nothing is said of runs under equal conditions', () => {
  const run = syntheticRun(options)
  const elsewhere = { ...run, manifest: { ...run.manifest, host: { ...run.manifest.host, name: 'other' } } }
  const model = modelOfRuns(run, run, elsewhere)
  assert.deepEqual(
    model.data.runs.map(({ conditions }) => conditions),
    [[], [], ['host']],
  )
  assert.deepEqual(cautions(model, select(model, { ...usual, hidden: ['run 3'] })), [])
  assert.match(cautions(model, select(model, usual)).join(), /run 3 \(host\)/)
})

test('a run without all of its results is named, and one whose search left points out is not', () => {
  const run = syntheticRun(options)
  const short = { ...run, results: run.results.slice(0, 20) }
  const model = modelOfRuns(run, short)
  assert.match(cautions(model, select(model, usual)).join(), /Not complete.*: run 2 \(4 points have no result\)/)
  const { missing } = overlayOf([{ label: 'a', run }]).runs[0] ?? assert.fail('no run')
  assert.equal(missing, 0)
})

test('points are chosen by variant and GPU type where runs carry them, observed or told', () => {
  const unknown = {
    ...{ worker: null, role: null, energyJ: null, energyErrorJ: null, energyFrom: null, powerMeanW: null },
    ...{ powerLimitW: null, utilization: null, smActive: null, memoryMaxMib: null, memoryTotalMib: null },
    ...{ smClockMhz: null, temperatureMaxC: null, throttled: null, pcieBytesPerS: null, nvlinkBytesPerS: null },
    strangers: null,
  }
  const seen = (model: string | null) => ({ ...unknown, id: 'GPU-1', name: 'gpu 0', model })
  const gpus = [seen('H100'), seen(null), seen('H100')]
  const telemetry = { gpus: { source: 'nvml', gpus, energyJ: null, energyErrorJ: null } }
  const run = syntheticRun(options)
  const results = run.results.map((result, i) => {
    const { measurement, point } = result
    const deployment = i % 2 === 0 ? { ...point.deployment, variant: 'kv' } : point.deployment
    return {
      ...result,
      point: { ...point, deployment },
      measurement: measurement && { ...measurement, ...(i < 8 ? telemetry : { gpuModels: ['H200'] }) },
    }
  })
  const model = modelOfRuns({ ...run, results })
  const values = (facet: string) => model.data.facets.find(({ name }) => name === facet)?.values
  assert.deepEqual(
    [values('variant'), values('gpu')],
    [
      ['kv', ''],
      ['H100', 'H200'],
    ],
  )
  const { placed } = select(model, { ...usual, workloads: null, facets: { variant: ['kv'], gpu: ['H100'] } })
  assert.deepEqual(placed, [0, 2, 4, 6])
})

test('each variant of a run has frontiers of its own where that is asked for', () => {
  const run = syntheticRun(options)
  const results = run.results.map((result, i) => {
    const { point } = result
    return i % 3 === 0
      ? result
      : { ...result, point: { ...point, deployment: { ...point.deployment, variant: `v${i % 3}` } } }
  })
  const whole = { ...run, results: results.slice(0, 22) }
  const parts = partsByVariant({ label: 'arms', run: whole })
  const { runs } = overlayOf(parts)
  assert.deepEqual(
    runs.map(({ label, points, missing, differences }) => [label, points.length, missing, differences.length]),
    [
      ['arms · no variant', 8, 2, 0],
      ['arms · v1', 7, 2, 0],
      ['arms · v2', 7, 2, 0],
    ],
  )
  assert.deepEqual(partsByVariant({ label: 'one', run }), [{ label: 'one', run }])
})

test('several workloads in one picture get a warning and a frontier each', () => {
  const model = modelOfRuns(syntheticRun(options))
  const selection = select(model, { ...usual, workloads: null })
  assert.equal(selection.groups.length, 2)
  assert.match(cautions(model, selection).join(), /2 workloads are shown/)
})

test('an axis without figures is not available, and never 0', () => {
  const { axes } = overlayOfRuns(syntheticRun(options))
  const power = axes.find(({ name }) => name === 'output_tokens_per_s_per_mw')
  assert.equal(power?.available, false)
  assert.equal(axes.find(({ name }) => name === y)?.available, true)
  const model = modelOfRuns(syntheticRun(options))
  assert.equal(model.figures.has('output_tokens_per_s_per_mw'), false)
  const selection = select(model, { ...usual, x: 'output_tokens_per_s_per_mw' })
  assert.deepEqual(selection.placed, [])
  assert.equal(selection.unplaced.length, 12)
})

test('an axis appears when the registry gets its figure', () => {
  const cost = {
    name: 'cost_per_million_output_tokens',
    title: 'Cost per million output tokens',
    unit: 'ms',
    better: 'lower',
    of: () => 0.4,
  } as const
  const overlay = overlayOf(
    [{ label: 'a', run: syntheticRun(options) }],
    [...figures.filter(({ name }) => name !== cost.name), cost],
  )
  assert.equal(overlay.axes.find(({ name }) => name === cost.name)?.available, true)
  assert.deepEqual(new Set(overlayData(overlay).points.figures[cost.name]), new Set([0.4]))
})

test('where less is better, a frontier ends at less', () => {
  const model = modelOfRuns(syntheticRun(options))
  const selection = select(model, { ...usual, x: 'ttft_p95_ms' })
  const [group] = selection.groups
  for (const i of group?.frontier ?? [])
    for (const j of selection.placed) {
      const [xi = 0, yi = 0, xj = 0, yj = 0] = [selection.xs[i], selection.ys[i], selection.xs[j], selection.ys[j]]
      assert.ok(!(xj <= xi && yj >= yi && (xj < xi || yj > yi)))
    }
  assert.ok((group?.frontier.length ?? 0) > 1)
})

test('a filter leaves only points with a chosen value, and a hidden run none of its own', () => {
  const model = modelOfRuns(syntheticRun(options), syntheticRun(options))
  const { placed } = select(model, { ...usual, hidden: ['run 1'], facets: { topology: ['1P1D'] } })
  assert.equal(placed.length, 4)
  const topology = model.data.facets.findIndex(({ name }) => name === 'topology')
  for (const i of placed) {
    assert.equal(model.run[i], 1)
    assert.equal(model.data.facets[topology]?.values[model.facets[topology]?.[i] ?? 0], '1P1D')
  }
})

test('frontiers that are remembered are those that would be computed', () => {
  const model = modelOfRuns(syntheticRun(options), noisyRun(options, { seed: 1 }), noisyRun(options, { seed: 2 }))
  const again = selector(model)
  const choices = fc.record({
    ...{ x: fc.constantFrom(x, 'ttft_p95_ms', 'ttft_p50_ms'), y: fc.constantFrom(y, 'request_latency_p95_ms') },
    ...{ logX: fc.boolean(), logY: fc.boolean() },
    hidden: fc.subarray(['run 1', 'run 2', 'run 3']),
    workloads: fc.constantFrom(null, ['8000/256'], ['1000/1000'], []),
    facets: fc.constantFrom({}, { topology: ['1P1D', 'agg x2'] }, { topology: [] }),
  })
  fc.assert(fc.property(choices, choice => assert.deepEqual(again(choice), select(model, choice))))
})

test('the CSV has each shown point once, with its figures', () => {
  const change = (result: Run['results'][number], index: number) => (index === 2 ? failed(result, '=1+1') : result)
  const model = modelOfRuns(syntheticRun({ ...options, repeats: 2 }), syntheticRun({ ...options, change }))
  const selection = select(model, usual)
  const window = wholeWindow(selection)
  const shown = shownPoints(model, selection, window)
  assert.equal(shown.length, shownCount(selection, window))
  const rows = parseCsv(overlayCsv(model, selection, shown))
  assert.equal(rows.length, 24)
  assert.deepEqual(
    rows.map(row => row.point_ids),
    shown.map(i => model.ids[i]),
  )
  const onFrontier = rows.filter(row => row.on_frontier === 'true').map(row => row.point_ids)
  assert.deepEqual(
    onFrontier,
    shownFrontier(model, selection, window).map(i => model.ids[i]),
  )
  const bad = rows.find(row => row.status === 'failed')
  assert.equal(bad?.reason, "'=1+1")
  assert.equal(bad?.[x], '')
  assert.equal(rows[0]?.repeats, '2')
})

test('a smaller window shows fewer points, and those without a place stay', () => {
  const change = (result: Run['results'][number], index: number) => (index === 2 ? failed(result, 'ended') : result)
  const model = modelOfRuns(syntheticRun({ ...options, change }))
  const selection = select(model, usual)
  const nothing = { x: { min: -2, max: -1, log: false }, y: { min: -2, max: -1, log: false } }
  assert.deepEqual(shownPoints(model, selection, nothing), [2])
})

test('whole numbers survive the shorter form of a column', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3)), values => {
      assert.deepEqual([...unpacked(packed(values), values.length)], values)
    }),
  )
})

test('of equal places the one on the fewest GPUs is on the frontier, as if every pair were looked at', () => {
  const place = fc.record({
    x: fc.integer({ min: -1000, max: 1000 }),
    y: fc.integer({ min: -1000, max: 1000 }),
    gpus: fc.integer({ min: 1, max: 3 }),
  })
  const near = (a: number, b: number) => Math.abs(a - b) <= 0.001 * Math.abs(b)
  fc.assert(
    fc.property(fc.array(place, { maxLength: 60 }), places => {
      const all = frontierOf(places)
      const slow = all.filter(
        one => !all.some(other => other.gpus < one.gpus && near(other.x, one.x) && near(other.y, one.y)),
      )
      assert.deepEqual(frontierOnFewestGpus(places), slow)
    }),
  )
})

const look = { ...light, shapes, font: fontStack }

test('the SVG has a mark for every point in the window, and text as text', () => {
  const model = modelOfRuns(syntheticRun(options))
  const selection = select(model, usual)
  const scene = sceneOf(model, selection, {
    window: wholeWindow(selection),
    size: { width: 800, height: 450 },
    look,
    axes: { x: 'x', y: 'y' },
  })
  const hostile = '<script>alert(1)</script>&"\u0007'
  const frame = { title: hostile, subtitle: '', legend: [{ run: 0, text: hostile }], notes: [hostile.repeat(30)] }
  const svg = svgOf(framed(scene, frame, look), look)
  assert.equal(svg.match(/<use href="#m\d+" x/g)?.length, selection.placed.length + 1)
  assert.doesNotMatch(svg, /<script|\u0007/)
  assert.match(svg, /&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;/)
  assert.equal(svg.match(/<polyline [^>]*stroke="#0b62a4"/g)?.length, 1)
})

test('frontiers of several workloads are named in the picture, and one workload is not', () => {
  const model = modelOfRuns(syntheticRun(options))
  const namesOf = (workloads: Choice['workloads']) => {
    const selection = select(model, { ...usual, workloads })
    const input = { window: wholeWindow(selection), size: { width: 800, height: 450 }, look, axes: { x: 'x', y: 'y' } }
    return sceneOf(model, selection, input).texts.flatMap(({ text, bold }) => (bold ? [text] : []))
  }
  assert.deepEqual(namesOf(null), ['8000/256', '1000/1000'])
  assert.deepEqual(namesOf(['8000/256']), [])
})

test('a colour at an opacity lies between colour and paper', () => {
  assert.equal(mixed('#000000', '#ffffff', 0.5), '#808080')
  assert.equal(mixed(light.accent, light.paper, 1), light.accent)
  assert.equal(mixed(dark.accent, dark.paper, 0), dark.paper)
})

test('names from outside are text in the page', async () => {
  const run = syntheticRun({ ...options, model: '</script><img src=x onerror=alert(1)>', sweep: '<b>sweep</b>' })
  const overlay = overlayOf([{ label: '<i>label</i>', run }])
  const page = overlayHtml(overlay, await loadOverlayAssets(), { title: '<u>title</u>' })
  assert.doesNotMatch(page, /<img|<b>sweep|<i>label|<u>title/)
})

test('no run, too many runs and two runs of one label are refused', () => {
  const run = syntheticRun(options)
  assert.throws(() => overlayOf([]), { code: 'too-many-runs' })
  const many = Array.from({ length: mostRuns + 1 }, (_, i) => ({ label: String(i), run }))
  assert.throws(() => overlayOf(many), { code: 'too-many-runs' })
  assert.throws(
    () =>
      overlayOf([
        { label: 'a', run },
        { label: 'a', run },
      ]),
    { code: 'same-label' },
  )
})

test('the summary has a line for each workload of each run, and names what is not available', () => {
  const other = syntheticRun({ ...options, workloads: [[500, 50]] })
  const { rows, notAvailable } = overlaySummary(overlayOfRuns(syntheticRun(options), other))
  assert.deepEqual(
    rows.map(({ workload, label, points }) => [workload, label, points]),
    [
      ['8000/256', 'run 1', 12],
      ['1000/1000', 'run 1', 12],
      ['500/50', 'run 2', 12],
    ],
  )
  assert.ok(notAvailable.some(title => title.startsWith('Output tokens/s per MW')))
})
