import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { anchorsOf, destination, linksOf, pages, repository, undefinedLabels } from './markdown.ts'

const all = await pages()
const isThere = (path: string) =>
  stat(join(repository, path)).then(
    () => true,
    () => false,
  )

describe('links of the documents', () => {
  for (const { path, text } of all) {
    test(`${path} leads to files and headings that exist`, async () => {
      const broken: string[] = []
      for (const { target, line } of linksOf(text)) {
        const to = destination(path, target)
        if (to === null) continue
        const wrong = !(await isThere(to.path))
          ? 'no such file'
          : to.path.startsWith('..')
            ? 'outside the repository'
            : to.anchor !== '' && to.path.endsWith('.md') && !anchorsOf(await read(to.path)).has(to.anchor)
              ? 'no such heading'
              : null
        if (wrong !== null) broken.push(`${path}:${line}: ${target}: ${wrong}`)
      }
      broken.push(...undefinedLabels(text).map(label => `${path}: [${label}] is not defined`))
      assert.deepEqual(broken, [])
    })
  }

  test('are found on every page of docs, from its index or from a page that the index names', () => {
    const reached = new Set<string>(['docs/README.md'])
    for (const path of reached) {
      const page = all.find(candidate => candidate.path === path)
      for (const { target } of page === undefined ? [] : linksOf(page.text)) {
        const to = destination(path, target)
        if (to?.path.endsWith('.md')) reached.add(to.path)
      }
    }
    assert.deepEqual(
      all.map(({ path }) => path).filter(path => path.startsWith('docs/') && !reached.has(path)),
      [],
    )
  })
})

const read = (path: string) => readFile(join(repository, path), 'utf8')

describe('what the link checker takes for a link', () => {
  test('is a link, an image, a definition; nothing inside code', () => {
    const text =
      '[a](x.md#y) ![b](c.png)\n\n[d]: e.md\n\n```sh\n[f](g.md)\n```\n\n    [h](i.md)\n\nsee `[j](k.md)` and [`l`](m.md)'
    assert.deepEqual(
      linksOf(text).map(({ target }) => target),
      ['x.md#y', 'c.png', 'e.md', 'm.md'],
    )
  })

  test('has a line', () => {
    assert.deepEqual(linksOf('a\n\nb [c](d.md)'), [{ target: 'd.md', line: 3 }])
  })

  test('may use a label only when the page defines it', () => {
    assert.deepEqual(undefinedLabels('[a][b] [c][D]\n\n[d]: e.md'), ['b'])
  })

  test('makes anchors as GitHub does', () => {
    const text =
      '# A run, on disk\n## `fulcrum plan`\n## slo, validity\n## Same\n## Same\n```\n# code\n```\n## 1. It is 5%'
    assert.deepEqual(
      [...anchorsOf(text)],
      ['a-run-on-disk', 'fulcrum-plan', 'slo-validity', 'same', 'same-1', '1-it-is-5'],
    )
  })

  test('is relative to its page, or to the repository', () => {
    assert.deepEqual(destination('docs/a/b.md', '../c.md#d'), { path: 'docs/c.md', anchor: 'd' })
    assert.deepEqual(destination('docs/a/b.md', '#d'), { path: 'docs/a/b.md', anchor: 'd' })
    assert.deepEqual(destination('docs/a/b.md', '/README.md'), { path: 'README.md', anchor: '' })
    assert.equal(destination('docs/a/b.md', 'https://x.example/y'), null)
  })
})
