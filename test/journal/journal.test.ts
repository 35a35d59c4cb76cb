import assert from 'node:assert/strict'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type JournalLine, openJournal } from '../../src/journal/index.ts'
import { encodeLine } from '../../src/journal/line.ts'
import { scanJournal } from '../../src/journal/scan.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { noon, note, scratch } from './journal-on-disk.ts'

const lineOf = (seq: number, message: string): JournalLine => ({ seq, at: noon().toISOString(), event: note(message) })
const bytesOf = (messages: readonly string[]) =>
  Buffer.concat(messages.map((text, seq) => encodeLine(lineOf(seq, text))))
const messages = fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { minLength: 1, maxLength: 8 })

async function journalWith(folder: string, texts: readonly string[]): Promise<void> {
  await using journal = await openJournal(folder, { now: noon })
  for (const text of texts) await journal.append(note(text))
}

const corruption = (line: number, offset: number) => (error: unknown) => {
  assert.ok(error instanceof FulcrumError)
  assert.equal(error.code, 'journal-corrupt')
  assert.match(error.where ?? '', new RegExp(`journal\\.jsonl:${line}$`))
  assert.ok(error.message.includes(`byte ${offset}`), error.message)
  return true
}

describe('a journal line', () => {
  test('is JSON that ends with a checksum of everything before it', () => {
    const line = JSON.parse(encodeLine(lineOf(3, 'höhe\u2028"')).toString())
    assert.deepEqual(Object.keys(line), ['seq', 'at', 'event', 'crc32'])
    assert.deepEqual(line.event, note('höhe\u2028"'))
  })

  test('survives the way to disk and back, whatever text it holds', () => {
    fc.assert(
      fc.property(messages, texts => {
        const { lines, tornBytes } = scanJournal(bytesOf(texts), 'journal.jsonl')
        assert.equal(tornBytes, 0)
        assert.deepEqual(
          lines,
          texts.map((text, seq) => JSON.parse(JSON.stringify(lineOf(seq, text)))),
        )
      }),
    )
  })
})

describe('a journal cut off by a kill', () => {
  test('keeps every whole line, at whichever byte it was cut', () => {
    const texts = ['one', 'zwei: ä', 'three']
    const whole = bytesOf(texts)
    for (let cut = 0; cut <= whole.length; cut++) {
      const { lines, goodBytes, tornBytes } = scanJournal(whole.subarray(0, cut), 'journal.jsonl')
      const before = whole.subarray(0, cut).toString('latin1').split('\n').length - 1
      assert.equal(lines.length, before)
      assert.equal(goodBytes + tornBytes, cut)
    }
  })

  test('is repaired when opened, says so in a note, and takes the next line', async () => {
    await fc.assert(
      fc.asyncProperty(messages, fc.nat(), async (texts, seed) => {
        await using folder = await scratch()
        const whole = bytesOf(texts)
        const cut = seed % (whole.length + 1)
        await writeFile(join(folder.path, 'journal.jsonl'), whole.subarray(0, cut))
        const kept = scanJournal(whole.subarray(0, cut), 'journal.jsonl')
        await journalWith(folder.path, ['next'])
        const reopened = scanJournal(await readFile(join(folder.path, 'journal.jsonl')), 'journal.jsonl')
        const events = reopened.lines.map(line => line.event)
        assert.deepEqual(
          events.slice(0, kept.lines.length),
          kept.lines.map(line => line.event),
        )
        assert.deepEqual(events.at(-1), note('next'))
        assert.equal(events.length, kept.lines.length + (kept.tornBytes > 0 ? 2 : 1))
      }),
      { numRuns: 40 },
    )
  })

  test('loses only a last line whose sectors were allocated and never written', () => {
    const first = encodeLine(lineOf(0, 'x'.repeat(300)))
    const second = encodeLine(lineOf(1, 'y'.repeat(800)))
    const bytes = Buffer.concat([first, second])
    bytes.fill(0, first.length, 512)
    assert.equal(scanJournal(bytes, 'journal.jsonl').lines.length, 1)
  })
})

describe('a damaged journal', () => {
  test('is refused with line and byte, whichever byte of it was changed', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 1, max: 255 }), (texts, seed, flip) => {
        const bytes = bytesOf(texts)
        const at = seed % bytes.length
        const lineNumber = bytes.subarray(0, at).toString('latin1').split('\n').length
        const lineStart = bytes.lastIndexOf(0x0a, at - 1) + 1
        bytes[at] = (bytes[at] ?? 0) ^ flip
        assert.throws(() => scanJournal(bytes, '/run/journal.jsonl'), corruption(lineNumber, at === 0 ? 0 : lineStart))
      }),
      { numRuns: 2000 },
    )
  })

  test('is refused when a line is missing', () => {
    const bytes = Buffer.concat([encodeLine(lineOf(0, 'a')), encodeLine(lineOf(2, 'c'))])
    assert.throws(() => scanJournal(bytes, 'journal.jsonl'), /sequence number 2 instead of 1: 1 line is/)
  })

  test('is refused when a line is there twice', () => {
    const bytes = Buffer.concat([encodeLine(lineOf(0, 'a')), encodeLine(lineOf(0, 'a'))])
    assert.throws(() => scanJournal(bytes, 'journal.jsonl'), /sequence number 0 appears twice/)
  })

  test('is left as it is', async () => {
    await using folder = await scratch()
    await journalWith(folder.path, ['a', 'b'])
    const file = join(folder.path, 'journal.jsonl')
    await writeFile(file, (await readFile(file, 'utf8')).replace('"a"', '"A"'))
    const before = await readFile(file)
    await assert.rejects(openJournal(folder.path), corruption(1, 0))
    assert.deepEqual(await readFile(file), before)
  })

  test('is refused when somebody else wrote to it', async () => {
    await using folder = await scratch()
    await journalWith(folder.path, ['a'])
    await appendFile(join(folder.path, 'journal.jsonl'), '{"seq":1,"at":"now","event":{"type":"note"}}\n')
    await assert.rejects(openJournal(folder.path), /does not end with its checksum/)
  })
})

describe('a second scan of a journal', () => {
  test('decodes only the lines that came after the first', () => {
    fc.assert(
      fc.property(messages, messages, fc.nat(), (before, after, seed) => {
        const whole = bytesOf([...before, ...after])
        const first = bytesOf(before).length
        const earlier = scanJournal(whole.subarray(0, first), 'journal.jsonl')
        const now = whole.subarray(0, first + (seed % (whole.length - first + 1)))
        const again = scanJournal(now, 'journal.jsonl', earlier)
        assert.deepEqual(again, scanJournal(now, 'journal.jsonl'))
        for (const [index, line] of earlier.lines.entries()) assert.equal(again.lines[index], line)
      }),
    )
  })

  test('reads everything again if the journal has changed or become shorter', () => {
    const earlier = scanJournal(bytesOf(['one', 'two']), 'journal.jsonl')
    for (const texts of [['one'], ['One', 'two'], ['one', 'Two', 'three']])
      assert.deepEqual(
        scanJournal(bytesOf(texts), 'journal.jsonl', earlier),
        scanJournal(bytesOf(texts), 'journal.jsonl'),
      )
  })

  test('finds damage in lines that were intact before', () => {
    const bytes = bytesOf(['one', 'two'])
    const earlier = scanJournal(bytes, 'journal.jsonl')
    bytes[0] = 0x20
    assert.throws(() => scanJournal(bytes, 'journal.jsonl', earlier), corruption(1, 0))
  })
})

describe('an open journal', () => {
  test('writes lines asked for at once one after another', async () => {
    await using folder = await scratch()
    await using journal = await openJournal(folder.path)
    await Promise.all(Array.from({ length: 20 }, (_, i) => journal.append(note(`${i}`))))
    const { lines } = scanJournal(await readFile(journal.file), 'journal.jsonl')
    assert.deepEqual(
      lines.map(line => line.event),
      Array.from({ length: 20 }, (_, i) => note(`${i}`)),
    )
  })

  test('has a line on the disk when its append resolves', async () => {
    await using folder = await scratch()
    await using journal = await openJournal(folder.path)
    const line = await journal.append(note('here'))
    assert.deepEqual(await readFile(journal.file), encodeLine(line))
  })

  test('keeps secrets of the environment out of every event', async () => {
    await using folder = await scratch()
    const redact = (text: string) => text.replaceAll('s3cret', '$TOKEN')
    await using journal = await openJournal(folder.path, { redact })
    await journal.append({ type: 'run-ended', outcome: 'failed', reason: 'denied for s3cret' })
    assert.ok(!(await readFile(journal.file, 'utf8')).includes('s3cret'))
  })
})
