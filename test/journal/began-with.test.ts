import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Conditions, changesSince, type Manifest } from '../../src/journal/index.ts'

const git = { revision: 'a'.repeat(40), dirty: false }
const now: Conditions = { files: { '/s/d.jsonl': 'one', '/t/tokenizer.json': 'two' }, fulcrum: '1.0.0', git }

/** What changed since a run began with other conditions than {@link now}. */
function since(began: Partial<Omit<Manifest, 'versions'>> & { readonly fulcrum?: string }) {
  const { fulcrum = now.fulcrum, ...more } = began
  const manifest = { sweepFile: '/s/s.yaml', versions: { fulcrum, node: '24' }, git, files: now.files, ...more }
  return changesSince(manifest as Manifest, now)
}

test('a run that began with what is there now has no changes', () => {
  assert.deepEqual(since({}), { files: [], revision: [] })
})

test('a file with other content is named, relative to the sweep file where it lies beside it', () => {
  const { files } = since({ files: { '/s/d.jsonl': 'other-one', '/t/tokenizer.json': 'other-two' } })
  assert.deepEqual(files, [
    'd.jsonl has other content (SHA-256 other-on → one)',
    '/t/tokenizer.json has other content (SHA-256 other-tw → two)',
  ])
})

test('files that came and went are told', () => {
  const { files } = since({ files: { '/s/d.jsonl': 'one', '/s/old.yaml': 'x' } })
  assert.deepEqual(files, ['old.yaml is gone', '/t/tokenizer.json is new'])
})

test('the same content in another folder is no change', () => {
  assert.deepEqual(since({ files: { '/elsewhere/d.jsonl': 'one', '/t/tokenizer.json': 'two' } }).files, [])
})

test('another revision and another version are told, with both', () => {
  assert.deepEqual(since({ fulcrum: '0.9.0', git: { revision: 'b'.repeat(40), dirty: false } }).revision, [
    'Fulcrum is 1.0.0 and was 0.9.0',
    `the git revision is ${'a'.repeat(12)} and was ${'b'.repeat(12)}`,
  ])
})

test('changes that are not committed are told apart', () => {
  assert.deepEqual(since({ git: { ...git, dirty: true } }).revision, ['changes of files in git were undone'])
  const dirty: Conditions = { ...now, git: { ...git, dirty: true, changes: 'x' } }
  const of = (changes?: string) =>
    changesSince(
      {
        sweepFile: '/s/s.yaml',
        versions: { fulcrum: '1.0.0', node: '24' },
        files: now.files,
        git: { ...git, dirty: true, ...(changes === undefined ? {} : { changes }) },
      } as Manifest,
      dirty,
    ).revision
  assert.deepEqual(of('x'), [])
  assert.deepEqual(of('y'), ['files in git were changed further'])
})

test('what a manifest of an older version doesn’t say is no change, nor is a folder outside of git', () => {
  assert.deepEqual(changesSince(manifestWithoutFiles, now), { files: [], revision: [] })
  assert.deepEqual(since({ git: null }).revision, [])
})

const manifestWithoutFiles = {
  sweepFile: '/s/s.yaml',
  versions: { fulcrum: '1.0.0', node: '24' },
  git,
} as unknown as Manifest
