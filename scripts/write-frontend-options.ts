/**
 * Writes the options that each tested frontend of Dynamo knows, from the installed ones, to
 * src/deployers/dynamo/known-frontends.ts: `node scripts/write-frontend-options.ts` after `npm run systems`.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askFrontendOptions } from '../src/deployers/dynamo/frontend-options.ts'

const root = join(import.meta.dirname, '..')
const pythons: { readonly [version: string]: string } = {
  '1.4.2': '.systems/dynamo/bin/python',
  '1.6.1': '.systems/dynamo-1.6/bin/python',
}

const options = new Map<string, readonly string[]>()
for (const [version, python] of Object.entries(pythons)) {
  const { known } = await askFrontendOptions({ python: join(root, python), env: {} })
  if (known.size === 0) throw new Error(`the frontend of ${python} says nothing`)
  const lines = [...known].map(([name, choices]) => (choices === null ? name : `${name} ${choices.join(',')}`))
  options.set(version, lines.toSorted())
}
const isShared = (line: string) => [...options.values()].every(lines => lines.includes(line))
const indented = (lines: readonly string[], indent: string) => lines.map(line => `${indent}${line}\n`).join('')
const shared = [...options.values()].flat().filter(isShared)
const versions = [...options].map(([version, lines]) => {
  const own = lines.filter(line => !isShared(line))
  return `  '${version}': \`\${shared}\n${indented(own, '    ')}  \`,\n`
})
const text = `/** Options that every tested frontend knows: one per line, with the values that it takes if they are few. */
const shared = \`
${indented([...new Set(shared)], '  ')}\`

/**
 * Options of \`python -m dynamo.frontend\` by version of ai-dynamo, one per line, in no particular order. Written by
 * scripts/write-frontend-options.ts; a test compares them with the installed frontends.
 */
export const knownFrontends: { readonly [version: string]: string } = {
${versions.join('')}}
`
await writeFile(join(root, 'src/deployers/dynamo/known-frontends.ts'), text)
