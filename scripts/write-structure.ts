/**
 * `npm run docs:structure`: draws the rooms of src/ and their imports for docs/design.md, and writes its table of
 * rooms.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { structureFiles } from './structure/files.ts'

for (const { file, write } of structureFiles) {
  const path = join(import.meta.dirname, '..', file)
  const before = await readFile(path, 'utf8').catch(() => '')
  const after = await write(before)
  if (after !== before) await writeFile(path, after)
  console.log(`${file}: ${after === before ? 'unchanged' : 'written'}`)
}
