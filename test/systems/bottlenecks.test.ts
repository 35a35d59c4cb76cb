import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { knownCases } from '../../bench/tune/cases.ts'
import { diagnosisOf } from '../../bench/tune/diagnosis.ts'
import { noCluster, startTuneCluster, type TuneCluster } from '../../bench/tune/kubernetes.ts'

describe('known bottlenecks of a graph in a cluster', { skip: noCluster() }, () => {
  let cluster: TuneCluster
  let folder: string
  before(async () => {
    cluster = await startTuneCluster()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-bottlenecks-'))
    process.env.FULCRUM_STATE_DIR = join(folder, 'state')
  })
  after(async () => {
    await cluster?.[Symbol.asyncDispose]()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  // The other kinds take longer: docs/bench/tune.md.
  for (const name of ['m-decode-slots', 'm-kv-decode']) {
    const known = knownCases.find(one => one.name === name) ?? assert.fail(`no case ${name}`)
    test(`${known.truth} is named from the metrics of worker pods: ${known.because}`, async () => {
      const { stage, evidence } = await diagnosisOf(await cluster.measured(known, folder))
      assert.equal(stage, known.truth, JSON.stringify(evidence))
    })
  }
})
