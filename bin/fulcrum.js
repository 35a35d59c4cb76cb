#!/usr/bin/env node
// Plain JavaScript that old Node versions can read, so that they get a sentence instead of a syntax error.
import { existsSync, mkdirSync } from 'node:fs'
import module from 'node:module'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  // In a checkout the packages are in its own node_modules, in an installed package beside it.
  const besides = ['../node_modules/', '../../'].flatMap(folder =>
    ['x64', 'arm64'].map(cpu => new URL(`${folder}node-linux-${cpu}/bin/node`, import.meta.url)),
  )
  console.error(
    `fulcrum needs Node.js 22.19 or newer; this is ${process.versions.node} (${process.execPath}).\n${
      besides.some(node => existsSync(node))
        ? 'Use `npx fulcrum` instead: it starts Fulcrum with the Node.js 24 that npm installed beside it.'
        : 'Install Node.js 24 (https://nodejs.org), or install fulcrum without --omit=optional: npm then brings a\n' +
          'suitable Node along (Linux on x64 and arm64), which `npx fulcrum` and an installed `fulcrum` use.'
    }`,
  )
  process.exit(3)
}
// Compiled code is kept between starts, which halves the CPU time of a short command. The folder is the user's own:
// in /tmp, Node's default, somebody else could leave code there. Where it can't be made, nothing is kept. One level at a
// time, because Node's recursive mkdir never returns below /proc, which some services have as their home.
const caches = process.env.XDG_CACHE_HOME || (process.env.HOME && `${process.env.HOME}/.cache`)
try {
  for (const folder of caches ? [caches, `${caches}/fulcrum`] : []) if (!existsSync(folder)) mkdirSync(folder)
  if (caches) {
    module.enableCompileCache(`${caches}/fulcrum`)
    // The threads, the simulator and the shards that this process starts keep theirs there, too.
    process.env.NODE_COMPILE_CACHE ??= `${caches}/fulcrum`
  }
} catch {}
// In a checkout the TypeScript sources run as they are; the npm package has them compiled to dist/.
const sources = new URL('../src/cli/main.ts', import.meta.url)
const { main } = await import(existsSync(sources) ? sources.href : new URL('../dist/cli/main.js', import.meta.url).href)
await main(process.argv)
