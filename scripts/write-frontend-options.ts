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

const parts: string[] = []
for (const [version, python] of Object.entries(pythons)) {
  const { known } = await askFrontendOptions({ python: join(root, python), env: {} })
  if (known.size === 0) throw new Error(`the frontend of ${python} says nothing`)
  const lines = [...known]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, choices]) => `    ${choices === null ? name : `${name} ${choices.join(',')}`}`)
  parts.push(`  '${version}': \`\n${lines.join('\n')}\n  \`,`)
}
const text = `/**
 * Options of \`python -m dynamo.frontend\` by version of ai-dynamo, a line each, with the values that it takes where they
 * are few. Written by scripts/write-frontend-options.ts; a test compares it with the installed frontends.
 */
export const knownFrontends: { readonly [version: string]: string } = {
${parts.join('\n')}
}
`
await writeFile(join(root, 'src/deployers/dynamo/known-frontends.ts'), text)
