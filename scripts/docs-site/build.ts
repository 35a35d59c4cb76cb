/**
 * Builds docs/ and the pages of the repository's root as a static site with VitePress, which is installed for it alone:
 *
 *   npm run docs:site
 *   npm run docs:site -- --base /fulcrum/ --repository https://github.com/owner/fulcrum --revision main --out DIR
 */
import { cp, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import type { SiteContents } from './config.ts'
import { type DocsPage, sidebarOf, stagedPath } from './pages.ts'

const here = import.meta.dirname
const root = join(here, '../..')
/** Ignored by git: the generator, what it reads, and unless told otherwise, the site. */
const work = join(root, '.cache/docs-site')
const rootPages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md']
/** VitePress bundles these with the page that shows them. Like any other file, a link may lead to them too. */
const pictures = new Set(['.png', '.svg'])

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: '/' },
    out: { type: 'string', default: join(work, 'site') },
    repository: { type: 'string' },
    revision: { type: 'string', default: 'main' },
  },
})

/** Installs the generator when its lock file is another one than last time. */
async function install(): Promise<void> {
  const lock = await readFile(join(here, 'package-lock.json'), 'utf8')
  if ((await readFile(join(work, 'installed.json'), 'utf8').catch(() => null)) === lock) return
  for (const name of ['package.json', 'package-lock.json']) await cp(join(here, name), join(work, name))
  await execa('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: work,
    stdio: 'inherit',
    timeout: 600_000,
  })
  await writeFile(join(work, 'installed.json'), lock)
}

async function readPages(): Promise<readonly DocsPage[]> {
  const found = await Array.fromAsync(glob('docs/**/*.md', { cwd: root }))
  return Promise.all(
    [...rootPages, ...found.sort()].map(async source => ({ source, text: await readFile(join(root, source), 'utf8') })),
  )
}

/** Lays the pages out as the site has them, with pictures and files beside them. */
async function stage(pages: readonly DocsPage[]): Promise<void> {
  const staged = join(work, 'pages')
  await rm(staged, { recursive: true, force: true })
  for (const { source, text } of pages) {
    const path = join(staged, stagedPath(source))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  await cp(join(here, 'icon.svg'), join(staged, 'public/icon.svg'))
  for await (const entry of glob('docs/**/*.*', { cwd: root })) {
    if (entry.endsWith('.md')) continue
    const path = relative('docs', entry)
    await cp(join(root, entry), join(staged, 'public', path))
    if (pictures.has(extname(entry))) await cp(join(root, entry), join(staged, path))
  }
}

async function configure(contents: SiteContents): Promise<void> {
  const folder = join(work, '.vitepress')
  await mkdir(join(folder, 'theme'), { recursive: true })
  await writeFile(
    join(folder, 'config.mjs'),
    `import { siteConfig } from './config-of.ts'\nexport default siteConfig(${JSON.stringify(contents)})\n`,
  )
  await cp(join(here, 'config.ts'), join(folder, 'config-of.ts'))
  await cp(join(here, 'pages.ts'), join(folder, 'pages.ts'))
  // The repository's own has targets that VitePress's esbuild doesn't know.
  await writeFile(join(work, 'tsconfig.json'), '{}\n')
  await writeFile(
    join(folder, 'theme/index.js'),
    "import theme from 'vitepress/theme'\nimport './site.css'\nexport default theme\n",
  )
  await cp(join(here, 'site.css'), join(folder, 'theme/site.css'))
}

await mkdir(work, { recursive: true })
await install()
const pages = await readPages()
await stage(pages)
const outDir = resolve(values.out)
await configure({
  sources: Object.fromEntries(pages.map(({ source }) => [stagedPath(source), source])),
  sidebar: sidebarOf(pages),
  base: values.base,
  outDir,
  repository: values.repository?.replace(/\/$/, '') ?? null,
  revision: values.revision,
})
const { exitCode } = await execa('vitepress', ['build', work], {
  preferLocal: true,
  localDir: work,
  stdio: 'inherit',
  reject: false,
  timeout: 600_000,
})
if (exitCode !== 0) process.exit(1)
console.log(`${pages.length} pages in ${relative(process.cwd(), outDir) || '.'}`)
