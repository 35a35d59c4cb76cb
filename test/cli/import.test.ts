import assert from 'node:assert/strict'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { readRun } from '../../src/journal/index.ts'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const fixtures = join(repository, 'test/generators/programs/fixtures')

/** Puts a file that a real program wrote where that program would have. */
async function place(fixture: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await copyFile(join(fixtures, fixture), path)
}

describe('fulcrum import', () => {
  test('makes a run of results of both programs, told apart by topology, that compare reads', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'artifacts')
    await place('genai-perf-ok.profile_export_genai_perf.json', join(from, '2P1D/c2/profile_export_genai_perf.json'))
    await place('aiperf-ok.profile_export_aiperf.json', join(from, 'agg-x2/a/profile_export_aiperf.json'))
    await place('aiperf-fifth-failed.profile_export_aiperf.json', join(from, 'agg-x2/b/profile_export_aiperf.json'))
    for (const phase of ['warmup', 'profiling'])
      await place(
        'aiperf-ok.profile_export_aiperf.json',
        join(from, `agg-x2/a/phases/${phase}/profile_export_aiperf.json`),
      )
    await writeFile(join(from, 'agg-x2/profile_export_aiperf.json'), '{"torn":')
    const out = join(folder.path, 'results')
    const { stdout, exitCode, stderr } = await fulcrum([
      'import',
      from,
      '--gpus-per-worker',
      '4',
      '--out',
      out,
      '--json',
    ])
    assert.equal(exitCode, 0, stderr)
    const imported = JSON.parse(stdout)
    assert.equal(imported.points, 3)
    assert.deepEqual(
      imported.passedOver.map((one: { file: string }) => one.file),
      ['agg-x2/profile_export_aiperf.json'],
    )
    const run = await readRun(imported.folder)
    assert.deepEqual(
      run.results.map(({ point, status }) => [point.generator, point.repeat, status]),
      [
        ['genai-perf', 1, 'ok'],
        ['aiperf', 1, 'ok'],
        ['aiperf', 2, 'invalid'],
      ],
    )
    assert.equal(run.ended?.outcome, 'complete')
    assert.equal(run.manifest.versions.aiperf, '0.13.0')
    assert.deepEqual(
      imported.unusable.map(({ point, status, reason }: Record<string, string>) => [point, status, reason]),
      [
        [
          'agg x2, 128/8, concurrency 2 (repeat 2)',
          'invalid',
          '2 of 10 requests failed (20%, limit 1%: validity.error_share); most often http-status (2): 500 Internal Server Error out of memory',
        ],
      ],
    )
    const compared = await fulcrum(['compare', imported.folder, imported.folder, '--json'])
    assert.equal(JSON.parse(compared.stdout).points.length, 2)
  })

  test('holds results against the objectives that are given, and tells a mistake in one', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'artifacts')
    await place('aiperf-ok.profile_export_aiperf.json', join(from, 'agg-x2/profile_export_aiperf.json'))
    const imported = (...slo: string[]) =>
      fulcrum(['import', from, '--gpus-per-worker', '4', '--out', join(folder.path, 'results'), '--json', ...slo])
    const { stdout } = await imported('--slo', 'ttft_p95_ms=2000', '--slo', 'itl_p95_ms=25.5')
    const { folder: runFolder } = JSON.parse(stdout)
    const { results, manifest } = await readRun(runFolder)
    assert.deepEqual(results[0]?.point.slo, { ttftP95Ms: 2000, itlP95Ms: 25.5 })
    assert.deepEqual(manifest.command.slice(-4), ['--slo', 'ttft_p95_ms=2000', '--slo', 'itl_p95_ms=25.5'])
    const wrong = await imported('--slo', 'ttft=2s')
    assert.equal(wrong.exitCode, 2)
    assert.match(JSON.parse(wrong.stdout).error.remedy, /ttft_p95_ms=N/)
  })

  test('says what is missing where nothing names the topology, and takes one that is given', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'artifacts')
    await place('genai-perf-ok.profile_export_genai_perf.json', join(from, 'profile_export_genai_perf.json'))
    const args = ['import', from, '--gpus-per-worker', '1', '--out', join(folder.path, 'results')]
    const without = await fulcrum(args)
    assert.equal(without.exitCode, 2)
    assert.match(without.stderr, /does not name a topology/)
    assert.equal((await fulcrum([...args, '--topology', 'agg-x1'])).exitCode, 0)
  })

  test('takes a folder without results for a mistake', async () => {
    await using folder = await temporaryFolder()
    const { stderr, exitCode } = await fulcrum(['import', folder.path, '--gpus-per-worker', '1'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /No results in/)
  })
})
