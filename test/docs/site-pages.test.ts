import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anchorOf, sidebarOf, stagedPath, targetOf, titleOf } from '../../scripts/docs-site/pages.ts'

const page = (source: string, text = `# ${source}\n`) => ({ source, text })

describe('a page of the documentation site', () => {
  test('has the path that it has in docs/; those of the root are together', () => {
    assert.deepEqual(
      [
        'README.md',
        'docs/README.md',
        'docs/how-to/install.md',
        'docs/contributing/README.md',
        'CODE_OF_CONDUCT.md',
      ].map(stagedPath),
      ['index.md', 'contents.md', 'how-to/install.md', 'contributing/index.md', 'project/code-of-conduct.md'],
    )
  })

  test('is named by its first heading, without its marks', () => {
    assert.equal(titleOf(page('docs/a.md', 'x\n\n# The `fulcrum` [file](b.md)\n# c\n')), 'The fulcrum file')
    assert.equal(titleOf(page('docs/a.md', 'nothing')), 'a')
  })

  test('has the anchors that GitHub gives', () => {
    assert.deepEqual(['1. It is 5%', 'A `b-c`, d'].map(anchorOf), ['1-it-is-5', 'a-b-c-d'])
  })
})

describe('the sidebar', () => {
  const index = page('docs/README.md', '- [b](how-to/b.md)\n- [a](how-to/a.md)\n')

  test('has a new file without being told: by purpose, in the order of the index, the others by title', () => {
    const pages = ['docs/how-to/new.md', 'docs/how-to/a.md', 'docs/how-to/b.md', 'docs/tutorial.md'].map(path =>
      page(path),
    )
    assert.deepEqual(
      sidebarOf([index, ...pages]).map(({ text, items }) => [text, items.map(({ link }) => link)]),
      [
        ['Tutorial', ['/tutorial.md']],
        ['How-to guides', ['/how-to/b.md', '/how-to/a.md', '/how-to/new.md']],
      ],
    )
  })

  test('gives a new folder, and a file in none, a group of its own', () => {
    const found = sidebarOf([index, page('docs/recipes/x.md'), page('docs/y.md'), page('docs/how-to/a.md')])
    assert.deepEqual(
      found.map(({ text }) => text),
      ['How-to guides', 'More', 'Recipes'],
    )
  })
})

describe('a link that works in the repository', () => {
  const sources = new Set(['README.md', 'docs/README.md', 'docs/how-to/a.md', 'docs/bench/README.md', 'CHANGELOG.md'])
  const leads = (from: string, written: string) => targetOf(from, written, sources)

  test('leads to the page on the site, from wherever it moved', () => {
    assert.deepEqual(leads('README.md', 'docs/how-to/a.md#b'), { kind: 'inside', href: './how-to/a.md#b', file: null })
    assert.deepEqual(leads('docs/how-to/a.md', '../../README.md'), { kind: 'inside', href: '../index.md', file: null })
    assert.deepEqual(leads('CHANGELOG.md', 'docs/how-to/a.md'), { kind: 'inside', href: '../how-to/a.md', file: null })
    assert.deepEqual(leads('docs/how-to/a.md', '../bench'), { kind: 'inside', href: '../bench/index.md', file: null })
    assert.deepEqual(leads('docs/how-to/a.md', '/README.md'), { kind: 'inside', href: '../index.md', file: null })
  })

  test('leads to pictures and files of docs/, which the site has too', () => {
    const file = 'docs/images/a.png'
    assert.deepEqual(leads('README.md', file), { kind: 'inside', href: './images/a.png', file })
  })

  test('leads to the repository for what the site does not have', () => {
    assert.deepEqual(leads('docs/how-to/a.md', '../../src/cli#x'), {
      kind: 'repository',
      path: 'src/cli',
      anchor: '#x',
    })
  })

  test('stays as it is to another site, an address, or a heading of its page', () => {
    for (const written of ['https://a.example/b', 'mailto:a@b.example', '#c', '//a.example'])
      assert.deepEqual(leads('docs/how-to/a.md', written), { kind: 'as-written' })
  })
})
