import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const sweep = `name: tiny
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [{ aggregated: 1 }, 1P1D]
workloads: [500/48]
load: { concurrency: [2], requests: 4x }
repeats: 2
slo: { ttft_p95_ms: 10000 }
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01 }
`

interface Verified {
  readonly verdict: string
  readonly run: string
  readonly points: readonly {
    readonly promises: readonly { readonly title: string; readonly measured: number | null }[]
  }[]
}

describe('fulcrum tune --write', () => {
  it('writes what verify measures again, into a new folder only', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'tiny.yaml')
    const out = ['--out', join(folder.path, 'results')]
    await writeFile(file, sweep)
    const ran = await fulcrum(['tune', file, ...out, '--write', join(folder.path, 'deploy'), '--json'])
    assert.equal(ran.exitCode, 0, ran.stderr)
    const { folder: run, written } = JSON.parse(ran.stdout)
    assert.deepEqual(written[0].files, ['README.md', 'expected.json'])
    const readme = await readFile(join(folder.path, 'deploy/500-48/README.md'), 'utf8')
    assert.match(readme, /fulcrum verify .*deploy\/500-48/)
    assert.match(readme, /\| Output tokens\/s per GPU \| [-\d.,]+ \| [-\d.,]+ to [-\d.,]+ \|/)

    const again = await fulcrum(['tune', run, '--write', join(folder.path, 'deploy')])
    assert.equal(again.exitCode, 2)
    assert.match(again.stderr, /The folder for --write is not empty/)

    // Nothing of this machine's speed is tested: a tolerance that any measurement stays within.
    const verified = await fulcrum(['verify', join(folder.path, 'deploy'), ...out, '--tolerance', '100000%', '--json'])
    assert.equal(verified.exitCode, 0, verified.stderr + verified.stdout)
    const [one] = JSON.parse(verified.stdout) as Verified[]
    assert.equal(one?.verdict, 'held')
    assert.ok(one.points[0]?.promises.every(({ measured }) => measured !== null))
    assert.equal((await readFile(join(one.run, 'journal.jsonl'), 'utf8')).match(/"type":"point"/g)?.length, 3)
    assert.deepEqual((await readdir(join(folder.path, 'results'))).sort(), ['tiny', 'tiny-verify'])

    const dry = await fulcrum(['verify', join(folder.path, 'deploy'), '--dry-run'])
    assert.equal(dry.exitCode, 0, dry.stderr)
    assert.match(dry.stdout, /agg x1|1P1D/)
  })

  it('writes the points that are named, and refuses others', async () => {
    await using folder = await temporaryFolder()
    const run = 'results/baseline/quick'
    const rows = (await readFile(join(import.meta.dirname, '../..', run, 'report/points.csv'), 'utf8')).split('\n')
    const id = rows[3]?.split(',')[(rows[0] ?? '').split(',').indexOf('point_id')] ?? ''
    const named = await fulcrum(['tune', run, '--write', join(folder.path, 'a'), '--point', id])
    assert.equal(named.exitCode, 0, named.stderr)
    const [workload = ''] = await readdir(join(folder.path, 'a'))
    const expected = JSON.parse(await readFile(join(folder.path, 'a', workload, 'expected.json'), 'utf8'))
    assert.deepEqual(expected.points[0].ids, [id])
    const unknown = await fulcrum(['tune', run, '--write', join(folder.path, 'b'), '--point', 'nope'])
    assert.equal(unknown.exitCode, 2)
    assert.match(unknown.stderr, /no valid point nope/)
    const without = await fulcrum(['tune', run, '--point', id])
    assert.equal(without.exitCode, 2)
    assert.match(without.stderr, /--point needs --write DIR/)
  })
})

describe('fulcrum verify', () => {
  for (const [what, more] of [
    ['a sweep', ''],
    ['a sweep with variants', 'variants: { first: {}, second: { deploy: { router: least-loaded } } }\n'],
  ] as const) {
    it(`measures the endpoint at a URL, and nothing else, for ${what}`, async () => {
      await using folder = await temporaryFolder()
      const file = join(folder.path, 'tiny.yaml')
      const out = ['--out', join(folder.path, 'results')]
      await writeFile(file, `${sweep}${more}`)
      const deploy = join(folder.path, 'deploy')
      const ran = await fulcrum(['tune', file, ...out, '--write', deploy])
      assert.equal(ran.exitCode, 0, ran.stderr)
      // Nobody listens there, so nothing can be measured.
      const dead = await fulcrum(['verify', deploy, 'http://127.0.0.1:1', ...out, '--json'])
      assert.equal(dead.exitCode, 3, dead.stderr)
      const [one] = JSON.parse(dead.stdout) as Verified[]
      assert.equal(one?.verdict, 'undecided')
      assert.ok(one.points[0]?.promises.every(({ measured }) => measured === null))
      const wrong = await fulcrum(['verify', deploy, 'not-a-url', '--out', join(folder.path, 'none')])
      assert.equal(wrong.exitCode, 2)
      assert.match(wrong.stderr, /^fulcrum: Invalid URL: it does not start with http/)
      assert.ok(!(await readdir(folder.path)).includes('none'))
    })
  }

  it('refuses a folder without expectations, and a tolerance that is none', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'empty'))
    const nothing = await fulcrum(['verify', join(folder.path, 'empty')])
    assert.equal(nothing.exitCode, 2)
    assert.match(nothing.stderr, /No expected\.json in /)
    const tolerance = await fulcrum(['verify', folder.path, '--tolerance', 'some'])
    assert.equal(tolerance.exitCode, 2)
    assert.match(tolerance.stderr, /Use a percentage above 0, such as 10%/)
  })
})
