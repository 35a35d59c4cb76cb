// What reading a streamed answer costs per token: `node bench/load/reader.ts [CHECKOUT]`. With another checkout the two
// are measured in turns, so that a busy machine slows both.
import { pathToFileURL } from 'node:url'
import { Exchange } from '../../src/generators/built-in/exchange.ts'
import { ResponseReader } from '../../src/generators/built-in/response-reader.ts'
import { Histogram } from '../../src/metrics/histogram.ts'

interface Reader {
  readonly Exchange: typeof Exchange
  readonly ResponseReader: typeof ResponseReader
}

const tokens = 1000
const rounds = 9
const answersARound = 150

const framed = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const event = (value: object) => framed(`data: ${JSON.stringify(value)}\n\n`)

/** An answer as Dynamo and vLLM write it; `counting` with the usage of `continuous_usage_stats` in every chunk. */
function answer(counting: boolean): Buffer {
  const base = { id: 'chatcmpl-0123456789', object: 'chat.completion.chunk', created: 1764000000, model: 'DeepSeek-R1' }
  const usage = (count: number) => ({
    usage: { prompt_tokens: 1000, total_tokens: 1000 + count, completion_tokens: count },
  })
  const chunk = (delta: object, finish: string | null, more: object = {}) =>
    event({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...more })
  const chunks = Array.from({ length: tokens }, (_, at) =>
    chunk({ content: ' token' }, null, counting ? usage(at + 1) : {}),
  )
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
  const end = `${chunk({}, 'length')}${event({ ...base, choices: [], ...usage(tokens) })}${framed('data: [DONE]\n\n')}`
  return Buffer.from(`${head}${chunks.join('')}${end}0\r\n\r\n`)
}

/** Where reads end: after each HTTP chunk, or wherever so many bytes are full. */
function reads(body: Buffer, bytes: number | null): readonly number[] {
  const ends: number[] = []
  if (bytes === null) {
    for (let at = body.indexOf('\n\n\r\n'); at >= 0; at = body.indexOf('\n\n\r\n', at + 1)) ends.push(at + 4)
  } else for (let at = bytes; at < body.length; at += bytes) ends.push(at)
  return [...ends, body.length]
}

/** Nanoseconds a token. */
function measure(reader: Reader, body: Buffer, ends: readonly number[]): number {
  const exchange = new reader.Exchange({ api: 'chat', streaming: true, gaps: new Histogram() })
  const responses = new reader.ResponseReader(exchange)
  const once = () => {
    exchange.next()
    responses.next()
    let from = 0
    for (const end of ends) {
      exchange.at = from
      responses.push(body, from, end)
      from = end
    }
    exchange.close(true, 0)
    if (exchange.failure !== null || exchange.chunks !== tokens) throw new Error('the answer was not read')
  }
  for (let warm = 0; warm < 50; warm++) once()
  const began = process.hrtime.bigint()
  for (let i = 0; i < answersARound; i++) once()
  return Number(process.hrtime.bigint() - began) / answersARound / tokens
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

async function readerOf(checkout: string): Promise<Reader> {
  const load = (file: string) => import(pathToFileURL(`${checkout}/src/generators/built-in/${file}`).href)
  return { ...(await load('exchange.ts')), ...(await load('response-reader.ts')) } as Reader
}

const other = process.argv[2] === undefined ? null : await readerOf(process.argv[2])
const readers = [{ Exchange, ResponseReader }, ...(other === null ? [] : [other])]
console.log(`| chunks | reads | ns a token |${other === null ? '' : ' other checkout |'}`)
console.log(`|---|---|---:|${other === null ? '' : '---:|'}`)
for (const [chunks, counting] of [
  ['plain', false],
  ['usage in every chunk', true],
] as const) {
  const body = answer(counting)
  for (const [how, bytes] of [
    ['an event each', null],
    ['64 KiB', 65_536],
    ['cut anywhere', 200],
  ] as const) {
    const ends = reads(body, bytes)
    const found = readers.map(() => [] as number[])
    for (let round = 0; round < rounds; round++)
      for (const [i, reader] of readers.entries()) found[i]?.push(measure(reader, body, ends))
    console.log(`| ${chunks} | ${how} | ${found.map(values => Math.round(median(values))).join(' | ')} |`)
  }
}
