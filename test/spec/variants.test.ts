import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Json } from '../../src/model/index.ts'
import { topologyLabel } from '../../src/model/index.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { patched, placeInFile } from '../../src/spec/patch.ts'
import { filesOf, problems, read, sweepText } from './sweep-text.ts'

const dynamo = '{ with: dynamo, backend: dynamo.mocker, frontend_args: { a: 1, b: [1, 2] }, env: { A: 1 } }'
const withVariants = (variants: string, sections: { readonly [name: string]: string } = {}) =>
  sweepText({ deploy: dynamo, ...sections, variants })

const configs = async (variants: string) => {
  const { variants: named = [] } = await read(withVariants(variants))
  return Object.fromEntries(
    named.map(({ name, deploy }) => [name, deploy.config as { readonly [key: string]: unknown }]),
  )
}

describe('a variant patches the raw sections', () => {
  test('maps merge at any depth, lists and single values replace, null removes', async () => {
    const { v } = await configs('{ v: { deploy: { frontend_args: { b: [3], c: { d: 1 } }, env: { A: null, B: 2 } } } }')
    assert.deepEqual(v?.frontend_args, { a: 1, b: [3], c: { d: 1 } })
    assert.deepEqual(v?.env, { B: '2' })
  })

  test('env is short for the environment of all processes', async () => {
    const { v } = await configs('{ v: { env: { B: 2 }, deploy: { env: { C: 3 } } } }')
    assert.deepEqual(v?.env, { A: '1', B: '2', C: '3' })
  })

  test('a model written as a bare name takes keys', async () => {
    const text = withVariants('{ v: { model: { tokenizer: ./t } } }')
    const sweep = await read(text, filesOf({ '/sweeps/t/tokenizer.json': '{}' }))
    assert.deepEqual(sweep.deployments[0]?.model, { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: '/sweeps/t' })
  })

  test('engine settings of a variant may be axes', async () => {
    const sweep = await read(withVariants('{ one: {}, two: { engine: { all: { max_num_seqs: [8, 16] } } } }'))
    assert.deepEqual(
      sweep.deployments.map(({ variant, topology, engine }) => [
        variant,
        topologyLabel(topology),
        (engine.aggregated ?? engine.decode)?.max_num_seqs ?? null,
      ]),
      [
        ['one', '1P1D', null],
        ['one', 'agg x2', null],
        ['two', '1P1D', 8],
        ['two', '1P1D', 16],
        ['two', 'agg x2', 8],
        ['two', 'agg x2', 16],
      ],
    )
  })

  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>

  test('an empty patch changes nothing, and a patch applied twice changes no more', () => {
    const map = fc.dictionary(fc.string(), json, { noNullPrototype: true })
    fc.assert(
      fc.property(map, map, (value, patch) => {
        assert.deepEqual(patched(value, {}), value)
        const once = patched(value, patch)
        assert.deepEqual(patched(once, patch), once)
      }),
    )
  })

  test('after a patch no key that it nulls is left, and every scalar that it says is there', () => {
    const map = fc.dictionary(fc.string(), fc.oneof(fc.constant(null), fc.integer(), fc.string()), {
      noNullPrototype: true,
    })
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), map, (value, patch) => {
        const result = patched(value, patch) as { readonly [key: string]: Json }
        for (const [key, change] of Object.entries(patch)) {
          if (change === null) assert.equal(Object.hasOwn(result, key), false)
          else assert.equal(result[key], change)
        }
      }),
    )
  })
})

describe('what is wrong with a variant is told', () => {
  const cases: { readonly [what: string]: readonly [variants: string, problem: RegExp] } = {
    'at the key in the patch': [
      '{ v: { deploy: { frontend_arg: {} } } }',
      /^\d:28: unknown key "frontend_arg" in deploy; did/,
    ],
    'at the value in the patch, by its keys there': [
      '{ v: { deploy: { ready_timeout: soon } } }',
      /^\d:43: variants\.v\.deploy\.ready_timeout is "soon"; write a duration/,
    ],
    'where it removes a key that is needed': [
      '{ v: { deploy: { backend: null } } }',
      /^\d:26: variants\.v\.deploy\.backend is missing/,
    ],
    'when it names another deployer': [
      '{ v: { deploy: { with: attach } } }',
      /^\d:28: variant v sets deploy\.with, but all variants have the deployer/,
    ],
    'where its env looks like a secret': ['{ v: { env: { MY_TOKEN: 1 } } }', /^\d:25: MY_TOKEN looks like a secret/],
    'when it has a topology that the sweep has not': [
      '{ v: { only: [agg x3] } }',
      /^\d:25: "agg x3" is not a topology of this sweep; did you mean "agg x2"\?/,
    ],
    'when it has no topology left': ['{ v: { except: [agg x2, 1P1D] } }', /variant v has no topology left/],
    'when it has both only and except': [
      '{ v: { only: [1P1D], except: [agg x2] } }',
      /^\d:32: variant v has both only and except/,
    ],
    'when two are the same': ['{ v: {}, w: { env: { A: 1 } } }', /^\d:20: variant w is the same as variant v; /],
    'when its name can’t be a label': ['{ "a b": {} }', /variants is a map; write names of letters/],
    'when there is none': ['{}', /variants is a map; write names of letters/],
    'when an engine setting is unknown': ['{ v: { engine: { all: { max_num_seq: 1 } } } }', /^\d:35: .*max_num_seq/],
  }
  for (const [what, [variants, problem]] of Object.entries(cases)) {
    test(what, async () => {
      const found = await problems(withVariants(variants))
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', problem)
    })
  }

  test('once where all variants share it', async () => {
    const found = await problems(
      withVariants('{ v: {}, w: { env: { B: 1 } } }', { deploy: '{ with: dynamo, backend: "!" }' }),
    )
    assert.equal(found.length, 1, found.join('\n'))
  })

  test('when two deploy one topology alike, though their settings differ elsewhere', async () => {
    const found = await problems(
      withVariants('{ v: {}, w: { engine: { prefill: { max_num_seqs: 8 } } } }', { topologies: '[agg x1]' }),
    )
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0] ?? '', /variant w deploys agg x1 exactly as variant v does/)
  })

  test('any patch gives problems with places, or a sweep', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async patch => {
        for (const line of await problems(withVariants(`{ v: ${JSON.stringify(patch)} }`)))
          assert.match(line, /^\d+:\d+: .+$/)
      }),
      { numRuns: 200 },
    )
  })

  test('a place in a variant is in its patch exactly where the patch says it', () => {
    const variant = { deploy: { args: { a: 1 }, list: [1] }, env: { E: 1 } }
    const at = (...path: (string | number)[]) => placeInFile('v', variant, path).join('.')
    assert.equal(at('deploy', 'args', 'a'), 'variants.v.deploy.args.a')
    assert.equal(at('deploy', 'args', 'b'), 'deploy.args.b')
    assert.equal(at('deploy', 'list', 0), 'variants.v.deploy.list.0')
    assert.equal(at('deploy', 'env', 'E'), 'variants.v.env.E')
    assert.equal(at('deploy', 'env', 'F'), 'deploy.env.F')
    assert.equal(at('topologies', 0), 'topologies.0')
  })
})

describe('ids of variants', () => {
  const idsOf = async (text: string) => {
    const sweep = await read(text)
    const { deployments } = planSweep(sweep)
    const ids = deployments.flatMap(({ deployment, points }) =>
      points.map(({ id }) => [`${deployment.id} ${id}`, deployment.variant]),
    )
    return new Map(ids as [string, string | undefined][])
  }

  test('follow from content: {} has the ids of the sweep without variants, and a new name keeps them', async () => {
    const plain = await idsOf(sweepText({ deploy: dynamo }))
    const named = await idsOf(withVariants('{ v: {} }'))
    assert.deepEqual([...named.keys()].sort(), [...plain.keys()].sort())
    const two = await idsOf(withVariants('{ v: {}, kv: { deploy: { frontend_args: { router-mode: kv } } } }'))
    const renamed = await idsOf(withVariants('{ w: {}, router: { deploy: { frontend_args: { router-mode: kv } } } }'))
    assert.deepEqual([...two.keys()].sort(), [...renamed.keys()].sort())
    assert.equal(two.size, 2 * plain.size)
  })

  test('are those of the patched file written out', async () => {
    const patchedIds = await idsOf(withVariants('{ v: { env: { B: x }, engine: { decode: { max_num_seqs: 4 } } } }'))
    const written = await idsOf(
      sweepText({ deploy: dynamo.replace('A: 1', 'A: 1, B: x'), engine: '{ decode: { max_num_seqs: 4 } }' }),
    )
    assert.deepEqual([...patchedIds.keys()].sort(), [...written.keys()].sort())
  })
})

describe('variants and what surrounds them', () => {
  test('a variant of GPUs per worker is held to the GPU limits by itself', async () => {
    const text = withVariants('{ one: {}, two: { deploy: { gpus_per_worker: 2 } } }', {
      topologies: '[{ aggregated: [1, 2], max_gpus: 2 }]',
    })
    const { deployments } = await read(text)
    assert.deepEqual(
      deployments.map(({ variant, topology }) => `${variant} ${topologyLabel(topology)}`),
      ['one agg x1', 'one agg x2', 'two agg x1'],
    )
  })

  test('systems that run already are variants of attach, each with its own address', async () => {
    const text = sweepText({
      deploy: '{ with: attach, url: "http://h:1", gpus: 1 }',
      topologies: '[agg x1]',
      variants: '{ old: {}, new: { deploy: { url: "http://h:2" } } }',
    })
    const { deployments } = await read(text)
    assert.equal(new Set(deployments.map(({ id }) => id)).size, 2)
  })
})
