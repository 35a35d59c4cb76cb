import assert from 'node:assert/strict'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { openCatalogue } from '../../src/site/catalogue.ts'
import { forgetUnfinished, receiveRun, UploadRefused } from '../../src/site/upload.ts'
import { scratch } from '../journal/journal-on-disk.ts'

const baseline = join(import.meta.dirname, '../../results/baseline/quick')
const limits = { bytes: 50 * 1024 ** 2, files: 1000 }
const id = '20261125T015517Z-eaad8b'

interface Crafted {
  readonly path: string
  readonly type?: 'file' | 'symlink' | 'link' | 'fifo'
  readonly data?: string | Buffer
}

/** An archive of entries as nobody's tar would write them. */
async function crafted(entries: readonly Crafted[]): Promise<Buffer> {
  const archive = pack()
  for (const { path: name, type = 'file', data = '' } of entries)
    if (type === 'file') archive.entry({ name, type }, data)
    else archive.entry({ name, type, linkname: '/etc/passwd' })
  archive.finalize()
  return gzipSync(await buffer(archive))
}

async function archiveOf(folder: string): Promise<Buffer> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = files.filter(file => file.isFile()).map(file => relative(folder, join(file.parentPath, file.name)))
  return crafted(await Promise.all(paths.map(async path => ({ path, data: await readFile(join(folder, path)) }))))
}

async function places(root: string): Promise<string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true })
  return found.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

const refusedWith = (status: number, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UploadRefused, String(error))
  assert.equal(error.status, status)
  assert.match(error.message, message)
  return true
}

describe('a run that is received', () => {
  test('lies where it would lie had it been made here, file by file', async () => {
    await using root = await scratch()
    const received = await receiveRun(root.path, Readable.from(await archiveOf(baseline)), limits)
    assert.deepEqual(received, { place: { sweep: 'quick', run: id }, outcome: 'created' })
    const run = join(root.path, 'quick', id)
    for (const file of ['manifest.json', 'journal.jsonl', 'report/points.csv'])
      assert.deepEqual(await readFile(join(run, file)), await readFile(join(baseline, file)), file)
    assert.deepEqual(await readdir(join(root.path, '.uploads')), [])
  })

  test('stays as it is when it comes again', async () => {
    await using root = await scratch()
    const archive = await archiveOf(baseline)
    await receiveRun(root.path, Readable.from(archive), limits)
    await writeFile(join(root.path, 'quick', id, 'note.txt'), 'kept')
    assert.equal((await receiveRun(root.path, Readable.from(archive), limits)).outcome, 'unchanged')
    assert.equal(await readFile(join(root.path, 'quick', id, 'note.txt'), 'utf8'), 'kept')
  })

  test('is replaced by more of the same run, and by no other run of its name', async () => {
    await using root = await scratch()
    await using sent = await scratch()
    await cp(baseline, sent.path, { recursive: true })
    const journal = join(sent.path, 'journal.jsonl')
    const whole = await readFile(journal, 'utf8')
    await writeFile(journal, `${whole.split('\n').slice(0, 10).join('\n')}\n`)
    await receiveRun(root.path, Readable.from(await archiveOf(sent.path)), limits)
    const more = await receiveRun(root.path, Readable.from(await archiveOf(baseline)), limits)
    assert.equal(more.outcome, 'replaced')
    assert.equal(await readFile(join(root.path, 'quick', id, 'journal.jsonl'), 'utf8'), whole)
    // Less of it, then another one: both would take away what is here.
    const less = Readable.from(await archiveOf(sent.path))
    await assert.rejects(receiveRun(root.path, less, limits), refusedWith(409, /A different run with the name/))
    assert.equal(await readFile(join(root.path, 'quick', id, 'journal.jsonl'), 'utf8'), whole)
  })

  test('gets one place when it comes several times at once', async () => {
    await using root = await scratch()
    const archive = await archiveOf(baseline)
    const all = await Promise.allSettled([1, 2, 3].map(() => receiveRun(root.path, Readable.from(archive), limits)))
    assert.ok(all.some(one => one.status === 'fulfilled' && one.value.outcome === 'created'))
    assert.deepEqual(await readdir(join(root.path, 'quick')), [id])
  })
})

describe('an archive is refused, and leaves nothing,', () => {
  const cases: readonly (readonly [string, Buffer | Promise<Buffer>, number, RegExp])[] = [
    ['whose path leads up', crafted([{ path: '../../evil', data: 'x' }]), 400, /Invalid path in the archive/],
    ['whose path is absolute', crafted([{ path: '/tmp/evil', data: 'x' }]), 400, /Invalid path in the archive/],
    ['whose path has a name too long', crafted([{ path: 'a'.repeat(300), data: 'x' }]), 400, /Invalid path/],
    ['whose path is hidden', crafted([{ path: '.bashrc', data: 'x' }]), 400, /Invalid path in the archive/],
    ['with a symbolic link', crafted([{ path: 'journal.jsonl', type: 'symlink' }]), 400, /Not a regular file/],
    ['with a hard link', crafted([{ path: 'journal.jsonl', type: 'link' }]), 400, /Not a regular file/],
    ['with a pipe', crafted([{ path: 'pipe', type: 'fifo' }]), 400, /Not a regular file/],
    [
      'with a file twice',
      crafted([
        { path: 'a', data: 'x' },
        { path: 'a', data: 'y' },
      ]),
      400,
      /twice/,
    ],
    ['without a manifest', crafted([{ path: 'journal.jsonl', data: '' }]), 400, /No run in the archive/],
    ['that is no archive', gzipSync('hello'), 400, /not a whole gzipped|No run/],
    ['that is not compressed', Buffer.from('hello'), 400, /not a whole gzipped/],
    ['that is compressed twice', crafted([{ path: 'a', data: 'x' }]).then(gzipSync), 400, /not a whole gzipped|No run/],
    ['that unpacks to too much', gzipSync(Buffer.alloc(200 * 1024 ** 2)), 413, /larger than/],
    [
      'that is cut off',
      crafted([{ path: 'a', data: 'x'.repeat(5000) }]).then(bytes => bytes.subarray(0, 40)),
      400,
      /not a whole gzipped/,
    ],
  ]
  for (const [what, archive, status, message] of cases)
    test(what, async () => {
      await using root = await scratch()
      await assert.rejects(receiveRun(root.path, Readable.from(await archive), limits), refusedWith(status, message))
      assert.deepEqual(await places(root.path), [])
    })

  test('with too many files', async () => {
    await using root = await scratch()
    const many = crafted(Array.from({ length: 30 }, (_, i) => ({ path: `f${i}`, data: 'x' })))
    await assert.rejects(
      receiveRun(root.path, Readable.from(await many), { ...limits, files: 20 }),
      refusedWith(413, /20 files/),
    )
    assert.deepEqual(await places(root.path), [])
  })

  test('whose manifest names a place outside', async () => {
    await using root = await scratch()
    await using sent = await scratch()
    await cp(baseline, sent.path, { recursive: true })
    const file = join(sent.path, 'manifest.json')
    const manifest = JSON.parse(await readFile(file, 'utf8'))
    for (const runId of ['../../evil', '..', '.audit.jsonl', 'x'.repeat(5000), 'a b', '<img src=x>', 7]) {
      await writeFile(file, JSON.stringify({ ...manifest, runId }))
      await assert.rejects(
        receiveRun(root.path, Readable.from(await archiveOf(sent.path)), limits),
        refusedWith(400, /no valid run id/),
      )
    }
    await writeFile(file, JSON.stringify({ ...manifest, sweep: 'x'.repeat(5000) }))
    assert.equal((await receiveRun(root.path, Readable.from(await archiveOf(sent.path)), limits)).place.run, id)
    await writeFile(file, JSON.stringify({ ...manifest, sweep: '../../evil' }))
    const { place } = await receiveRun(root.path, Readable.from(await archiveOf(sent.path)), limits)
    assert.deepEqual(place, { sweep: 'evil', run: id })
  })

  test('whose journal is damaged', async () => {
    await using root = await scratch()
    await using sent = await scratch()
    await cp(baseline, sent.path, { recursive: true })
    await writeFile(join(sent.path, 'journal.jsonl'), 'damaged\n{}\n')
    await assert.rejects(receiveRun(root.path, Readable.from(await archiveOf(sent.path)), limits), UploadRefused)
    assert.deepEqual(await places(root.path), [])
  })

  test('whose sender goes away', async () => {
    await using root = await scratch()
    const archive = await archiveOf(baseline)
    const broken = Readable.from(
      (function* () {
        yield archive.subarray(0, 2000)
        throw new Error('gone')
      })(),
    )
    await assert.rejects(receiveRun(root.path, broken, limits))
    assert.deepEqual(await places(root.path), [])
  })
})

describe('sites of one shared folder', () => {
  test('leave each other’s uploads alone, and remove those that a killed one left', async () => {
    await using root = await scratch()
    const archive = await archiveOf(baseline)
    // An upload of the other site: the first half has arrived.
    const body = new PassThrough()
    const upload = receiveRun(root.path, body, limits)
    body.write(archive.subarray(0, archive.length / 2))
    const staging = join(root.path, '.uploads')
    while ((await readdir(staging).catch(() => [])).length === 0) await new Promise(resolve => setImmediate(resolve))
    await forgetUnfinished(root.path)
    body.end(archive.subarray(archive.length / 2))
    assert.equal((await upload).outcome, 'created')
    await mkdir(join(staging, 'left'), { recursive: true })
    await forgetUnfinished(root.path, () => Date.now() + 2 * 60 * 60_000)
    assert.deepEqual(await readdir(staging), [])
  })

  test('take one run once: of uploads at the same time, all but one find it there', async () => {
    await using root = await scratch()
    const archive = await archiveOf(baseline)
    const all = await Promise.all([1, 2, 3, 4].map(() => receiveRun(root.path, Readable.from(archive), limits)))
    assert.deepEqual(all.map(({ outcome }) => outcome).sort(), ['created', 'unchanged', 'unchanged', 'unchanged'])
    assert.deepEqual(await readdir(join(root.path, 'quick')), [id])
    assert.deepEqual(await readdir(join(root.path, '.uploads')), [])
  })

  test('list a run while another process writes it: each look finds whole results only', async () => {
    await using root = await scratch()
    const run = join(root.path, 'quick', id)
    await mkdir(run, { recursive: true })
    const journal = await readFile(join(baseline, 'journal.jsonl'))
    await cp(join(baseline, 'manifest.json'), join(run, 'manifest.json'))
    const catalogues = [openCatalogue(root.path), openCatalogue(root.path)]
    const seen: (readonly string[])[] = []
    for (let at = 0; at <= journal.length; at += Math.ceil(journal.length / 12)) {
      // Cut anywhere, also within a line, as a reader of a shared folder may find it.
      await writeFile(join(run, 'journal.jsonl'), journal.subarray(0, at))
      seen.push(
        await Promise.all(
          catalogues.map(async one => (await one.list()).map(r => `${r.problem}${r.points.ok}`).join()),
        ),
      )
    }
    await writeFile(join(run, 'journal.jsonl'), journal)
    seen.push(await Promise.all(catalogues.map(async one => (await one.list()).map(r => `${r.points.ok}`).join())))
    assert.deepEqual(seen.at(-1), ['24', '24'])
    const counts = seen.map(([one = '', two]) => {
      assert.equal(one, two)
      return Number(one)
    })
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    )
  })
})
