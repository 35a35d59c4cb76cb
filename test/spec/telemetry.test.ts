// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { problems, read, sweepText } from './sweep-text.ts'

const sweepWith = (telemetry: string) => sweepText({ telemetry })

describe('the telemetry section', () => {
  test('absent, pages are those that the deployer finds', async () => {
    assert.deepEqual((await read(sweepText())).telemetry, { gpus: 'auto', workers: 'auto' })
  })

  test('a URL without a path is a page at /metrics', async () => {
    const { telemetry } = await read(sweepWith('{ workers: [http://10.0.0.5:9090] }'))
    assert.deepEqual(telemetry, { gpus: 'auto', workers: [{ url: 'http://10.0.0.5:9090/metrics' }] })
  })

  test('a page may come with the role of its worker', async () => {
    const { telemetry } = await read(sweepWith('{ workers: [{ url: http://a:1/m, role: prefill }, http://b:1/m] }'))
    assert.deepEqual(telemetry, {
      gpus: 'auto',
      workers: [{ url: 'http://a:1/m', role: 'prefill' }, { url: 'http://b:1/m' }],
    })
  })

  test('GPUs are not sampled with "off" or false, which a bare off is told to become', async () => {
    for (const off of ['"off"', 'false'])
      assert.equal((await read(sweepWith(`{ gpus: ${off} }`))).telemetry.gpus, 'off')
    assert.match((await problems(sweepWith('{ gpus: off }'))).join(), /write false, or "off" in quotes/)
    assert.match((await problems(sweepWith('{ gpus: true }'))).join(), /write auto, "off", or/)
  })

  test('it changes no ids', async () => {
    const [without, withPages] = [await read(sweepText()), await read(sweepWith('{ workers: [http://a:1] }'))]
    assert.deepEqual(
      withPages.deployments.map(({ id }) => id),
      without.deployments.map(({ id }) => id),
    )
  })
})

describe('mistakes in the telemetry section', () => {
  const cases: readonly (readonly [name: string, telemetry: string, problem: RegExp])[] = [
    [
      'the same page twice',
      '{ workers: [http://a:1/metrics, http://a:1] }',
      /^7:\d+: .*workers\[0\].*same URL; remove/,
    ],
    ['no URL', '{ workers: [a:1] }', /^7:\d+: telemetry\.workers\[0\] .*; write/],
    ['an empty list', '{ workers: [] }', /^7:\d+: telemetry\.workers/],
    ['a role that does not exist', '{ workers: [{ url: http://a:1, role: decoder }] }', /^7:\d+: .*role.*decode/],
    ['a password', '{ workers: ["http://me:secret@a:1/metrics"] }', /^7:\d+: the URL contains a user name.*stored/],
    ['a token', '{ workers: ["http://a:1/metrics?token=x"] }', /^7:\d+: the URL contains .*a token.*stored/],
    ['a key that does not exist', '{ worker: [http://a:1] }', /^7:\d+: .*worker.*workers/],
  ]
  for (const [name, telemetry, problem] of cases) {
    test(name, async () => {
      const found = await problems(sweepWith(telemetry))
      assert.match(found[0] ?? 'no problem', problem)
      assert.equal(found.length, 1, found.join('\n'))
    })
  }
})

describe('the GPUs of roles', () => {
  const named = (topologies: string, devices: string) =>
    problems(sweepText({ topologies, telemetry: `{ gpus: { devices: ${devices} } }` }))

  test('are those of the roles that the sweep has', async () => {
    assert.deepEqual(await named('[1P1D]', '{ prefill: [0], decode: [1] }'), [])
    assert.deepEqual(await named('[agg x2]', '{ aggregated: [0, 1] }'), [])
    assert.match(
      (await named('[1P1D]', '{ aggregated: [0], prefill: [1], decode: [2] }')).join(),
      /no topology has agg/,
    )
    assert.match(
      (await named('[agg x2]', '{ decode: [0, 1] }')).join(),
      /no topology has decode workers; name the GPUs/,
    )
  })

  test('are named for every role, because a part of them says nothing of the others', async () => {
    assert.match(
      (await named('[1P1D]', '{ prefill: [0, 1] }')).join(),
      /the GPUs of decode workers are missing; add decode/,
    )
  })

  test('may be the same in an aggregated and a disaggregated deployment, but not twice in one', async () => {
    assert.deepEqual(await named('[agg x2, 1P1D]', '{ prefill: [0], decode: [1], aggregated: [0, 1] }'), [])
    for (const devices of ['{ prefill: [0], decode: [0] }', '{ prefill: [0, 0], decode: [1] }'])
      assert.match((await named('[1P1D]', devices)).join(), /GPU 0 is named twice; name each GPU once, by its UUID/)
  })
})
