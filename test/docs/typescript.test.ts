// Test part: process

import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { codeBlocks, pages, repository } from './markdown.ts'

const modules = (await pages())
  .filter(({ path }) => path !== 'docs/reference/api.md')
  .flatMap(({ path, text }) =>
    codeBlocks(text).flatMap(({ language, line, lines }) =>
      language === 'ts' ? [{ at: `${path}:${line}`, code: lines.join('\n') }] : [],
    ),
  )

test('TypeScript in the documents type-checks strictly, as its reader would check it', {
  timeout: 300_000,
}, async () => {
  assert.ok(modules.length > 0)
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-docs-'))
  try {
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
    for (const [index, { at, code }] of modules.entries())
      await writeFile(join(folder, `${index}.ts`), `// ${at}\n${code}\nexport {}\n`)
    const options = {
      extends: join(repository, 'tsconfig.json'),
      compilerOptions: {
        paths: { fulcrum: [join(repository, 'src/index.ts')] },
        typeRoots: [join(repository, 'node_modules/@types')],
      },
      include: ['*.ts'],
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
    const checked = await execa('tsc', ['-p', folder], { cwd: repository, preferLocal: true, reject: false })
    assert.equal(
      checked.exitCode,
      0,
      `${modules.map(({ at }, index) => `${index}.ts: ${at}`).join('\n')}\n${checked.stdout}`,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
