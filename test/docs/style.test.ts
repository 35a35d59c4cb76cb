import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pages, prose, repository } from './markdown.ts'

/** Texts that docs/style.md rules out, and what it asks for instead. */
const ruledOut: readonly { readonly text: RegExp; readonly instead: string }[] = [
  { text: /\d %/, instead: '5%, without a space' },
  { text: /\d(ms|GB|MB|KB|GPUs?)\b(?! HBM)/, instead: '12 ms, with a space' },
  { text: /\(s\)/, instead: 'the right plural' },
  { text: /\babilit(y|ies)\b/i, instead: 'capabilities' },
  { text: /\blanes?\b/i, instead: 'connection' },
  { text: /\blikeness/i, instead: 'kernel' },
  { text: /\bovershoot/i, instead: 'SLO ratio' },
  { text: /\bset aside\b/i, instead: 'deferred' },
  { text: /\b(go|goes|going|gone|went) on with\b/i, instead: 'continue' },
  { text: /\bpass(es|ed)? over\b/i, instead: 'skip' },
  { text: /\bheld against\b/i, instead: 'compared with' },
  { text: /\bin the mean\b/i, instead: 'on average' },
  { text: /\bwhatever becomes\b/i, instead: 'even if' },
]

const british: (typeof ruledOut)[number] = {
  text: /\b(modell|cancell|labell)ed\b|neighbour|\bbehaviour|\b(recogn|summar|general|minim|organ|initial|normal)is[ei]|\bcolour|\bcatalogue|\bcentre\b|\bjudgement/i,
  instead: 'American spelling',
}

/** The style guide quotes what it rules out; generated pages follow the code's own texts. */
const exempt = new Set(['docs/style.md', 'docs/reference/cli.md', 'docs/reference/sweep-file-keys.md'])

describe('pages keep to docs/style.md', () => {
  test('in units and words', async () => {
    const found = (await pages())
      .filter(({ path }) => !exempt.has(path))
      .flatMap(({ path, text }) =>
        prose(text)
          .split('\n')
          .flatMap((line, index) =>
            [...ruledOut, british].flatMap(({ text, instead }) => {
              const match = text.exec(line.replace(/\]\([^)]*\)|^\[[^\]]+\]: .*/g, ''))
              return match === null ? [] : [`${path}:${index + 1}: '${match[0]}': write ${instead}`]
            }),
          ),
      )
    assert.deepEqual(found, [])
  })

  test('in the spelling of what Fulcrum prints', async () => {
    const files = await Array.fromAsync(glob('src/**/*.ts', { cwd: repository }))
    const sentences = /'[^'\n]* [^'\n]*'|`[^`\n]* [^`\n]*`/g
    const found: string[] = []
    for (const file of files)
      for (const [line, text] of (await readFile(join(repository, file), 'utf8')).split('\n').entries())
        for (const [sentence] of text.matchAll(sentences)) {
          const match = british.text.exec(sentence.replace(/\$\{[^}]*\}|<[^>]*>/g, ''))
          if (match !== null) found.push(`${file}:${line + 1}: '${match[0]}': write ${british.instead}`)
        }
    assert.deepEqual(found, [])
  })

  test('with one title each, the first line, and no level of heading left out', async () => {
    for (const { path, text } of await pages()) {
      if (path.startsWith('.github/')) continue
      const levels = prose(text)
        .split('\n')
        .flatMap(line => /^(#{1,6}) /.exec(line)?.[1]?.length ?? [])
      assert.ok(text.startsWith('# '), `${path} starts with its title`)
      assert.equal(levels.filter(level => level === 1).length, 1, `${path} has one title`)
      for (const [at, level] of levels.entries())
        assert.ok(level <= (levels[at - 1] ?? 1) + 1, `${path}: heading ${at + 1} skips a level`)
    }
  })
})
