import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { filesOf, problems, sweepText } from './sweep-text.ts'

/** A name, the file, and its problems in full or by their beginning. */
type Case = readonly [name: string, text: string, ...problems: (string | RegExp)[]]

function suite(title: string, cases: readonly Case[], files = filesOf({})): void {
  describe(title, () => {
    for (const [name, text, ...expected] of cases) {
      test(name, async () => {
        const found = await problems(text, files)
        for (const [index, problem] of expected.entries()) {
          if (typeof problem === 'string') assert.equal(found[index], problem)
          else assert.match(found[index] ?? 'no problem', problem)
        }
        assert.equal(found.length, expected.length, found.join('\n'))
      })
    }
  })
}

suite('a text that is no sweep', [
  ['an empty file', '', /^1:1: the sweep file is empty; write name, model/],
  ['a file of comments only', '# nothing\n', /^1:1: the sweep file is empty/],
  ['a list', '- a\n', /^1:1: the sweep file is \["a"\] instead of key: value pairs; /],
  ['an unclosed bracket', sweepText({ load: '{ concurrency: [1, 2' }), /^7:1: invalid YAML: .*; check the indentation/],
  ['a tab for indentation', `${sweepText({ load: '' })}load:\n\tconcurrency: 1\n`, /^7:1: .*tab/i],
  ['two documents', `${sweepText()}---\n${sweepText()}`, /^\d+:1: the file contains several YAML documents; /],
  ['aliases that expand without end', `a: &a [x,x,x,x,x,x,x,x,x,x]\n${bomb()}`, /^1:1: the YAML cannot be read: /],
  ['nesting without end', `a: ${'['.repeat(20_000)}`, /^1:\d+: .*call stack/],
])

function bomb(): string {
  return Array.from({ length: 8 }, (_, i) => {
    const name = String.fromCharCode(98 + i)
    const before = String.fromCharCode(97 + i)
    return `${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]\n`
  }).join('')
}

suite('values that say nothing', [
  [
    'an infinite setting of an engine',
    sweepText({ engine: '{ all: { max_batch_size: .inf } }' }),
    /: engine\.all\.max_batch_size is Infinity; write a finite number$/,
  ],
  [
    'an engine setting without a name',
    sweepText({ engine: '{ all: { "": 1 } }' }),
    /: engine\.all has an invalid name: ""; write setting: value pairs/,
  ],
  [
    'an argument without a name',
    sweepText({ deploy: '{ with: dynamo, backend: vllm, frontend_args: { "": 1 } }' }),
    /: deploy\.frontend_args has an invalid name: ""; write name: value pairs/,
  ],
  [
    'an empty list of hosts',
    sweepText({ generator: '{ name: built-in, shards: { count: 2, hosts: [] } }' }),
    /: generator\.shards\.hosts is an empty list; write a list of host names$/,
  ],
])

suite('the start of a name', [
  [
    'of a generator is told with the whole name, because npm has packages of such names too',
    sweepText({ generator: 'vllm' }),
    /: unknown generator "vllm", .*; did you mean "vllm-bench"\? Otherwise, install it there with npm install vllm/,
  ],
])

suite('objectives on what is not observed', [
  [
    'TTFT and ITL without streaming',
    sweepText({ load: '{ concurrency: [1], streaming: false }', slo: '{ ttft_p95_ms: 5, itl_p95_ms: 1 }' }),
    /^\d+:8: slo\.ttft_p95_ms is not observed: without streaming there is no TTFT; remove it, or stream; /,
    /: slo\.itl_p95_ms is not observed: without streaming there is no ITL; /,
  ],
  [
    'request latency without streaming is',
    sweepText({ load: '{ concurrency: [1], streaming: false }', slo: '{ request_latency_p95_ms: 5 }' }),
  ],
  [
    'ITL of responses of one token',
    sweepText({ workloads: '[8000/1]', slo: '{ itl_p95_ms: 1 }' }),
    /: slo\.itl_p95_ms is not observed: responses of one token have no ITL; remove it, or raise osl$/,
  ],
  [
    'ITL of responses of one token beside another objective is passed over',
    sweepText({ workloads: '[8000/1]', slo: '{ ttft_p95_ms: 5, itl_p95_ms: 1 }' }),
  ],
  [
    'TTFO where answers come whole',
    sweepText({ load: '{ concurrency: [1], streaming: false }', slo: '{ ttfo_p95_ms: 5 }' }),
    /: slo\.ttfo_p95_ms is not observed: without streaming there is no TTFO; remove it, or stream; /,
  ],
  [
    'TTFO of an API without reasoning',
    sweepText({ load: '{ concurrency: [1], api: completions }', slo: '{ ttfo_p95_ms: 5 }' }),
    /: slo\.ttfo_p95_ms is not observed: the completions API does not tell .*; remove it, or write api: chat$/,
  ],
  ...['genai-perf', 'vllm-bench'].map(
    (generator): Case => [
      `TTFO by ${generator}`,
      sweepText({ load: '{ concurrency: [1] }', generator, slo: '{ ttfo_p95_ms: 5 }' }),
      new RegExp(
        `: slo\\.ttfo_p95_ms is not observed: the generator ${generator} does not tell .*; remove it, or write generator: built-in or aiperf$`,
      ),
    ],
  ),
  ...(
    [
      ['TTFT', { slo: '{ ttft_p95_ms: 5 }' }, /: the embeddings API has no TTFT; write request_latency_p95_ms$/],
      ['TTFO', { slo: '{ ttfo_p95_ms: 5 }' }, /: the embeddings API has no TTFO; write request_latency_p95_ms$/],
      ['ITL', { slo: '{ itl_p95_ms: 5 }' }, /: the embeddings API has no ITL; write request_latency_p95_ms$/],
      ['a search', { search: 'adaptive' }, /: the embeddings API has no frontier of output tokens/],
      ['output tokens', { workloads: '[512/16]' }, /: the embeddings API generates no output tokens; write 512\/0 /],
      [
        'an OSL',
        { workloads: '[{ isl: 512, osl: 16 }]' },
        /: the embeddings API generates no output tokens; write 512\/0 /,
      ],
      [
        'questions',
        { quality: '{ questions: q.jsonl }' },
        /: the embeddings API has no answers to questions; remove quality$/,
      ],
      [
        'another generator',
        { generator: 'aiperf' },
        /aiperf does not support the embeddings API; .*, or write generator: built-in$/,
      ],
      [
        'a stream',
        { load: '{ concurrency: [1], api: embeddings, streaming: true }' },
        /: the embeddings API has no stream; /,
      ],
      [
        'as many requests as it takes',
        { load: '{ concurrency: [1], api: embeddings, requests: auto }' },
        /: the embeddings API has no output tokens for requests: auto/,
      ],
    ] as const
  ).map(
    ([what, changes, why]): Case => [
      `${what} of embeddings`,
      sweepText({ load: '{ concurrency: [1], api: embeddings }', workloads: '[512/0]', ...changes }),
      why,
      ...(what === 'questions' ? [/q\.jsonl/] : []),
    ],
  ),
  [
    'embeddings by length alone are',
    sweepText({
      load: '{ concurrency: [1], api: embeddings }',
      workloads: '[{ isl: 512 }, 64/0]',
      slo: '{ request_latency_p95_ms: 5 }',
    }),
  ],
  ['an OSL of 0 elsewhere', sweepText({ workloads: '[512/0]' }), /"512\/0" has a length of 0; /],
  ['TTFO by AIPerf is', sweepText({ load: '{ concurrency: [1] }', generator: 'aiperf', slo: '{ ttfo_p95_ms: 5 }' })],
  ['ITL where another workload has it is', sweepText({ workloads: '[8000/1, 8000/256]', slo: '{ itl_p95_ms: 1 }' })],
])

suite('keys', [
  [
    'an unknown key names the one that was meant',
    sweepText({ topologies: '[{ prefill: 1, decode: 1, max_gpu: 8 }]' }),
    '4:39: unknown key "max_gpu" in topologies[0]; did you mean "max_gpus"?',
  ],
  [
    'an unknown key at the top',
    sweepText({ workload: '[8000/256]' }),
    '7:1: unknown key "workload"; did you mean "workloads"?',
  ],
  [
    'an unknown key that resembles nothing lists what is known',
    sweepText({ slo: '{ happiness: 1 }' }),
    '7:8: unknown key "happiness" in slo; known keys: ttft_p95_ms, ttfo_p95_ms, itl_p95_ms, request_latency_p95_ms',
  ],
  [
    'a key of another deployer',
    sweepText({ deploy: '{ with: simulated, url: "http://a" }' }),
    '3:28: unknown key "url" in deploy; known keys: with, profile, router, acceptance, error_rate, reasoning_share, gpus_per_worker',
  ],
  [
    'keys that exclude each other',
    sweepText({ topologies: '[{ aggregated: 1, prefill: 1, decode: 1 }]' }),
    /^4:16: "aggregated" cannot be combined with the other keys of topologies\[0\]; write 2P1D, agg x2/,
  ],
  [
    'a word of a list of words',
    sweepText({ generator: 'genaiperf' }),
    '7:12: generator is "genaiperf"; did you mean "genai-perf"?',
  ],
  ['a key written twice', `${sweepText()}repeats: 2\nrepeats: 3\n`, /^8:1: duplicate key/],
  [
    'missing sections are all named',
    'name: x\n',
    /^1:1: model is missing; write a model name/,
    /^1:1: deploy is missing; write \{ with: simulated/,
    /^1:1: workloads is missing; write a list/,
    /^1:1: load is missing; write/,
  ],
  [
    'a missing key in a list',
    sweepText({ workloads: '[{ isl: 5 }]' }),
    /^5:13: workloads\[0\]\.osl is missing; write a whole number of tokens/,
  ],
  [
    'a key without a value',
    sweepText({ model: '' }).replace('test\n', 'test\nmodel:\n'),
    /^2:7: model has no value; write a model name/,
  ],
])

suite('values', [
  ['a wrong type', sweepText({ repeats: 'many' }), '7:10: repeats is the text "many"; write a whole number from 1'],
  ['a number below its range', sweepText({ repeats: '0' }), '7:10: repeats is 0, below 1; write a whole number from 1'],
  [
    'a fraction of a worker',
    sweepText({ topologies: '{ aggregated: 1.5 }' }),
    /^4:27: topologies\.aggregated is 1\.5; write a whole/,
  ],
  ['a word that resembles a known one', sweepText({ search: 'gird' }), '7:9: search is "gird"; did you mean "grid"?'],
  [
    'a deployer that resembles a known one',
    sweepText({ deploy: '{ with: simulatd }' }),
    '3:17: deploy.with is "simulatd"; did you mean "simulated"?',
  ],
  ['a name that is no folder name', sweepText({ name: '../x' }), /^1:7: name is "\.\.\/x"; write a name of letters/],
  [
    'an infinite number',
    sweepText({ slo: '{ ttft_p95_ms: .inf }' }),
    /^7:21: slo\.ttft_p95_ms is Infinity; write a number of milli/,
  ],
  [
    'an API that is not supported, such as rerank',
    sweepText({ load: '{ api: rerank, concurrency: 1 }' }),
    '6:14: load.api is "rerank"; write chat, completions, responses or embeddings',
  ],
  [
    'a share above one',
    sweepText({ validity: '{ error_share: 5 }' }),
    '7:26: validity.error_share is 5, above 1; write a share from 0 to 1',
  ],
])

suite('the model', [
  [
    'a generator that needs the tokenizer',
    sweepText({ model: '{ name: a, tokenizer: server }', generator: 'aiperf' }),
    /^2:8: the generator aiperf does not support tokenizer: server; .*write generator: built-in$/,
  ],
  [
    'a tokenizer that is needed',
    sweepText({ model: 'meta/Llama' }),
    /^2:8: model has no tokenizer, and Fulcrum ships none for "meta\/Llama"; /,
  ],
  [
    'a tokenizer folder that does not exist',
    sweepText({ model: '{ name: a, tokenizer: ./t }' }),
    /^2:30: model\.tokenizer is "\.\/t", but \/sweeps\/t does not exist; /,
  ],
  [
    'an unknown built-in tokenizer',
    sweepText({ model: '{ name: a, tokenizer: builtin:gpt }' }),
    /^2:30: unknown tokenizer "builtin:gpt"; /,
  ],
])

suite('a list of models', [
  ['names with weights are', sweepText({ model: '[nvidia/DeepSeek-R1-FP4, { name: lora-a, weight: 3 }, lora-b]' })],
  [
    'one name twice',
    sweepText({ model: '[nvidia/DeepSeek-R1-FP4, lora-a, lora-a]' }),
    /^2:41: model lists "lora-a" twice; keep one, with the sum of the weights$/,
  ],
  [
    'a tokenizer of its own',
    sweepText({ model: '[nvidia/DeepSeek-R1-FP4, { name: lora-a, tokenizer: builtin:deepseek-v3 }]' }),
    /: all models of the list share the tokenizer of the first one; remove it$/,
  ],
  [
    'no weight at all',
    sweepText({ model: '[{ name: nvidia/DeepSeek-R1-FP4, weight: 0 }, { name: lora-a, weight: 0 }]' }),
    /: no model of the list has a weight above 0; /,
  ],
  [
    'a generator that sends one name',
    sweepText({ model: '[nvidia/DeepSeek-R1-FP4, lora-a]', generator: 'aiperf' }),
    /^2:8: the generator aiperf does not support several models; write one model, or write generator: built-in$/,
  ],
  [
    'shards',
    sweepText({ model: '[nvidia/DeepSeek-R1-FP4, lora-a]', generator: '{ name: built-in, shards: { count: 2 } }' }),
    /^2:8: requests for several models can’t be split over shards; remove shards, or write one model/,
  ],
])

suite('workloads', [
  ['a length of nothing', sweepText({ workloads: '[0/5]' }), /^5:13: "0\/5" has a length of 0; /],
  [
    'the same workload twice',
    sweepText({ workloads: '[8000/256, { isl: 8000, osl: 256, name: again }]' }),
    /^5:23: workloads\[1\] repeats the workload "8000\/256"; /,
  ],
  [
    'two workloads of one name',
    sweepText({ workloads: '[{ name: a, isl: 1, osl: 1 }, { name: a, isl: 2, osl: 2 }]' }),
    /^5:42: two workloads have the name "a"; /,
  ],
  [
    'a uniform distribution upside down',
    sweepText({ workloads: '[{ isl: { uniform: { min: 9, max: 3 } }, osl: 1 }]' }),
    /^5:31: min 9 is above max 3; /,
  ],
  [
    'an incomplete distribution',
    sweepText({ workloads: '[{ isl: { mean: 9 }, osl: 1 }]' }),
    /^5:20: workloads\[0\]\.isl\.stddev is missing; /,
  ],
  [
    'a dataset that does not exist',
    sweepText({ workloads: '[{ isl: 1, osl: 1, dataset: d.jsonl }]' }),
    /^5:40: workloads\[0\]\.dataset is "d\.jsonl", but .* does not exist/,
  ],
])

suite('deploy', [
  [
    'a profile that does not exist',
    sweepText({ deploy: '{ with: simulated, profile: h100 }' }),
    /^3:37: .*Unknown profile 'h100'/,
  ],
  [
    'a python that does not exist',
    dynamo('python: ./py, backend: dynamo.mocker'),
    /^3:33: deploy\.python is "\.\/py", but \/sweeps\/py does not exist; /,
  ],
  [
    'an argument whose file does not exist',
    dynamo('backend: dynamo.mocker, args: { data: ./x.npz }'),
    /^3:63: deploy\.args\.data is "\.\/x\.npz"/,
  ],
  [
    'a secret in the file',
    dynamo('backend: dynamo.vllm, env: { HF_TOKEN: abc }'),
    /^3:54: HF_TOKEN looks like a secret, and this file is stored with every run; /,
  ],
  ['a missing backend', dynamo('python: python3'), /^3:9: deploy\.backend is missing; write a Python module/],
  ['a URL with a password', attach('http://me:secret@h'), /^3:30: the URL contains a user name or password/],
  ['a URL with a query', attach('http://h/llm/v1?a=b'), /^3:30: the URL contains "\?a=b".*; write http:\/\/h\/llm: /],
  [
    'a URL of an API without /v1',
    attach('http://h/openai/chat/completions'),
    /^3:30: requests would go to http:\/\/h\/openai\/chat\/completions\/v1\/…; .*, such as http:\/\/h\/openai$/,
  ],
])

function dynamo(keys: string): string {
  return sweepText({ deploy: `{ with: dynamo, ${keys} }` })
}

function attach(url: string): string {
  return sweepText({ deploy: `{ with: attach, gpus: 1, url: "${url}" }`, topologies: 'agg x1' })
    .replace('gpus: 1, url: ', 'url: ')
    .replace('" }', '", gpus: 1 }')
}

suite('what can’t be done yet is refused by name', [
  [
    'the same prompts for every point from the built-in generator',
    sweepText({ load: '{ concurrency: 1, prompts: same }' }),
    /^6:\d+: the generator built-in makes fresh prompts for every point; /,
  ],
])

suite('what a generator can’t do is refused by name', [
  [
    'genai-perf and stages',
    sweepText({ generator: 'genai-perf', load: '{ stages: [{ rate: 1, duration: 9s }] }' }),
    /^6:17: the generator genai-perf does not support a load in stages; .*generator: built-in$/,
  ],
  [
    'genai-perf and gamma arrivals',
    sweepText({ generator: 'genai-perf', load: '{ request_rate: 1, arrivals: { gamma: { burstiness: 2 } } }' }),
    /^6:36: the generator genai-perf does not support gamma arrivals; .*generator: built-in or aiperf or vllm-bench$/,
  ],
  [
    'aiperf and conversations',
    sweepText({ generator: 'aiperf', workloads: '[{ isl: 9, osl: 9, conversation: { turns: 3 } }]' }),
    /^5:45: the generator aiperf does not support conversations; /,
  ],
])

suite('shards that can’t be', [
  [
    'of another generator',
    sweepText({ generator: '{ name: genai-perf, shards: 2 }' }),
    '7:40: the generator genai-perf cannot split its load over processes; remove shards, or write name: built-in',
  ],
  [
    'a host that would be an option',
    sweepText({ generator: '{ name: built-in, shards: { count: 2, hosts: [-oProxyCommand=x] } }' }),
    /^7:.*hosts/,
  ],
  [
    'kubernetes as a launcher',
    sweepText({ generator: '{ name: built-in, shards: { count: 1, hosts: [a], launch: kubernetes } }' }),
    /^7:.*kubernetes.*write ssh, srun, or a command such as \[kubectl/,
  ],
  [
    'a launcher without hosts',
    sweepText({ generator: '{ name: built-in, shards: { count: 2, launch: ssh } }' }),
    /^7:.*no hosts are named; write hosts/,
  ],
  [
    'more hosts than shards',
    sweepText({ generator: '{ name: built-in, shards: { count: 1, hosts: [a, b] } }' }),
    /^7:.*1 shard leaves some of the 2 hosts idle/,
  ],
])

suite('checks of the sweep as a whole', [
  [
    'what Fulcrum itself sets may not be set',
    dynamo('backend: dynamo.sglang, args: { namespace: x }'),
    /^3:57: .*namespace.*not allowed here/,
  ],
  [
    'more GPUs than are listed',
    sweepText({
      deploy: '{ with: dynamo, backend: dynamo.sglang, gpus: [0, 1], gpus_per_worker: 2 }',
      topologies: '[agg x1, 1P1D]',
    }),
    /^3:55: 1P1D: it needs 4 GPUs, and deploy\.gpus lists 2; /,
  ],
  [
    'an engine setting that the backend does not have',
    sweepText({ deploy: '{ with: dynamo, backend: dynamo.vllm }', engine: '{ all: { max_num_seq: 4 } }' }),
    /^7:18: unknown setting 'max_num_seq' for prefill workers of dynamo\.vllm; did you mean 'max_num_seqs'/,
  ],
  [
    'attach changes no engine setting',
    sweepText({
      deploy: '{ with: attach, url: "http://h", gpus: 2 }',
      topologies: 'agg x1',
      engine: '{ all: { max_batch_size: 4 } }',
    }),
    /^7:18: attach changes nothing, so it cannot set max_batch_size/,
  ],

  [
    'attach has one topology',
    sweepText({ deploy: '{ with: attach, url: "http://h", gpus: 2 }' }),
    /^4:13: with: attach measures a single running deployment, but this file has 2; /,
  ],
  [
    'attach has as many GPUs as its workers',
    sweepText({ deploy: '{ with: attach, url: "http://h", gpus: 3, gpus_per_worker: 1 }', topologies: '1P1D' }),
    /^3:48: gpus is 3, but 1P1D has 2 with this gpus_per_worker; /,
  ],
  [
    'ISL and OSL fit into max_seq_len',
    sweepText({ engine: '{ decode: { max_seq_len: 8192 } }' }),
    /^5:13: 8000\/256 needs 8256 tokens per sequence, but max_seq_len of decode workers is 8192; /,
  ],
])

test('a mistake in one section does not hide those in others', async () => {
  const found = await problems(
    sweepText({ name: '"?"', load: '{ concurrency: [1, 1] }', workloads: '[0/1]', slo: '{ x: 1 }' }),
  )
  assert.deepEqual(
    found.map(line => line.slice(0, 2)),
    ['1:', '5:', '6:', '7:'],
  )
})

describe('absurd grids', () => {
  const levels = `[${Array.from({ length: 101 }, (_, index) => index + 1).join(', ')}]`
  const grid = (more = '') =>
    sweepText({ repeats: '100', load: `{ concurrency: ${levels} }`, topologies: '[1P1D]' }) + more

  test('above 10,000 points the file is refused', async () => {
    assert.deepEqual(await problems(grid()), [
      '1:1: the sweep has 10100 points, above the limit of 10000; list fewer values, or write allow_points: 10100 to allow it',
    ])
  })

  test('unless the file or the caller allows as many', async () => {
    assert.deepEqual(await problems(grid('allow_points: 10100\n')), [])
    assert.deepEqual(await problems(grid(), filesOf({}), 10_100), [])
  })

  test('a grid too large for memory is counted, not made', async () => {
    const axis = `[${Array.from({ length: 1000 }, (_, index) => index + 1).join(',')}]`
    const engine = `{ prefill: { max_batch_size: ${axis} }, decode: { max_batch_size: ${axis}, max_num_tokens: ${axis} } }`
    const [found] = await problems(sweepText({ engine, topologies: '[1P1D]' }))
    assert.match(found ?? '', /^1:1: the sweep has 2000000000 points, above the limit of 10000; /)
  })
})

/** A sweep whose frontend takes a router policy. */
const policy = (value: string, deployer = 'dynamo') =>
  sweepText({
    deploy: `{ with: ${deployer}, backend: dynamo.mocker, frontend_args: { router-policy-config: ${value} }${deployer === 'slurm' ? ', head: 10.0.0.1, nodes: 2' : ''} }`,
  })

suite(
  'a router policy',
  [
    ['that is a file is right', policy('./policy.yaml')],
    [
      'that is a folder',
      policy('./policies'),
      /^3:\d+: router-policy-config: "\/sweeps\/policies" is a folder; write /,
    ],
    ['that is a folder, with Slurm', policy('./policies', 'slurm'), /"\/sweeps\/policies" is a folder/],
    ['that is no path', policy('3'), /^3:\d+: router-policy-config is not a path; write the path of a YAML file/],
    ['that does not exist', policy('./none.yaml'), /none\.yaml does not exist; /],
  ],
  filesOf({ '/sweeps/policy.yaml': '', '/sweeps/policies/a/b.yaml': '' }),
)
