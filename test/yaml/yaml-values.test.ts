import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { problems, read, sweepText } from '../spec/sweep-text.ts'

const load = (more: string) => sweepText({ load: `{ concurrency: 4, ${more} }` })
const loadOf = async (more: string) => (await read(load(more))).loads[0]

describe('values that are what they say:', () => {
  test('a warm-up of 0x is none, and of any other multiple at least one request', async () => {
    const warmups = ['0x', '0', '0.0x', '00x', '-0', '0.01x', '1.5x', '2x'].map(async warmup =>
      Object.is((await loadOf(`warmup: ${warmup}`))?.warmup, 0) ? 0 : (await loadOf(`warmup: ${warmup}`))?.warmup,
    )
    assert.deepEqual(await Promise.all(warmups), [0, 0, 0, 0, 0, 1, 6, 8])
  })

  test('a warm-up of 0x has no prompts of its own', async () => {
    assert.equal((await loadOf('requests: 10x, warmup: 0x'))?.dataset, 40)
  })

  const right: readonly (readonly [string, unknown])[] = [
    ['9007199254740991', 9_007_199_254_740_991],
    ['"12345678901234567890"', '12345678901234567890'],
    ['1e3', 1000],
    ['-0', 0],
    ['0.1', 0.1],
    ['+5', 5],
    ['"yes"', 'yes'],
    ["'no'", 'no'],
    ['true', true],
    ['"010"', '010'],
    ['"1_000"', '1_000'],
    ['1:30', '1:30'],
    ['01:30:00', '01:30:00'],
    ['2026-11-28', '2026-11-28'],
    ['onward', 'onward'],
    ['!!str 5', '5'],
    ['null', null],
  ]
  for (const [text, value] of right) {
    test(`${text} is ${JSON.stringify(value)}`, async () => {
      const sent = JSON.parse(JSON.stringify((await loadOf(`extra: { a: ${text} }`))?.extra)) as unknown
      assert.deepEqual(sent, { a: value })
    })
  }
})

describe('values that would be something else are refused once, with place and remedy:', () => {
  const anywhere: readonly (readonly [string, string])[] = [
    [
      '12345678901234567890',
      '12345678901234567890 is too large for an exact whole number: it would become 12345678901234567000; write at most 9007199254740991, or "12345678901234567890" in quotes if the key takes text',
    ],
    [
      '9007199254740993',
      '9007199254740993 is too large for an exact whole number: it would become 9007199254740992; write at most 9007199254740991, or "9007199254740993" in quotes if the key takes text',
    ],
    [
      '1e300',
      '1e300 is too large for an exact whole number: it would become 1e+300; write at most 9007199254740991, or "1e300" in quotes if the key takes text',
    ],
    ['1e-400', '1e-400 is too small for a number: it would become 0; write 0, or a larger number'],
    ['010', '010 is 10 in YAML 1.2, but octal in YAML 1.1; write 10, or "010" in quotes'],
    ['0x10', '0x10 is 16 (hexadecimal); write 16, or 10x for a multiple of the concurrency, or quotes around text'],
    ['0xff', '0xff is 255 (hexadecimal); write 255, or quotes around text'],
    [
      '0x1FFFFFFFFFFFFFF',
      '0x1FFFFFFFFFFFFFF is too large for an exact whole number: it would become 144115188075855870; write at most 9007199254740991, or "0x1FFFFFFFFFFFFFF" in quotes if the key takes text',
    ],
    ['0o17', '0o17 is 15 (octal); write 15, or quotes around text'],
    ['0b11', '0b11 is text in YAML 1.2, but a binary number in YAML 1.1; write the number in decimal'],
    ['1_000', '1_000 is text in YAML 1.2, but a number in YAML 1.1; write 1000, or "1_000" in quotes'],
    ['yes', 'yes is text in YAML 1.2, but true in YAML 1.1; write true, or "yes" in quotes'],
    ['Off', 'Off is text in YAML 1.2, but false in YAML 1.1; write false, or "Off" in quotes'],
    ['!include other.yaml', 'unknown tag !include; remove it, and write the value itself'],
    ['!env [1]', 'unknown tag !env; remove it, and write the value itself'],
  ]
  for (const [text, told] of anywhere) {
    test(text, async () => {
      const column = text.startsWith('!') ? /^6:\d+: / : /^6:37: /
      const [extra, ...more] = await problems(load(`extra: { a: ${text} }`))
      assert.deepEqual([extra?.replace(column, ''), more], [told, []])
      const [requests, ...others] = await problems(load(`requests: ${text}`))
      assert.deepEqual([requests?.replace(/^6:\d+: /, ''), others], [told, []])
    })
  }

  for (const [text, value] of [
    ['.inf', 'Infinity'],
    ['-.INF', '-Infinity'],
    ['.NaN', 'NaN'],
    ['1e400', 'Infinity'],
  ] as const) {
    test(`${text} in a field, and in what is sent`, async () => {
      for (const more of [`seed: ${text}`, `timeout: ${text}`, `extra: { a: ${text} }`]) {
        const found = await problems(load(more))
        assert.equal(found.length, 1)
        assert.match(found[0] ?? '', new RegExp(`^6:\\d+: load\\.\\S+ is ${value}; write `))
      }
    })
  }

  const sections: readonly (readonly [string, string, RegExp])[] = [
    ['requests of 0', load('requests: 0'), /^6:35: load\.requests is 0, below 1; write a number of requests/],
    ['requests of 0x', load('requests: 0x'), /with requests: 0x, nothing would be measured; write more than 0/],
    ['prompts of 0x', load('dataset: 0x'), /with dataset: 0x, there would be no prompts; write a number/],
    ['a number in quotes', load('requests: "40"'), /load\.requests is "40"; write a number of requests/],
    ['a multiple with a space', load('requests: "10x "'), /load\.requests is "10x "; write/],
    ['a duration without its unit, in quotes', load('timeout: "60"'), /load\.timeout is "60"; write a duration/],
    ['a duration as a clock writes it', load('timeout: 1:30'), /load\.timeout is "1:30"; write a duration/],
    ['a date', load('warmup: 2026-11-28'), /load\.warmup is "2026-11-28"; write/],
    ['a timeout longer than a timer', load('timeout: 600h'), /"600h"; write a duration such as 600s, at most 24 days/],
    ['a timeout that nothing meets', load('timeout: 1e-9'), /with timeout: 1e-9, every request would fail/],
    ['more requests than fit', load('requests: 9e15'), /is 9,000,000,000,000,000 per point; write at most 100,000,000/],
    ['more multiples than fit', load('warmup: 99999999x'), /load\.warmup is 399,999,996 per point/],
    ['more prompts than fit', load('dataset: 99999999'), /load\.dataset is 99,999,999 per point; write at most/],
    [
      'a rate that sends nothing',
      sweepText({ load: '{ request_rate: 1e-9 }' }),
      /over 60 s send less than one request/,
    ],
    ['a rate that sends too much', sweepText({ load: '{ request_rate: 1000000, duration: 20h }' }), /are too many/],
    ['an empty list', sweepText({ load: '{ concurrency: [] }' }), /load\.concurrency is an empty list; write/],
    ['a gap in a list', sweepText({ load: '{ concurrency: [1, , 2] }' }), /./],
    ['a concurrency of -0', sweepText({ load: '{ concurrency: -0 }' }), /load\.concurrency is 0, below 1/],
    ['half a request', sweepText({ load: '{ concurrency: 4.5 }' }), /load\.concurrency is 4\.5; write/],
    [
      'a name with a space behind it',
      sweepText({ model: '{ name: "m ", tokenizer: builtin:deepseek-v3 }' }),
      /model\.name is "m "/,
    ],
    ['a key twice', load('warmup: 1, warmup: 2'), /duplicate key/],
    ['no value', load('requests: '), /load\.requests has no value; write/],
    [
      'another version of YAML',
      `%YAML 1.1\n---\n${sweepText()}`,
      /^1:1: the file declares %YAML 1\.1; remove this line/,
    ],
  ]
  for (const [what, text, told] of sections) {
    test(what, async () => {
      const found = await problems(text)
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', told)
    })
  }
})

test('whatever whole number a file says is sent as it is, or refused', async () => {
  const whole = fc.oneof(
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.integer({ min: -40, max: 40 }).map(near => 2n ** 53n + BigInt(near)),
    fc.maxSafeInteger().map(BigInt),
  )
  await fc.assert(
    fc.asyncProperty(whole, async number => {
      const text = load(`extra: { seed: ${number} }`)
      const isExact = number >= -(2n ** 53n - 1n) && number <= 2n ** 53n - 1n
      const found = await problems(text)
      if (!isExact) assert.match(found.join(), /too large for an exact whole number/)
      else assert.equal(JSON.stringify((await read(text)).loads[0]?.extra.seed), String(number))
    }),
    { numRuns: 60 },
  )
})

test('whatever number a file says is sent with the same value, or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double(), async number => {
      const text = load(`extra: { a: ${Number.isNaN(number) ? '.nan' : String(number).replace('Infinity', '.inf')} }`)
      const isSent = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))
      if (!isSent) assert.equal((await problems(text)).length, 1)
      // JavaScript and JSON write -0 as 0.
      else assert.equal((await read(text)).loads[0]?.extra.a, number + 0)
    }),
    { numRuns: 60 },
  )
})

test('a multiple is so many times the concurrency, none only of nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 64 }), async (tenths, concurrency) => {
      const text = sweepText({ load: `{ concurrency: ${concurrency}, warmup: ${(tenths / 10).toFixed(1)}x }` })
      const expected = tenths === 0 ? 0 : Math.max(1, Math.round((tenths / 10) * concurrency))
      assert.equal((await read(text)).loads[0]?.warmup, expected)
    }),
    { numRuns: 60 },
  )
})
