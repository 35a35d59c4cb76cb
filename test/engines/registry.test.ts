import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engineNamed, engineOfModule, engines, metricNamed, unknownEngine } from '../../src/engines/index.ts'
import type { RoleSettings } from '../../src/engines/role-settings.ts'
import { findSetting, type Meaning, type Settings } from '../../src/engines/setting.ts'

const place = { kind: 'sweep', path: ['engine'] } as const

function settingsOf(values: { readonly [meaning in Meaning]?: number | boolean }): RoleSettings {
  const get = (meaning: Meaning) => {
    const value = values[meaning]
    return value === undefined ? null : { value, place }
  }
  return { role: 'decode', get, place }
}

describe('every engine', () => {
  for (const engine of engines) {
    test(`${engine.name} has a name and a module of its own`, () => {
      assert.equal(engineNamed(engine.name), engine)
      assert.equal(engineOfModule(engine.module), engine)
    })

    test(`${engine.name} knows the settings that its spellings begin with`, () => {
      const { known } = engine.settings
      assert.ok(known !== null)
      // Short forms of vLLM's flags, names of Dynamo's guide, and sections of Dynamo 0.3 are arguments or files only.
      const elsewhere = ['tp', 'pp', 'dp', 'pytorch_backend_config', 'expert_parallel_size', 'tokens_per_block']
      const first = Object.values(engine.spellings).flatMap(spellings =>
        spellings.map(text => text.split('.')[0] ?? ''),
      )
      const strange = first.filter(name => !known.has(engine.aliases[name] ?? name) && !elsewhere.includes(name))
      assert.deepEqual(strange, [])
    })

    test(`${engine.name} takes the same GPUs whichever of its spellings gives the tensor parallel size`, () => {
      for (const spelling of engine.spellings.tensorParallel ?? []) {
        const written: Settings = { [spelling.replaceAll('_', '-')]: 4 }
        const get = (meaning: Meaning) => {
          const found = findSetting(meaning, written, engine.spellings)
          return found === null ? null : { value: found.value, place }
        }
        assert.equal(engine.gpusPerWorker({ role: 'decode', get, place }), 4, spelling)
      }
    })
  }
})

describe('an unknown engine', () => {
  test('stands for names and modules that nobody defined', () => {
    assert.equal(engineNamed('llama'), unknownEngine)
    assert.equal(engineNamed(null), unknownEngine)
    assert.equal(engineOfModule('my.worker'), unknownEngine)
  })

  test('takes a setting in the spelling of any engine', () => {
    for (const engine of engines)
      for (const [meaning, spellings] of Object.entries(engine.spellings))
        for (const spelling of spellings)
          assert.ok(unknownEngine.spellings[meaning as Meaning]?.includes(spelling), `${meaning}: ${spelling}`)
  })

  test('needs no GPU count when no parallel size is set', () => {
    assert.equal(unknownEngine.gpusPerWorker(settingsOf({})), null)
    assert.equal(unknownEngine.gpusPerWorker(settingsOf({ pipelineParallel: 2 })), 2)
  })
})

describe('GPUs of a worker', () => {
  const sizes = { tensorParallel: 4, dataParallel: 2, prefillContextParallel: 3 }
  const cases: readonly [name: string, values: Parameters<typeof settingsOf>[0], gpus: number | null][] = [
    ['trtllm', sizes, 4],
    ['vllm', sizes, 24],
    ['vllm', { ...sizes, dataParallelHere: 1 }, 12],
    ['sglang', sizes, 8],
    ['sglang', { ...sizes, attentionDp: true }, 4],
    ['sglang', { dataParallel: 2, attentionDp: true }, 1],
    ['sglang', { dataParallel: 2 }, 2],
    ['sglang', {}, null],
  ]
  for (const [name, values, gpus] of cases)
    test(`${name} with ${JSON.stringify(values)}: ${gpus}`, () => {
      assert.equal(engineNamed(name).gpusPerWorker(settingsOf(values)), gpus)
    })
})

describe('the metric of running requests', () => {
  const names = [
    'vllm:num_requests_running{model_name="m"}',
    'trtllm:num_requests_running',
    'sglang:num_running_reqs{tp_rank="0"}',
  ]
  for (const name of names) test(`is ${name}`, () => assert.match(name, metricNamed('running')))

  test('has further names only where they are asked for', () => {
    assert.doesNotMatch('active_slots', metricNamed('running'))
    assert.match('active_slots', metricNamed('running', 'active_slots'))
    assert.doesNotMatch('vllm:num_requests_waiting', metricNamed('running'))
  })
})
