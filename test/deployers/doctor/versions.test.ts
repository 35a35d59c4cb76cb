// Test part: process

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { hereMachine } from '../../../src/deployers/doctor/machine.ts'
import { engineVersion, judgeEngine, packageVersions } from '../../../src/deployers/doctor/versions.ts'
import { testedDynamo } from '../../../src/deployers/dynamo/tested.ts'
import { testedDynamo as testedServe } from '../../../src/deployers/dynamo-serve/tested.ts'
import { engineNamed, engines } from '../../../src/engines/index.ts'
import { followedVersions } from '../../../src/simulator/followed-version.ts'

describe('the versions that Fulcrum names as tested', () => {
  it('are those that npm run systems installs', async () => {
    const script = await readFile(new URL('../../../scripts/install-systems.ts', import.meta.url), 'utf8')
    const installed = [...new Set([...script.matchAll(/'ai-dynamo==([^']+)'/g)].map(([, version]) => version))]
    assert.deepEqual([...testedServe, ...testedDynamo].toSorted(), installed.toSorted())
  })
  it('are those that the simulated engine can follow', () => {
    assert.deepEqual(testedDynamo.toSorted(), followedVersions.toSorted())
  })
  it('begin and end with versions that an engine’s reference names', () => {
    for (const { about, tested } of engines)
      for (const version of tested?.settings ? [tested.settings.from, tested.settings.to] : [])
        assert.ok(about.includes(version), `${version} in: ${about}`)
  })
})

describe('an engine’s version', () => {
  const vllm = engineNamed('vllm')
  const judged = (version: string, name = 'vllm') => {
    const [check] = judgeEngine(engineNamed(name), version)
    return `${check?.remedy === undefined ? 'ok' : 'note'} ${check?.detail}`
  }

  it('passes where Fulcrum knows its settings, and says whether it was measured', () => {
    assert.equal(
      judged('0.26.0'),
      'ok vLLM 0.26.0, whose settings Fulcrum knows (0.26.0 to 0.33.0); Fulcrum has measured it',
    )
    assert.match(judged('0.31.2'), /^ok vLLM 0\.31\.2.*; Fulcrum has measured 0\.26\.0$/)
    assert.match(judged('0.5.20', 'sglang'), /^ok .*; Fulcrum has measured none of its versions$/)
  })
  it('is noticed where it is older or newer', () => {
    for (const version of ['0.25.9', '0.33.1', '0.100.0', '1.0.0', '0.34.0rc1'])
      assert.match(judged(version), /^note .*whose settings Fulcrum was not compared with/, version)
  })
  it('counts a release candidate, and a local build, as its release', () => {
    for (const version of ['0.33.0rc2', '0.26.0+cu130']) assert.match(judged(version), /^ok/, version)
  })
  it('is always noticed where no version of the engine could be had', () => {
    assert.match(judged('1.3.0rc22', 'trtllm'), /^note TensorRT-LLM 1\.3\.0rc22.*from its sources$/)
  })
  it('is that of Dynamo where the engine is a part of it', () => {
    assert.deepEqual(judgeEngine(engineNamed('mocker'), '1.6.1'), [])
  })
  it('is not told of a Python without it, nor of one that does not run', async () => {
    const env = {}
    assert.deepEqual(await engineVersion(hereMachine, vllm, { python: 'python3', env }), [])
    assert.deepEqual(await engineVersion(hereMachine, vllm, { python: '/no/such/python', env }), [])
    const found = await packageVersions(hereMachine, { python: 'python3', env }, ['no-such-package', 'pip'])
    assert.equal(found[0], null)
  })
})
