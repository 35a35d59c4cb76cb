import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engineSettingsPage } from '../../scripts/reference/engine-settings.ts'
import type { Engine } from '../../src/engines/define-engine.ts'
import { settingProblems } from '../../src/engines/engine-settings.ts'
import { engines, sglang } from '../../src/engines/index.ts'

/** The engine with one more name in its list of settings, which is all that adding a setting takes. */
function withSetting(engine: Engine, name: string): Engine {
  const { settings } = engine
  return { ...engine, settings: { ...settings, known: new Set([...(settings.known ?? []), name]) } }
}

describe('a setting that is added to the list of SGLang', () => {
  const more = withSetting(sglang, 'brand_new_size')

  test('is accepted with - and _, and was unknown before', () => {
    for (const spelling of ['brand_new_size', 'brand-new-size']) {
      assert.deepEqual(settingProblems(more, 'decode', { [spelling]: 4 }), [])
      assert.equal(settingProblems(sglang, 'decode', { [spelling]: 4 }).length, 1)
    }
  })

  test('is suggested for a name that is close to it', () => {
    const [problem] = settingProblems(more, 'prefill', { brand_new_szie: 4 })
    assert.deepEqual(problem, {
      wrong: "unknown setting 'brand_new_szie' for prefill workers of dynamo.sglang",
      remedy: "did you mean 'brand_new_size'?",
    })
  })

  test('is listed in the reference', () => {
    assert.match(engineSettingsPage([more]), /^.*\bbrand_new_size\b/m)
    assert.doesNotMatch(engineSettingsPage([sglang]), /brand_new_size/)
  })
})

for (const engine of engines) {
  test(`${engine.name} accepts each of its settings, and finds it again after a doubled letter`, () => {
    for (const name of engine.settings.known ?? []) {
      assert.deepEqual(
        settingProblems(engine, 'decode', { [name]: 1 }).filter(({ wrong }) => wrong.includes(`'${name}'`)),
        [],
      )
      const [problem] = settingProblems(engine, 'decode', { [`${name}${name.at(-1)}`]: 1 })
      if (name.length >= 6) assert.match(problem?.remedy ?? '', /did you mean '/, name)
    }
  })
}
