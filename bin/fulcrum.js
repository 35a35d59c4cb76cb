#!/usr/bin/env node
// Plain JavaScript that old Node versions can read, so that they get a sentence instead of a syntax error.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `fulcrum needs Node.js 22.18 or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      'Its npm package brings a suitable one along: start it as `npx fulcrum …` in the folder it is installed in.',
  )
  process.exit(3)
}
// In a checkout the TypeScript sources run as they are; the npm package has them compiled to dist/.
const sources = new URL('../src/cli/main.ts', import.meta.url)
const { main } = await import(existsSync(sources) ? sources.href : new URL('../dist/cli/main.js', import.meta.url).href)
await main(process.argv)
