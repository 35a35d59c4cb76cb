import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Axis, combinations, cross } from '../../src/spec/axes/axis.ts'
import { workloadAxes } from '../../src/spec/axes/index.ts'
import type { WorkloadDraft } from '../../src/spec/axes/workload-draft.ts'
import { readWorkloads } from '../../src/spec/sections/workloads.ts'
import { filesOf, problems, read, sweepText } from './sweep-text.ts'

const axisOver = (key: string, values: readonly number[]): Axis<{ readonly [key: string]: number }> => ({
  name: key,
  values: draft => values.map(value => ({ ...draft, [key]: value })),
  count: () => values.length,
})

describe('crossing axes', () => {
  const lists = fc.array(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 4 }), { maxLength: 4 })

  test('gives each combination of values once', () => {
    fc.assert(
      fc.property(lists, values => {
        const crossed = [
          ...cross(
            values.map((list, i) => axisOver(`axis ${i}`, list)),
            {},
          ),
        ]
        assert.equal(
          crossed.length,
          values.reduce((product, { length }) => product * length, 1),
        )
        assert.equal(new Set(crossed.map(draft => JSON.stringify(draft))).size, crossed.length)
      }),
    )
  })

  test('is counted without making the values of the last axis', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 1e9 }), (values, many) => {
        const last: Axis<{ readonly [key: string]: number }> = {
          name: 'last',
          values: () => assert.fail('the last axis was walked'),
          count: () => many,
        }
        const axes = values.map((list, i) => axisOver(`axis ${i}`, list))
        assert.equal(combinations([...axes, last], {}), many * combinations(axes, {}))
      }),
    )
  })

  test('changes the last axis fastest', () => {
    const crossed = [...cross([axisOver('a', [1, 2]), axisOver('b', [3, 4])], {})]
    assert.deepEqual(crossed, [
      { a: 1, b: 3 },
      { a: 1, b: 4 },
      { a: 2, b: 3 },
      { a: 2, b: 4 },
    ])
  })
})

describe('an axis of workloads', () => {
  const context = { report: () => assert.fail('nothing is wrong'), folder: '/', files: filesOf({}) }

  /** One file and one line in the registry are all that a new axis needs; here the line is the argument. */
  const doubledOsl: Axis<WorkloadDraft> = {
    name: 'doubled-osl',
    values: draft => [
      draft,
      { entry: { ...draft.entry, osl: Number(draft.entry.osl) * 2 }, marks: [...draft.marks, 'doubled'] },
    ],
    count: () => 2,
  }

  test('that is made up is crossed with the registered ones', () => {
    const raw = [{ isl: 1000, osl: 100, prefix: { share: [0, 0.5], count: 4 } }]
    const placed = readWorkloads(raw, context, [...workloadAxes, doubledOsl])
    assert.deepEqual(
      placed.map(({ workload: { name, osl, prefix } }) => [name, osl.kind === 'fixed' && osl.tokens, prefix?.share]),
      [
        ['1000/100 prefix 0%', 100, 0],
        ['1000/200 prefix 0% doubled', 200, 0],
        ['1000/100 prefix 50%', 100, 0.5],
        ['1000/200 prefix 50% doubled', 200, 0.5],
      ],
    )
  })

  test('gives each share of a common prefix its own workload, with the id of the same share alone', async () => {
    const idsOf = async (share: string) => {
      const sweep = await read(
        sweepText({ workloads: `[{ isl: 1000, osl: 100, prefix: { share: ${share}, count: 8 } }]` }),
      )
      return sweep.workloads.map(({ name: _, ...content }) => JSON.stringify(content))
    }
    assert.deepEqual(await idsOf('[0.25, 0.9]'), [...(await idsOf('0.25')), ...(await idsOf('0.9'))])
  })

  test('keeps a name that was written and tells its values apart by a mark', async () => {
    const sweep = await read(
      sweepText({ workloads: '[{ name: chat, isl: 1000, osl: 100, prefix: { share: [0.125, 0.9] } }, 8000/256]' }),
    )
    assert.deepEqual(
      sweep.workloads.map(({ name }) => name),
      ['chat prefix 12.5%', 'chat prefix 90%', '8000/256'],
    )
  })

  test('that lists a value twice is told at its entry', async () => {
    const found = await problems(sweepText({ workloads: '[{ isl: 1000, osl: 100, prefix: { share: [0.5, 0.5] } }]' }))
    assert.deepEqual(found, [
      '5:13: workloads[0] repeats the workload "1000/100 prefix 50%"; remove it, or write repeats: … to measure each point several times',
    ])
  })

  test('keeps what is wrong with a later workload at its own entry', async () => {
    const found = await problems(
      sweepText({
        engine: '{ all: { max_seq_len: 2000 } }',
        workloads: '[{ isl: 1000, osl: 100, prefix: { share: [0, 0.5] } }, 8000/256]',
      }),
    )
    assert.ok(found.length > 0)
    for (const line of found) assert.match(line, /^5:67: 8000\/256 needs/)
  })
})
