/**
 * Part of `npm run build`: makes dist/bundle.cjs, one script of Fulcrum's modules and most packages, and replaces the
 * modules in dist/ that lead to it. docs/contributing/README.md says how the package is built.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What is used of esbuild. */
interface Esbuild {
  build(options: object): Promise<{ readonly metafile: { readonly inputs: object } }>
}

interface PluginBuild {
  onLoad(which: { readonly filter: RegExp }, load: (file: { readonly path: string }) => Promise<object>): void
}

const { build } = createRequire(import.meta.url)('esbuild') as Esbuild
const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** Packages that are loaded from their own files: they start threads from there, are pages' scripts, or are rarely used. */
const external = [
  'tinypool',
  'vega',
  'vega-lite',
  'vega-interpreter',
  'vega-tooltip',
  'undici',
  '@kubernetes/client-node',
]

/** What leads to the script, all with the same instance of every module: the command line, the API, a site's thread. */
const entries = `
export const main = argv => require('./src/cli/main.ts').main(argv)
export const library = () => require('./src/index.ts')
export const page = request => require('./src/commands/serve/worker.ts').default(request)
`

const options = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
  // A module that reads import.meta in vain would only fail when it runs.
  logOverride: { 'empty-import-meta': 'error' },
}

/** Each module finds its threads and files as if it were its own file in dist/. */
const ownFiles = {
  name: 'own files',
  setup({ onLoad }: PluginBuild) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const file = JSON.stringify(relative(join(root, 'src'), path).replace(/\.ts$/, '.js'))
      const text = await readFile(path, 'utf8')
      const contents = text
        .replaceAll('import.meta.resolve(', 'resolvePackage(')
        .replaceAll(/(?<=await )import\((?=\w)/g, 'importModule(')
        .replaceAll(/import\.meta\.(url|dirname)\b/g, (_, part: string) => `fileInDist(${file}).${part}`)
      return { contents, loader: 'ts' }
    })
  },
}

const { metafile } = await build({
  ...options,
  stdin: { contents: entries, resolveDir: root, sourcefile: 'bundle.ts' },
  outfile: join(dist, 'bundle.cjs'),
  format: 'cjs',
  external,
  plugins: [ownFiles],
  // Packages that the script imports when it needs them are required: a script's own import() makes Node warn.
  supported: { 'dynamic-import': false },
  // ASCII alone: a script with any other character takes twice the memory.
  banner: { js: '(function (require, module, fileInDist, resolvePackage, importModule) {' },
  footer: { js: 'return module.exports\n})' },
  metafile: true,
})
await writeFile(join(dist, 'bundle.cjs'), ascii(await readFile(join(dist, 'bundle.cjs'), 'utf8')))
await writeFile(join(dist, 'LICENSES.txt'), await licenses(metafile.inputs))

// The API's names are those of the compiled module, which its stand-in replaces.
const names = Object.keys((await import(pathToFileURL(join(dist, 'index.js')).href)) as object)
const standIns: Readonly<Record<string, string>> = {
  'bundle.js': `// Runs bundle.cjs, the script of all modules. Its code is saved for each command.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runScript } from './process/run-script.js'

const [command = ''] = /^[a-z]+$/.exec(process.argv[2] ?? '') ?? []
const fileInDist = file => {
  const { href } = new URL(file, import.meta.url)
  return { url: href, dirname: dirname(fileURLToPath(href)) }
}
const run = runScript(fileURLToPath(new URL('bundle.cjs', import.meta.url)), command)
const own = [fileInDist, name => import.meta.resolve(name), name => import(name)]
export const bundle = run(createRequire(import.meta.url), {}, ...own)
`,
  'cli/main.js': `import { bundle } from '../bundle.js'

export const { main } = bundle
`,
  'index.js': `import { bundle } from './bundle.js'

export const { ${names.join(', ')} } = bundle.library()
`,
  'commands/serve/worker.js': `import { bundle } from '../../bundle.js'

export default bundle.page
`,
  'generators/built-in/worker.js': `// Runs worker.cjs, the script of a load thread.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { runScript } from '../../process/run-script.js'

runScript(fileURLToPath(new URL('worker.cjs', import.meta.url)))(createRequire(import.meta.url), {})
`,
}
for (const [file, text] of Object.entries(standIns)) await writeFile(join(dist, file), text)

// A load thread is not the script's: it needs a fiftieth of it. Its script has saved code, too.
await build({
  ...options,
  entryPoints: [join(root, 'src/generators/built-in/worker.ts')],
  outfile: join(dist, 'generators/built-in/worker.cjs'),
  format: 'cjs',
  supported: { 'dynamic-import': false },
  banner: { js: '(function (require, module) {' },
  footer: { js: '})' },
})

// What pages and the other threads are made of stays as it is; all else is in the script.
const { metafile: apart } = await build({
  ...options,
  entryPoints: [
    ...['render/page/chart-modules', 'render/page/overlay/modules', 'render/page/capacity/modules'],
    ...['analysis/capacity/planning-twin', 'simulator/main', 'simulator/server/token-thread'],
    ...['simulator/simulation-thread', 'commands/twin/fit-thread', 'process/run-script'],
  ].map(name => join(root, `src/${name}.ts`)),
  outdir: dist,
  format: 'esm',
  packages: 'external',
  metafile: true,
  write: false,
})
const kept = new Set([
  ...Object.keys(standIns),
  ...Object.keys(apart.inputs).map(path => relative('src', path).replace(/\.ts$/, '.js')),
])
for (const file of await readdir(dist, { recursive: true }))
  if (file.endsWith('.js') && !kept.has(file)) await rm(join(dist, file))

/** The same script in ASCII. Characters beyond it are in texts, templates and regular expressions alone. */
function ascii(text: string): string {
  return text.replaceAll(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The licenses of all packages in the script. */
async function licenses(inputs: object): Promise<string> {
  const folders = Object.keys(inputs).flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  const parts = [...new Set(folders)].sort().map(async folder => {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const files = (await readdir(folder)).filter(file => /^licen[cs]e/i.test(file))
    const texts = await Promise.all(files.map(file => readFile(join(folder, file), 'utf8')))
    return [`${name} ${version} (${license})`, ...texts.map(text => text.trim())].join('\n\n')
  })
  return `bundle.cjs contains these packages.\n\n${(await Promise.all(parts)).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
