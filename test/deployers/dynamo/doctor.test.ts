import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkDynamoConfig } from '../../../src/deployers/dynamo/check.ts'
import type { DynamoConfig } from '../../../src/deployers/dynamo/config.ts'
import { judgeDynamo, judgeRuntime, kvEvents } from '../../../src/deployers/dynamo/doctor.ts'
import { frontendOptionsOf, unknownToFrontend } from '../../../src/deployers/dynamo/frontend-options.ts'

it('warns of a Dynamo that is not tested, and says which ones are', () => {
  for (const version of ['1.4.2', '1.6.1']) assert.equal(judgeDynamo(version, 'python3').remedy, undefined)
  const other = judgeDynamo('1.7.0', 'python3')
  assert.equal(other.ok, true)
  assert.equal(other.detail, 'ai-dynamo 1.7.0 in python3, which Fulcrum was not tested with')
  assert.match(other.remedy ?? '', /^Fulcrum is tested with 1\.4\.2 and 1\.6\.1\./)
})

it('warns of a runtime, and so of a router, of another version than Dynamo’s', () => {
  assert.deepEqual(judgeRuntime('1.6.1', '1.6.1'), [])
  const [other] = judgeRuntime('1.6.1', '1.4.2')
  assert.match(other?.detail ?? '', /ai-dynamo 1\.6\.1, but ai-dynamo-runtime 1\.4\.2, which has the router/)
  assert.equal(other?.remedy, 'pip install ai-dynamo-runtime==1.6.1')
})

const config = (backend: string, more: Partial<DynamoConfig>): DynamoConfig => ({
  python: 'python3',
  backend,
  args: {},
  role_args: {},
  frontend_args: { 'router-mode': 'kv' },
  env: {},
  ready_timeout: 60,
  ...more,
})

it('notices a KV router that waits for events which no worker publishes', () => {
  for (const [backend, remedy] of [
    ['dynamo.vllm', /kv-events-config: .*tcp:\/\/127\.0\.0\.1:\{port\}/],
    ['dynamo.sglang', /kv-events-config: /],
    ['dynamo.trtllm', /publish-kv-events: true/],
  ] as const) {
    const [check] = kvEvents(config(backend, {}))
    assert.match(check?.detail ?? '', /does not know any cache/)
    assert.match(check?.remedy ?? '', remedy)
  }
})

it('is content with workers that publish events, whichever role says so, and with engines that always do', () => {
  const events = { 'kv-events-config': { publisher: 'zmq' } }
  assert.equal(kvEvents(config('dynamo.vllm', { args: events }))[0]?.remedy, undefined)
  assert.equal(kvEvents(config('dynamo.vllm', { role_args: { prefill: events } }))[0]?.remedy, undefined)
  assert.deepEqual(kvEvents(config('dynamo.mocker', {})), [])
})

it('asks for no events where the router does not wait for any', () => {
  for (const frontend_args of [
    {},
    { 'router-mode': 'round-robin' },
    { 'router-mode': 'kv', 'no-router-kv-events': true },
    { 'router-mode': 'kv', 'router-kv-events': false },
  ])
    assert.deepEqual(kvEvents(config('dynamo.vllm', { frontend_args })), [])
})

const help = `usage: x [--router-mode {round-robin,kv}]
  --http-port HTTP_PORT
                        Port. env var: DYN_HTTP_PORT
  --router-mode {round-robin,kv}
                        How to route.
  --old-weight W        --old-weight is deprecated and will be removed in v1.7; use weight in --router-policy-config. Text {a,b}.
  --kv-events, --no-kv-events
                        Events.
`
const unknown = (frontend_args: DynamoConfig['frontend_args']) =>
  unknownToFrontend({ frontend_args }, frontendOptionsOf(help)).map(({ wrong, remedy }) => `${wrong}; ${remedy}`)

it('tells options and values that the installed frontend does not know, and what was meant', () => {
  assert.deepEqual(unknown({ 'router-mode': 'kv', no_kv_events: true, 'old-weight': 2, 'http-p': 1 }), [])
  assert.deepEqual(unknown({ 'router-mode': 'cleverest' }), [
    'the installed frontend does not know --router-mode cleverest; write round-robin, kv, or install a version that has it',
  ])
  assert.deepEqual(unknown({ 'router-mod3': 'kv' }), [
    "the installed frontend has no option --router-mod3; did you mean 'router-mode'?",
  ])
  assert.deepEqual(unknown({ nonsense: false }), [], 'what is left out is not passed')
  assert.deepEqual(unknown({ 'enable-x': 1, 'dyn-chat-processor': 'vllm' }), [], 'the engine’s parser gets it')
})

it('reads deprecated options from the help, and nothing from a text without options', () => {
  assert.deepEqual(
    [...frontendOptionsOf(help).deprecated],
    [['old-weight', 'removed in v1.7; use weight in --router-policy-config']],
  )
  assert.equal(unknownToFrontend({ frontend_args: { any: 1 } }, frontendOptionsOf('Traceback')).length, 0)
})

it('refuses a response plane that the frontend and its workers do not share', () => {
  const of = (frontend_args: DynamoConfig['frontend_args'], args: DynamoConfig['args'], more = {}) =>
    checkDynamoConfig({ frontend_args, args, role_args: {}, ...more }).map(({ path, wrong }) => `${path}: ${wrong}`)
  const quic = { 'response-plane': 'quic' }
  assert.deepEqual([of(quic, quic), of({}, {}), of({ response_plane: 'tcp' }, {})], [[], [], []])
  assert.deepEqual(of(quic, {}, { env: { DYN_RESPONSE_PLANE: 'quic' } }), [])
  assert.deepEqual(of(quic, {}), [
    'frontend_args: the frontend receives answers over quic, and workers send them over tcp',
  ])
  assert.deepEqual(of({}, quic), ['args: the frontend receives answers over tcp, and workers send them over quic'])
  assert.equal(of(quic, quic, { role_args: { decode: { 'response-plane': 'tcp' } } }).length, 1)
})
