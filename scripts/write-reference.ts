/**
 * `npm run docs:reference`: writes the pages of docs/reference that follow from the code: the sweep file's keys from
 * the schema, the command line from each command's help, the columns of points.csv and the figures from their
 * registries, the TypeScript API from its TSDoc. With names of pages only those: `npm run docs:api` is `node
 * scripts/write-reference.ts api.md`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { referencePages } from './reference/pages.ts'

const asked = process.argv.slice(2)
for (const { file, write } of referencePages) {
  if (asked.length > 0 && !asked.includes(file)) continue
  const path = join(import.meta.dirname, '../docs/reference', file)
  const before = await readFile(path, 'utf8').catch(() => '')
  const after = await write(before)
  if (after !== before) await writeFile(path, after)
  console.log(`docs/reference/${file}: ${after === before ? 'unchanged' : 'written'}`)
}
